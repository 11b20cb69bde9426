"""Training photos by name: textures, a folder or a .zip of one, CIFAR-10, Imagenette, ImageNet."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alexnet_viz.errors import DataError
from alexnet_viz.training import textures
from alexnet_viz.training.cache import cache_folder, decode_once
from alexnet_viz.training.folder import LAYOUT, check_classes, read_tree
from alexnet_viz.training.recipe import Recipe

Progress = Callable[[str], None]

DOWNLOADS = {"cifar10": "170 MB", "imagenette": "330 MB"}  # what anybody may fetch
_TITLES = {"cifar10": "CIFAR-10", "imagenette": "Imagenette", "imagenet": "ImageNet"}
_ORIGINS = {
    "cifar10": "https://www.cs.toronto.edu/~kriz/cifar.html",
    "imagenette": "https://github.com/fastai/imagenette",
    "imagenet": "https://image-net.org/download (with an account)",
}
_FILES = {  # (archive, what torchvision unpacks it to): one of the two must be there
    "cifar10": [("cifar-10-python.tar.gz", "cifar-10-batches-py")],
    "imagenette": [("imagenette2-320.tgz", "imagenette2-320")],
    "imagenet": [
        ("ILSVRC2012_img_train.tar", "train"),
        ("ILSVRC2012_img_val.tar", "val"),
        ("ILSVRC2012_devkit_t12.tar.gz", "meta.bin"),
    ],
}

PHOTOS = {  # how many photos a whole set has in its folders, one folder a class
    "imagenette": {"imagenette2-320/train": 9_469, "imagenette2-320/val": 3_925},
    "imagenet": {"train": 1_281_167, "val": 50_000},
}


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Photos with a class each: ``labels`` int64 (N,). ``store[rows[i]]`` is photo i; several sets share one store."""

    store: Any
    rows: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def image(self, i: int) -> np.ndarray:
        """Photo i, uint8 (H, W, 3): a view where the photos are decoded already."""
        return self.store[self.rows[i]]


@dataclass(frozen=True, eq=False)
class Splits:
    """What to train on and what to validate on; ``fingerprint`` changes with any file or label of either.

    ``skipped`` says of each file that cannot be used why; ``notes`` are for the person who trains.
    """

    train: ImageSet
    val: ImageSet
    class_names: tuple[str, ...]
    fingerprint: str
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def load(recipe: Recipe, on_progress: Progress = lambda _: None) -> Splits:
    """The photos that a recipe names; DataError says what to do where they are missing or cannot be trained on.

    ``on_progress`` is told now and then, in words, what is going on; an error that it raises ends the loading.
    """
    source, root = _place(recipe)
    match source:
        case "textures":
            on_progress("drawing textures")
            photos, labels, is_val = textures.draw_all()
            return _splits(recipe, photos, labels, is_val, textures.CLASS_NAMES, f"textures {textures.VERSION}")
        case "folder":
            return _folder(recipe, root, on_progress)
        case "cifar10":
            return _cifar10(recipe, root, on_progress)
        case "imagenette":
            return _imagenette(recipe, root, on_progress)
        case _:
            return _imagenet(recipe, root, on_progress)


def check(recipe: Recipe) -> int | None:
    """What can be known without decoding a photo: DataError where the data are missing or cannot be trained on.

    Returns how many training photos there are at most, where that is known.
    """
    check_place(recipe)
    source, root = _place(recipe)
    _check_whole(source, root)
    if source == "folder":
        tree = read_tree(root)
        used = tree.labels < _class_count(recipe, tree.class_names)
        if tree.is_val is not None:
            return int((used & ~tree.is_val).sum())
        return sum(int(count) - _held_out(recipe, count) for count in np.bincount(tree.labels[used]))
    return count(recipe)[0] if source == "textures" else None


def check_place(recipe: Recipe) -> None:
    """The same at a glance, without listing any folder: DataError says which files to get, and where they belong."""
    source, root = _place(recipe)
    if source == "folder" and not os.path.exists(root):
        raise DataError(f"There is no folder or .zip file {root}. {LAYOUT}.")
    needed = _FILES.get(source, ())
    missing = [file for file, unpacked in needed if not (root / file).is_file() and not (root / unpacked).exists()]
    if missing:
        raise DataError(
            f"{_TITLES[source]} is not in {root}: get {', '.join(missing)} from {_ORIGINS[source]} "
            f"and put {'it' if len(missing) == 1 else 'them'} there."
        )


def _check_whole(source: str, root: Path) -> None:
    """DataError where a set was unpacked in part only: torchvision takes any folder of the right name for the whole."""
    for folder, photos in PHOTOS.get(source, {}).items():
        place = root / folder
        if (root / Path(folder).parts[0]).is_dir() and (found := sum(1 for _ in place.glob("*/*.JPEG"))) < photos:
            raise DataError(
                f"{place} holds {found:,} of {_TITLES[source]}'s {photos:,} photos, as an interrupted unpacking leaves "
                f"it: remove {root / Path(folder).parts[0]} and start again, or write folder:{place.parent} to train "
                "on what is there."
            )


def fetch(recipe: Recipe) -> None:
    """Download CIFAR-10 or Imagenette to where the recipe looks for it; DataError without a network."""
    source, root = _place(recipe)
    {"cifar10": _open_cifar10, "imagenette": _open_imagenette}[source](root)


def count(recipe: Recipe) -> tuple[int, int]:
    """(training photos, classes) of the data that a recipe names; textures need not be drawn for it."""
    if recipe.data == "textures":
        classes = _class_count(recipe, textures.CLASS_NAMES)
        return classes * textures.TRAIN_PER_CLASS, classes
    splits = load(recipe)
    return len(splits.train), len(splits.class_names)


def _place(recipe: Recipe) -> tuple[str, Path]:
    source, _, where = recipe.data.partition(":")
    return source, Path(where).expanduser() if where else cache_folder() / source


# --- sources -------------------------------------------------------------------------------------


def _folder(recipe: Recipe, root: Path, on_progress: Progress, class_names: tuple[str, ...] = ()) -> Splits:
    """A tree or a .zip; ``class_names``, in the order of its folders, go before its own."""
    on_progress(f"listing {root}")
    tree = read_tree(root)
    wanted = np.flatnonzero(tree.labels < _class_count(recipe, tree.class_names))
    decoded = decode_once(tree.listing, [tree.paths[i] for i in wanted], on_progress)
    kept = wanted[decoded.kept]
    is_val = None if tree.is_val is None else tree.is_val[kept]
    names = class_names or tree.class_names
    check_classes(root, tree.labels[kept], is_val, names[: _class_count(recipe, names)])
    sizes = {path: stamp[0] for path, stamp in zip(tree.listing.paths, tree.listing.stamps, strict=True)}
    files = "\n".join(f"{tree.paths[i]} {sizes[tree.paths[i]]}" for i in kept)  # times change when files are copied
    notes = decoded.notes
    if decoded.skipped:
        notes += (f"{len(decoded.skipped)} files are skipped, such as: {decoded.skipped[0]}",)
    return _splits(recipe, decoded.photos, tree.labels[kept], is_val, names, files, decoded.skipped, notes)


def _cifar10(recipe: Recipe, root: Path, on_progress: Progress) -> Splits:
    on_progress(f"reading CIFAR-10 from {root}")
    train, val = _open_cifar10(root)
    photos = np.ascontiguousarray(np.concatenate([train.data, val.data]))
    labels = np.array(train.targets + val.targets, np.int64)
    return _splits(recipe, photos, labels, np.arange(len(photos)) >= len(train), tuple(train.classes), "CIFAR-10")


def _open_cifar10(root: Path) -> tuple:
    """torchvision's (training set, test set); it unpacks the archive, and downloads it where it is missing."""
    from torchvision.datasets import CIFAR10

    with _or_data_error(
        f"CIFAR-10 is not in {root} and cannot be downloaded",
        f"put cifar-10-python.tar.gz from {_ORIGINS['cifar10']} there, or write cifar10:FOLDER",
    ):
        return tuple(CIFAR10(root, train=part, download=True) for part in (True, False))


def _imagenette(recipe: Recipe, root: Path, on_progress: Progress) -> Splits:
    on_progress(f"reading Imagenette from {root}")
    _check_whole("imagenette", root)
    names = _open_imagenette(root).classes
    return _folder(recipe, root / "imagenette2-320", on_progress, short_names(names))


def _open_imagenette(root: Path):
    """torchvision's training set; it unpacks the archive, and downloads it where it is missing."""
    from torchvision.datasets import Imagenette

    with _or_data_error(
        f"Imagenette is not in {root} and cannot be downloaded",
        f"put imagenette2-320.tgz from {_ORIGINS['imagenette']} there, or write imagenette:FOLDER",
    ):
        return Imagenette(root, size="320px", download=True)


def _imagenet(recipe: Recipe, root: Path, on_progress: Progress) -> Splits:
    from torchvision.datasets import ImageNet

    on_progress(f"reading ImageNet from {root}; unpacking its archives takes an hour or more")
    _check_whole("imagenet", root)
    with _or_data_error(
        f"ImageNet is not in {root}",
        "put ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar and ILSVRC2012_devkit_t12.tar.gz from "
        f"{_ORIGINS['imagenet']} there, or write folder:PATH if train and val are sorted into classes already",
    ):
        train, _ = (ImageNet(root, split) for split in ("train", "val"))
    return _folder(recipe, root, on_progress, short_names(train.classes))


@contextmanager
def _or_data_error(what: str, remedy: str) -> Iterator[None]:
    """torchvision raises RuntimeError for files that are missing or damaged, urllib OSErrors without a network."""
    try:
        yield
    except (OSError, RuntimeError, EOFError, tarfile.TarError) as error:
        raise DataError(f"{what} ({error}): {remedy}.") from error


def short_names(synonyms: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The first of each class's names, or all where several classes share the first (ImageNet has two cranes)."""
    first = Counter(names[0] for names in synonyms)
    return tuple(names[0] if first[names[0]] == 1 else ", ".join(names) for names in synonyms)


# --- splits --------------------------------------------------------------------------------------


def _splits(
    recipe: Recipe,
    store: Any,
    labels: np.ndarray,
    is_val: np.ndarray | None,
    class_names: Sequence[str],
    identity: str,
    skipped: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> Splits:
    """Both sets over one store; without a split of its own each class gives its share to validation, by the seed."""
    names = tuple(class_names[: _class_count(recipe, class_names)])
    if is_val is None:
        is_val = np.zeros(len(labels), bool)
        for label in range(len(names)):
            rows = np.flatnonzero(labels == label)
            drawn = np.random.default_rng((recipe.seed, label)).permutation(rows)
            is_val[drawn[: _held_out(recipe, len(rows))]] = True
    train, val = (np.flatnonzero((is_val == side) & (labels < len(names))) for side in (False, True))
    digest = hashlib.sha256("\n".join((identity, *names)).encode(errors="surrogateescape"))
    for part in (labels, train, val):
        digest.update(part.astype("<i8").tobytes())
    sets = (ImageSet(store, rows, labels[rows], names) for rows in (train, val))
    return Splits(*sets, names, digest.hexdigest(), skipped, notes)


def _held_out(recipe: Recipe, photos: int) -> int:
    """How many of a class's photos validate; at least one, and not all."""
    return min(max(round(recipe.val_fraction * photos), 1), photos - 1)


def _class_count(recipe: Recipe, names: Sequence[str]) -> int:
    if recipe.classes and recipe.classes > len(names):
        raise DataError(f"{recipe.data} has {len(names)} classes: set classes to that or less, not {recipe.classes}.")
    return recipe.classes or len(names)
