"""Where weights can come from, and getting them onto this machine. No torch here: a page can list them at once.

A choice is a short text, the same in the address, the sidebar and the shell: ``imagenet``, ``bundled``, ``random``,
``run:<id>``, ``run:<id>@start`` for what that run began with, or the path of a checkpoint.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from alexnet_viz.disk import atomic_file, cache_folder, entry_named, runs_folder
from alexnet_viz.display import display_name
from alexnet_viz.errors import WeightsError
from alexnet_viz.network.checkpoint_index import read_index, weights_file

IMAGENET_URL = "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth"  # AlexNet_Weights.IMAGENET1K_V1
IMAGENET_MEGABYTES = 233
BUNDLED = Path(__file__).parents[2] / "assets" / "weights" / "alexnet-bundled.safetensors"
START = "@start"
CHECKPOINT_SUFFIXES = (".safetensors", ".pt", ".pth")

Progress = Callable[[int, int], None]  # bytes so far, bytes in all (0 when the server does not say)


def best_available() -> str:
    """The best choice that this machine has without a download."""
    if imagenet_file().is_file():
        return "imagenet"
    return "bundled" if BUNDLED.is_file() else "random"


def path_of(choice: str, runs: Path | None = None) -> Path | None:
    """The file that a choice stands for; None for random. Raises WeightsError for a run that is not there."""
    if choice == "random":
        return None
    if choice == "imagenet":
        return imagenet_file()
    if choice == "bundled":
        return BUNDLED
    if choice.startswith("run:"):
        return run_weights(choice.removeprefix("run:").removesuffix(START), runs)
    return Path(choice).expanduser()


def run_weights(run: str, runs: Path | None = None) -> Path:
    """The weights file of a training run: its best checkpoint, else its last. Raises WeightsError."""
    runs = runs or runs_folder()
    folder = entry_named(runs, run)  # a run is a name, never a path that leads elsewhere
    if folder is None:
        raise WeightsError(
            f"There is no run {display_name(run)[:100]!r} with a checkpoint in {display_name(runs)}: choose another "
            "run, or other weights."
        )
    index, problem = read_index(folder / "checkpoints")
    file = weights_file(folder / "checkpoints", index)
    if file is None:
        names = [index["best"]] * (index["best"] is not None) + index["last"]
        why = f"its {names[0]} is missing" if names else f"its index.json {problem}" if problem else "it has none yet"
        raise WeightsError(f"The run {display_name(run)!r} has no checkpoint to take ({why}): choose other weights.")
    return file


def save_upload(data: bytes, name: str) -> Path:
    """Keep an uploaded checkpoint under its own SHA-256 in the cache; the path is a choice like any other."""
    suffix = Path(name).suffix.lower()
    if suffix not in CHECKPOINT_SUFFIXES:
        raise WeightsError(f"{name} is no checkpoint: use a .safetensors, .pt or .pth file.")
    folder = cache_folder() / "uploads"
    path = folder / f"{hashlib.sha256(data).hexdigest()[:16]}{suffix}"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < 2 * len(data):
            raise WeightsError(f"The disk has no room for {name}: free some space in {folder}.")
        with atomic_file(path) as file:
            file.write(data)
    return path


def imagenet_url() -> str:
    """torchvision's address, or the mirror named in $ALEXNET_VIZ_IMAGENET_URL (same file name)."""
    return os.environ.get("ALEXNET_VIZ_IMAGENET_URL", IMAGENET_URL)


def imagenet_file() -> Path:
    """Where torch's hub keeps the ImageNet weights on this machine (torch.hub.get_dir(), without importing torch)."""
    home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"), "torch")
    return Path(home, "hub", "checkpoints", imagenet_url().rpartition("/")[2]).expanduser()


def download_imagenet(on_progress: Progress | None = None, timeout: float = 20.0) -> Path:
    """Fetch the ImageNet weights into torch's hub cache; ``timeout`` in seconds for each wait on the connection.

    The file appears whole or not at all, and only when its SHA-256 begins with the digits in its name.
    """
    url, path = imagenet_url(), imagenet_file()
    expected = re.search(r"-([0-9a-f]{8,})\.pth$", path.name)
    if expected is None:
        raise WeightsError(f"{url} does not end in -<sha256>.pth: name the file as torchvision does.")
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer, atomic_file(path) as file:
            total, done = int(answer.headers.get("Content-Length") or 0), 0
            while block := answer.read(1 << 20):
                file.write(block)
                digest.update(block)
                done += len(block)
                if on_progress:
                    on_progress(done, total)
            if total and done < total:
                raise WeightsError(f"The download broke off after {done:,} of {total:,} bytes: try again.")
            if not digest.hexdigest().startswith(expected[1]):
                raise WeightsError(f"The file from {url} is not the one expected (wrong SHA-256): nothing was kept.")
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise WeightsError(
            f"The ImageNet weights could not be fetched ({_reason(error)}): choose other weights, or copy {path.name} "
            f"to {path.parent}."
        ) from error
    except OSError as error:
        raise WeightsError(f"The ImageNet weights could not be written to {path.parent} ({error.strerror}).") from error
    return path


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError):
        return "the server did not answer in time"
    return "no connection to the internet"
