"""The film of learning: small pictures of the network, taken at chosen steps of a run, on one fixed photo."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alexnet_viz.disk import atomic_file
from alexnet_viz.training.run_files import check_arrays, read_arrays

UNITS = 8  # of conv2 … conv5, the kernels of the first units onto the first CHANNELS maps
CHANNELS = 16
MAPS = 16  # of conv1 … conv5, the feature maps of the first units
SIDE = 2048  # pixels of the fixed photo at most
_NAME = re.compile(r"step-([0-9]{8,15})\.npz")
_PHOTO = "snapshots/photo.npz"


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The network after ``step`` steps.

    ``conv1`` float32 (filters, 3, 11, 11); ``kernels`` float32 (units, channels, k, k) of conv2 … conv5; ``maps``
    float32 (units, h, w) of relu1 … relu5 on the fixed photo; ``probabilities`` float32 (classes,) for it. Kept as
    float16.
    """

    step: int
    conv1: np.ndarray
    kernels: dict[str, np.ndarray]
    maps: dict[str, np.ndarray]
    probabilities: np.ndarray


def snapshot_steps(run: Path) -> tuple[int, ...]:
    """The steps at which a run's snapshots were taken, in order."""
    names = (_NAME.fullmatch(file.name) for file in (run / "snapshots").glob("step-*.npz"))
    steps = (int(name[1]) for name in names if name)
    return tuple(sorted(step for step in steps if (run / _file(step)).exists()))


def write_snapshot(run: Path, snapshot: Snapshot) -> None:
    arrays = {"conv1": snapshot.conv1, "probabilities": snapshot.probabilities}
    arrays |= {f"kernels.{name}": kernels for name, kernels in snapshot.kernels.items()}
    arrays |= {f"maps.{name}": maps for name, maps in snapshot.maps.items()}
    largest = np.finfo(np.float16).max
    halves = {name: np.clip(array, -largest, largest).astype(np.float16) for name, array in arrays.items()}
    with atomic_file(run / _file(snapshot.step)) as file:
        np.savez_compressed(file, **halves)


def read_snapshot(run: Path, step: int) -> Snapshot:
    """The snapshot of one of ``snapshot_steps``. Raises DamagedFile, FileNotFoundError."""
    file = _file(step)
    arrays = {name: array.astype(np.float32) for name, array in read_arrays(run, file).items()}
    parts = {
        kind: {name.partition(".")[2]: array for name, array in arrays.items() if name.startswith(kind)}
        for kind in ("kernels.", "maps.")
    }
    check_arrays(file, {"conv1", "probabilities"} <= set(arrays) and bool(parts["maps."]), "lacks some of its arrays")
    maps = [name for name in arrays if name.startswith("maps.")]
    dimensions = {"conv1": 4, "probabilities": 1} | dict.fromkeys(maps, 3)
    right = all(arrays[name].ndim == count and arrays[name].size for name, count in dimensions.items())
    check_arrays(file, right and arrays["conv1"].shape[1] == 3)
    return Snapshot(step, arrays["conv1"], parts["kernels."], parts["maps."], arrays["probabilities"])


def write_photo(run: Path, pixels: np.ndarray, label: int) -> None:
    """Keep the fixed photo, uint8 (S, S, 3), and its true class."""
    with atomic_file(run / _PHOTO) as file:
        np.savez_compressed(file, pixels=pixels, label=label)


def read_photo(run: Path) -> tuple[np.ndarray, int] | None:
    """(pixels uint8 (S, S, 3), true class) of the fixed photo; None while there is none. Raises DamagedFile."""
    try:
        arrays = read_arrays(run, _PHOTO)
    except FileNotFoundError:
        return None
    check_arrays(_PHOTO, {"pixels", "label"} <= set(arrays), "lacks some of its arrays")
    pixels, label = arrays["pixels"], arrays["label"]
    right = pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3 and 0 < pixels.size <= 3 * SIDE**2
    check_arrays(_PHOTO, right and label.shape == () and label.dtype.kind in "iu" and int(label) >= 0)
    return pixels, int(label)


def _file(step: int) -> str:
    return f"snapshots/step-{step:08d}.npz"
