"""Training photos by name: textures, a folder or a .zip of one, CIFAR-10, Imagenette, ImageNet."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from alexnet_viz import permissions
from alexnet_viz.disk import cache_folder
from alexnet_viz.display import display_name
from alexnet_viz.errors import DataError
from alexnet_viz.progress import TextProgress
from alexnet_viz.training import textures
from alexnet_viz.training.cache import decode_once
from alexnet_viz.training.folder import Tree, arrange, check_classes, read_tree
from alexnet_viz.training.listing import Listing, list_place
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.training.summary import DataSummary
from alexnet_viz.training.walk import LAYOUT

if TYPE_CHECKING:
    from torchvision.datasets import Imagenette

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

    ``skipped`` says of each file that cannot be used why; ``notes`` are for the person who trains; ``summary`` is there
    for folders and zips.
    """

    train: ImageSet
    val: ImageSet
    class_names: tuple[str, ...]
    fingerprint: str
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    summary: DataSummary | None = None


def load(recipe: Recipe, on_progress: TextProgress = lambda _: None) -> Splits:
    """The photos that a recipe names; DataError says what to do where they are missing or cannot be trained on.

    ``on_progress`` is told now and then, in words, what is going on; an error that it raises ends the loading.
    """
    source, root = place_of(recipe)
    match source:
        case "textures":
            on_progress("drawing textures")
            photos, labels, is_val = textures.draw_all(_class_count(recipe, textures.CLASS_NAMES))
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
    summary = examine(recipe)
    return sum(summary.train) if summary else None


def examine(recipe: Recipe, on_progress: TextProgress = lambda _: None) -> DataSummary | None:
    """What a run of this recipe would train on, decoding nothing; None where an archive is still to be unpacked.

    DataError and ``on_progress`` as ``load``. Photos that turn out to be damaged are counted here and not there.
    """
    check_place(recipe)
    source, root = place_of(recipe)
    if source == "textures":
        names = textures.CLASS_NAMES[: _class_count(recipe, textures.CLASS_NAMES)]
        train, val = ((count,) * len(names) for count in (textures.TRAIN_PER_CLASS, textures.VAL_PER_CLASS))
        return DataSummary(names, train, val, "drawn by formula")
    if source == "folder":
        tree = read_tree(root, on_progress)
    else:
        listing = _list_whole(source, root, on_progress)
        if listing is None:
            return None
        tree = arrange(listing, display_name(root))
    names = tree.class_names[: _class_count(recipe, tree.class_names)]
    used = np.flatnonzero(tree.labels < len(names))
    twins = _twins(tree, used)
    is_val = _held_out(recipe, tree.labels[used], twins, names) if tree.is_val is None else tree.is_val[used]
    notes = (*_copies([tree.paths[i] for i in used], tree.labels[used], is_val, twins), *tree.notes)
    return _summary(
        recipe,
        tree,
        names,
        tree.labels[used],
        is_val,
        left_out=tree.listing.refused + tree.left_out,
        notes=notes,
        files=_files_hash(tree, used),
    )


def check_place(recipe: Recipe) -> None:
    """The same at a glance, without listing any folder: DataError says which files to get, and where they belong."""
    source, root = place_of(recipe)
    if source != "textures":
        permissions.require_path(root)
    if source == "folder" and not os.path.exists(root):
        raise DataError(f"There is no folder or .zip file {display_name(root)}. {LAYOUT}.")
    needed = _FILES.get(source, ())
    missing = [
        file for file, unpacked in needed if not os.path.isfile(root / file) and not os.path.exists(root / unpacked)
    ]
    if missing:
        raise DataError(
            f"{_TITLES[source]} is not in {root}: get {', '.join(missing)} from {_ORIGINS[source]} "
            f"and put {'it' if len(missing) == 1 else 'them'} there."
        )


def _list_whole(source: str, root: Path, on_progress: TextProgress) -> Listing | None:
    """The photos of Imagenette or ImageNet; None where both parts are not unpacked yet.

    DataError where one was unpacked in part only: torchvision takes any folder of the right name for the whole.
    """
    sides = PHOTOS.get(source, {})
    if not any((root / folder).is_dir() for folder in sides):
        return None
    listing = list_place((root / next(iter(sides))).parent, on_progress)
    for folder, photos in sides.items():
        place, side, top = root / folder, f"{Path(folder).name}/", root / Path(folder).parts[0]
        count = sum(path.startswith(side) and path.endswith(".JPEG") and path.count("/") == 2 for path in listing.paths)
        if top.is_dir() and count < photos:
            raise DataError(
                f"{place} holds {count:,} of {_TITLES[source]}'s {photos:,} photos, as an interrupted unpacking leaves "
                f"it: remove {top} and start again, or write folder:{place.parent} to train on what is there."
            )
    return listing if all((root / folder).is_dir() for folder in sides) else None


def fetch(recipe: Recipe) -> None:
    """Download CIFAR-10 or Imagenette to where the recipe looks for it; DataError without a network."""
    permissions.require("downloads")
    source, root = place_of(recipe)
    {"cifar10": _open_cifar10, "imagenette": _open_imagenette}[source](root)


def count(recipe: Recipe) -> tuple[int, int]:
    """(training photos, classes) of the data that a recipe names; textures need not be drawn for it."""
    if recipe.data == "textures":
        classes = _class_count(recipe, textures.CLASS_NAMES)
        return classes * textures.TRAIN_PER_CLASS, classes
    splits = load(recipe)
    return len(splits.train), len(splits.class_names)


def place_of(recipe: Recipe) -> tuple[str, Path]:
    """(source, where its files are) of the data that a recipe names."""
    source, _, where = recipe.data.partition(":")
    return source, Path(os.path.expanduser(where)) if where else cache_folder() / source


# --- sources -------------------------------------------------------------------------------------


def _folder(recipe: Recipe, root: Path, on_progress: TextProgress, class_names: tuple[str, ...] = ()) -> Splits:
    """A tree or a .zip; ``class_names``, in the order of its folders, go before its own."""
    tree = read_tree(root, on_progress)
    names = class_names or tree.class_names
    names = names[: _class_count(recipe, names)]
    rows = np.flatnonzero(tree.labels < len(names))
    decoded = decode_once(tree.listing, [tree.paths[i] for i in rows], on_progress)
    kept = rows[decoded.kept]
    labels, paths = tree.labels[kept], [tree.paths[i] for i in kept]
    is_val = None if tree.is_val is None else tree.is_val[kept]
    check_classes(display_name(root), labels, is_val, names, tree.sides)
    twins = _twins(tree, kept) if decoded.digests is None else np.unique(decoded.digests, return_inverse=True)[1]
    if is_val is None:
        is_val = _held_out(recipe, labels, twins, names)
    sizes = {path: stamp[0] for path, stamp in zip(tree.listing.paths, tree.listing.stamps, strict=True)}
    files = "\n".join(f"{path} {sizes[path]}" for path in paths)  # times change when files are copied
    notes = (*decoded.notes, *_copies(paths, labels, is_val, twins), *tree.notes)
    summary = _summary(
        recipe, tree, names, labels, is_val, left_out=tree.left_out, notes=notes, files=_files_hash(tree, rows)
    )
    if count := len(decoded.skipped):
        notes = (f"{count} file{' is' if count == 1 else 's are'} skipped, such as: {decoded.skipped[0]}", *notes)
    return _splits(recipe, decoded.photos, labels, is_val, names, files, decoded.skipped, notes, summary)


def _summary(
    recipe: Recipe, tree: Tree, names: Sequence[str], labels: np.ndarray, is_val: np.ndarray, **more: Any
) -> DataSummary:
    split = f"{recipe.val_fraction:.0%} of each class, drawn by the seed"
    if tree.is_val is not None:
        train, val = (f"{side}/" if side else "the other folders" for side in tree.sides)
        split = f"from {train} and {val}"
    return DataSummary.of(names, labels[~is_val], labels[is_val], split, **more)


def _files_hash(tree: Tree, used: np.ndarray) -> str:
    """Of the photos' paths, sizes and classes: equal for a copy of the same folder."""
    sizes = {path: stamp[0] for path, stamp in zip(tree.listing.paths, tree.listing.stamps, strict=True)}
    lines = "\n".join(f"{tree.paths[i]} {sizes[tree.paths[i]]} {tree.labels[i]}" for i in used)
    return hashlib.sha256(lines.encode(errors="surrogateescape")).hexdigest()


def _twins(tree: Tree, used: np.ndarray) -> np.ndarray:
    """For each used photo of a tree a number that those with the same bytes share, as far as the listing knows."""
    first = tree.listing.twins or {}
    names = [first.get(tree.paths[i], tree.paths[i]) for i in used]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], np.int64)


def _copies(paths: Sequence[str], labels: np.ndarray, is_val: np.ndarray, twins: np.ndarray) -> list[str]:
    """What there is to say of photos with the same bytes."""
    copies = len(twins) - len(np.unique(twins))
    if not copies:
        return []
    notes = []
    leaked = np.flatnonzero(is_val & np.isin(twins, twins[~is_val]))
    if len(leaked):
        twin = np.flatnonzero(~is_val & (twins == twins[leaked[0]]))[0]
        notes.append(
            f"{len(leaked):,} of the {is_val.sum():,} validation photos are training photos too, byte for byte, such "
            f"as {display_name(paths[leaked[0]])} and {display_name(paths[twin])}: the scores will be too good."
        )
    kinds, first, counts = np.unique(twins, return_index=True, return_counts=True)
    in_classes = np.unique(np.stack([twins, labels]), axis=1)[0]  # each twin once for each of its classes
    several = first[np.bincount(np.searchsorted(kinds, in_classes)) > 1]
    if copies > len(leaked):
        example = display_name(paths[first[counts > 1][0]])
        are = "photo is a copy of another" if copies == 1 else "photos are copies of others"
        notes.append(f"{copies:,} {are}, byte for byte, as of {example}.")
    if len(several):
        are = "photo is" if len(several) == 1 else "photos are"
        notes.append(f"{len(several):,} {are} in more than one class, such as {display_name(paths[several[0]])}.")
    return notes


def _cifar10(recipe: Recipe, root: Path, on_progress: TextProgress) -> Splits:
    on_progress(f"reading CIFAR-10 from {root}")
    _may_unpack("cifar10", root)
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


def _imagenette(recipe: Recipe, root: Path, on_progress: TextProgress) -> Splits:
    on_progress(f"reading Imagenette from {root}")
    _may_unpack("imagenette", root)
    _list_whole("imagenette", root, on_progress)
    names = _open_imagenette(root).classes
    return _folder(recipe, root / "imagenette2-320", on_progress, short_names(names))


def _open_imagenette(root: Path) -> Imagenette:
    """torchvision's training set; it unpacks the archive, and downloads it where it is missing."""
    from torchvision.datasets import Imagenette

    with _or_data_error(
        f"Imagenette is not in {root} and cannot be downloaded",
        f"put imagenette2-320.tgz from {_ORIGINS['imagenette']} there, or write imagenette:FOLDER",
    ):
        return Imagenette(root, size="320px", download=True)


def _imagenet(recipe: Recipe, root: Path, on_progress: TextProgress) -> Splits:
    from torchvision.datasets import ImageNet

    on_progress(f"reading ImageNet from {root}; unpacking its archives takes an hour or more")
    _may_unpack("imagenet", root)
    _list_whole("imagenet", root, on_progress)
    with _or_data_error(
        f"ImageNet is not in {root}",
        "put ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar and ILSVRC2012_devkit_t12.tar.gz from "
        f"{_ORIGINS['imagenet']} there, or write folder:PATH if train and val are sorted into classes already",
    ):
        train, _ = (ImageNet(root, split) for split in ("train", "val"))
    return _folder(recipe, root, on_progress, short_names(train.classes))


def _may_unpack(source: str, root: Path) -> None:
    """NotPermitted where files would have to be unpacked or downloaded first, and this visitor may not ask for that."""
    if not all(os.path.exists(root / unpacked) for _, unpacked in _FILES[source]):
        permissions.require("downloads")


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
    is_val: np.ndarray,
    class_names: Sequence[str],
    identity: str,
    skipped: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    summary: DataSummary | None = None,
) -> Splits:
    """Both sets over one store."""
    names = tuple(class_names[: _class_count(recipe, class_names)])
    train, val = (np.flatnonzero((is_val == side) & (labels < len(names))) for side in (False, True))
    digest = hashlib.sha256("\n".join((identity, *names)).encode(errors="surrogateescape"))
    for part in (labels, train, val):
        digest.update(part.astype("<i8").tobytes())
    train_set, val_set = (ImageSet(store, rows, labels[rows], names) for rows in (train, val))
    return Splits(train_set, val_set, names, digest.hexdigest(), skipped, notes, summary)


def _held_out(recipe: Recipe, labels: np.ndarray, twins: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Which photos validate, bool (N,): of each class its share, drawn by the seed; at least one, and not all.

    Photos with the same bytes, which share a number in ``twins``, stay on one side. DataError where a class then has
    none for validation.
    """
    side: dict[int, bool] = {}
    is_val = np.zeros(len(labels), bool)
    for label, name in enumerate(names):
        rows = np.flatnonzero(labels == label)
        count = min(max(round(recipe.val_fraction * len(rows)), 1), len(rows) - 1)
        drawn = twins[np.random.default_rng((recipe.seed, label)).permutation(rows)].tolist()
        sizes = Counter(drawn)
        held = sum(count for twin, count in sizes.items() if side.get(twin))
        new = [twin for twin in sizes if twin not in side]
        spare = len(new) - all(side.get(twin, True) for twin in sizes)  # one must stay for training
        for number, twin in enumerate(new):
            side[twin] = held < count and number < spare
            held += side[twin] * sizes[twin]
        is_val[rows] = [side[twin] for twin in twins[rows].tolist()]
        if not is_val[rows].any() or is_val[rows].all():
            raise DataError(
                f"The photos of the class {name!r} are copies of one another, or of another class's, byte for byte: "
                "give it at least two that are different, one of them for validation."
            )
    return is_val


def _class_count(recipe: Recipe, names: Sequence[str]) -> int:
    if recipe.classes and recipe.classes > len(names):
        raise DataError(f"{recipe.data} has {len(names)} classes: set classes to that or less, not {recipe.classes}.")
    return recipe.classes or len(names)
