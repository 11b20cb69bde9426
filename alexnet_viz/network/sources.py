"""Where weights can come from, and getting them onto this machine. No torch here: a page can list them at once.

A choice is a short text, the same in the address, the sidebar and the shell: ``imagenet``, ``bundled``, ``random``,
``run:<id>``, ``run:<id>@start`` for what that run began with, ``run:<id>@<step>`` for what it was after a step at which
it kept its weights, or the path of a checkpoint. A path may end in
``#preprocessing=`` and one of network.colours: files of others do not say how photos were prepared.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import os
import re
import shutil
import stat
import urllib.error
import urllib.request
from pathlib import Path

from alexnet_viz import permissions
from alexnet_viz.disk import atomic_file, cache_folder, entry_named, runs_folder, write_atomically
from alexnet_viz.display import display_name
from alexnet_viz.errors import NotPermitted, WeightsError
from alexnet_viz.network.checkpoint_index import kept_file, kept_steps, read_index, weights_file
from alexnet_viz.progress import CountProgress

IMAGENET_URL = "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth"  # AlexNet_Weights.IMAGENET1K_V1
IMAGENET_MEGABYTES = 233
BUNDLED = Path(__file__).parents[2] / "assets" / "weights" / "alexnet-bundled.safetensors"
START = "@start"
_MOMENT = re.compile(r"(.*)@(start|[0-9]{1,15})", re.DOTALL)
PREPROCESSING = "#preprocessing="
CHECKPOINT_BYTES = 2 << 30  # of a file that is read: an AlexNet with Adam's state has 0.73 GB
HEADER_BYTES = 4 << 20  # of a safetensors file: names, shapes and metadata; 22,000 classes take 0.7 MB
METADATA = "alexnet_viz"  # the one metadata entry of a safetensors file that is ours, as JSON
UPLOADS = 20  # checkpoints kept, and
UPLOADS_BYTES = 4 << 30  # what they may take together; those that were not used for the longest time go
_NAME_BYTES = 200  # of an uploaded file's name; file systems take 255


def best_available() -> str:
    """The best choice that this machine has without a download."""
    if imagenet_file().is_file():
        return "imagenet"
    return "bundled" if BUNDLED.is_file() else "random"


def split_choice(choice: str) -> tuple[str, str]:
    """A choice without its preprocessing, and that (empty where it names none)."""
    place, _, preprocessing = choice.partition(PREPROCESSING)
    return place, preprocessing


def is_file_choice(choice: str) -> bool:
    """Whether a choice is the path of a checkpoint."""
    return choice not in ("imagenet", "bundled", "random") and not choice.startswith("run:")


def split_run(choice: str) -> tuple[str, str]:
    """The run of a choice ``run:…``, and the moment that it names: "start", a step's digits, or "".

    >>> split_run("run:mine@120"), split_run("run:mine@start"), split_run("run:a@b")
    (('mine', '120'), ('mine', 'start'), ('a@b', ''))
    """
    run = choice.removeprefix("run:")
    match = _MOMENT.fullmatch(run)
    return (match[1], match[2]) if match else (run, "")


def with_preprocessing(choice: str, preprocessing: str) -> str:
    """A checkpoint's choice with a way to prepare photos. Raises WeightsError for weights that say it themselves."""
    if not is_file_choice(choice):
        raise WeightsError(
            f"The weights {choice!r} bring their preprocessing: another one can be chosen for a checkpoint alone."
        )
    return f"{split_choice(choice)[0]}{PREPROCESSING}{preprocessing}"


def path_of(choice: str, runs: Path | None = None) -> Path | None:
    """The file that a choice stands for, there or not; None for random.

    Raises WeightsError for what can be no path, NotPermitted for one that this visitor may not name.
    """
    if choice == "random":
        return None
    if choice == "imagenet":
        return imagenet_file()
    if choice == "bundled":
        return BUNDLED
    if choice.startswith("run:"):
        run, moment = split_run(choice)
        return _kept_weights(run, int(moment), runs) if moment.isdecimal() else run_weights(run, runs)
    place = split_choice(choice)[0]
    if not _is_kept_upload(place):
        permissions.require_path(Path(place))
    try:
        path = Path(place).expanduser()
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            os.stat(path)  # asks the system whether this can be a path at all
    except (OSError, ValueError, RuntimeError) as error:  # too long, with a zero byte, of no such user
        reason = ((isinstance(error, OSError) and error.strerror) or str(error)).rstrip(".")
        raise WeightsError(f"{place[:80]!r} is not a path ({reason}): check it, or upload the checkpoint.") from error
    return path


def regular_file(path: Path) -> os.stat_result:
    """A file's size and times. Raises WeightsError where there is none, or something that is no file to read."""
    try:
        status = path.stat()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            if is_upload(path):
                raise WeightsError(
                    f"The uploaded checkpoint {path.name} is no longer kept here (the {UPLOADS} newest are): upload it "
                    "again."
                ) from error
            raise WeightsError(f"There is no file {str(path)!r}: check the path, or upload the checkpoint.") from error
        raise WeightsError(f"{str(path)!r} cannot be read ({error.strerror}): check its rights.") from error
    if not stat.S_ISREG(status.st_mode):
        raise WeightsError(f"{str(path)!r} is a folder or a device, no file: name the checkpoint itself.")
    return status


def is_described(choice: str) -> bool:
    """Whether a checkpoint says itself how photos are prepared: this app's own do, in their first bytes."""
    try:
        path = path_of(choice)
        if path is None:
            return False
        regular_file(path)  # opening another kind may wait for ever
        with open(path, "rb") as file:
            head = file.read(9)
            length = int.from_bytes(head[:8], "little")
            return is_safetensors(head) and length <= HEADER_BYTES and f'"{METADATA}"'.encode() in file.read(length)
    except (OSError, WeightsError, NotPermitted):  # said where it is loaded
        return False


def run_weights(run: str, runs: Path | None = None) -> Path:
    """The weights file of a training run: its best checkpoint, else its last. Raises WeightsError."""
    folder = _folder_of(run, runs)
    index, problem = read_index(folder / "checkpoints")
    file = weights_file(folder / "checkpoints", index)
    if file is None:
        names = [index["best"]] * (index["best"] is not None) + index["last"]
        why = f"its {names[0]} is missing" if names else f"its index.json {problem}" if problem else "it has none yet"
        raise WeightsError(f"The run {display_name(run)!r} has no checkpoint to take ({why}): choose other weights.")
    return file


def _kept_weights(run: str, step: int, runs: Path | None) -> Path:
    """The file of the weights that a run kept after a step. Raises WeightsError where it kept none then."""
    folder = _folder_of(run, runs)
    if not (file := kept_file(folder, step)).is_file():
        steps = ", ".join(map(str, kept_steps(folder))) or "none"
        raise WeightsError(
            f"The run {display_name(run)!r} kept no weights after step {step}: choose one of its steps ({steps})."
        )
    return file


def _folder_of(run: str, runs: Path | None) -> Path:
    runs = runs or runs_folder()
    folder = entry_named(runs, run)  # a run is a name, never a path that leads elsewhere
    if folder is None:
        raise WeightsError(
            f"There is no run {display_name(run)[:100]!r} with a checkpoint in {display_name(runs)}: choose another "
            "run, or other weights."
        )
    return folder


def is_safetensors(head: bytes) -> bool:
    """Whether a file's first nine bytes are those of safetensors: the length of a JSON object, and its brace."""
    return head[8:9] == b"{"


def is_pytorch(head: bytes) -> bool:
    """Whether a file's first bytes are those of torch.save: a zip's, or before version 1.6 a pickle's."""
    return not is_safetensors(head) and head.startswith((b"PK\x03\x04", b"\x80"))


def check_format(head: bytes, name: str) -> None:
    """Raises WeightsError where a file's first bytes are those of no checkpoint, whatever it is called."""
    if not (is_safetensors(head) or is_pytorch(head)):
        raise WeightsError(
            f"{name} cannot be loaded as plain weights: it is no checkpoint of PyTorch (.pt, .pth, .ckpt, .bin, "
            ".pth.tar) and no safetensors file. Save model.state_dict() with torch.save and use that."
        )


def save_upload(data: bytes, name: str) -> Path:
    """Keep an uploaded checkpoint under its own name in the cache; the path is a choice like any other.

    The folder is named after its SHA-256, so that two files of one name keep apart. The oldest uploads go. Raises
    WeightsError where the file is too large for the disk or for this app.
    """
    if len(data) > CHECKPOINT_BYTES:
        raise WeightsError(f"{name} has {len(data) / 1e9:.1f} GB, and at most {CHECKPOINT_BYTES / 1e9:.1f} are read.")
    permissions.require("checkpoints")
    check_format(data[:9], name)
    folder = cache_folder() / "uploads" / hashlib.sha256(data).hexdigest()[:16]
    path = folder / _file_name(name)
    try:
        if not path.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(folder).free < 2 * len(data):
                raise WeightsError(f"The disk has no room for {name}: free some space in {folder.parent}.")
            if twin := next((path for path in folder.iterdir() if not path.name.startswith(".")), None):
                os.link(twin, path)  # the same bytes under another visitor's name
            else:
                write_atomically(path, data)
        mark_used(path)
    except OSError as error:
        raise WeightsError(f"{name} cannot be kept in {folder.parent} ({error.strerror}): free some space.") from error
    _forget_oldest(folder.parent)
    return path


def _file_name(name: str) -> str:
    """A file's own name as far as a file system takes it; its end stays, since it says what it is."""
    base = re.split(r"[/\\]", name)[-1].replace("\0", "").encode("utf-8", "replace").decode()
    while len(base.encode()) > _NAME_BYTES:
        base = base[: len(base) // 2 - 1] + "…" + base[len(base) // 2 + 1 :].lstrip("…")
    return base.lstrip(".") or "checkpoint"


def is_upload(path: Path) -> bool:
    """Whether a file was uploaded, and so is this app's to delete."""
    return path.parent.parent == cache_folder() / "uploads"


def _is_kept_upload(place: str) -> bool:
    """Whether a path, with all links followed, is an upload's: who knows its hash has had it, or its link."""
    try:
        return Path(place).expanduser().resolve().parent.parent == (cache_folder() / "uploads").resolve()
    except (OSError, ValueError, RuntimeError):
        return False


def mark_used(path: Path) -> None:
    """Let an upload be among the last to go."""
    if is_upload(path) and path.is_file():
        os.utime(path.parent)


def remove_upload(path: Path) -> None:
    """Delete an upload that turned out to be unusable."""
    if is_upload(path):
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # kept under another name as well
            path.parent.rmdir()


def _forget_oldest(folder: Path) -> None:
    """Delete the uploads that were not used for the longest time, beyond ``UPLOADS`` and ``UPLOADS_BYTES``."""
    kept = sorted((entry for entry in folder.iterdir() if entry.is_dir()), key=lambda entry: entry.stat().st_mtime)
    sizes = [sum(file.stat().st_size for file in entry.iterdir()) for entry in kept]
    for index, entry in enumerate(kept[:-1]):
        if len(kept) - index <= UPLOADS and sum(sizes[index:]) <= UPLOADS_BYTES:
            break
        shutil.rmtree(entry, ignore_errors=True)


def imagenet_url() -> str:
    """torchvision's address, or the mirror named in $ALEXNET_VIZ_IMAGENET_URL (same file name)."""
    return os.environ.get("ALEXNET_VIZ_IMAGENET_URL", IMAGENET_URL)


def imagenet_file() -> Path:
    """Where torch's hub keeps the ImageNet weights on this machine (torch.hub.get_dir(), without importing torch)."""
    home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"), "torch")
    return Path(home, "hub", "checkpoints", imagenet_url().rpartition("/")[2]).expanduser()


def download_imagenet(on_progress: CountProgress | None = None, timeout: float = 20.0) -> Path:
    """Fetch the ImageNet weights into torch's hub cache; ``timeout`` in seconds for each wait on the connection.

    The file appears whole or not at all, and only when its SHA-256 begins with the digits in its name.
    """
    permissions.require("downloads")
    url, path = imagenet_url(), imagenet_file()
    expected = re.search(r"-([0-9a-f]{8,})\.pth$", path.name)
    if expected is None:
        raise WeightsError(f"{url} does not end in -<sha256>.pth: name the file as torchvision does.")
    digest = hashlib.sha256()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
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
