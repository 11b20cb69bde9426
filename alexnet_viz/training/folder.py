"""Photos sorted into folders, one folder a class: what a listing means, with its classes and its split."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import normalize

import numpy as np

from alexnet_viz.display import display_name
from alexnet_viz.errors import DataError
from alexnet_viz.progress import TextProgress
from alexnet_viz.training.listing import LeftOut, Listing, list_place
from alexnet_viz.training.walk import CLASS_TABLE, EXAMPLES, LAYOUT, OUTSIDE

_FILLER = (
    r"(?:images?|imgs?|photos?|pictures?|pics?|data|datasets?|sets?|splits?|folders?|samples?|cropped|resized|the|my)"
)
_KINDS = {
    "train": r"train|training|trn|trainval",
    "val": r"val|valid|validate|validation|validating|dev|devel|eval|evaluation|holdout",
    "test": r"test|tests|testing|tst",
}
_PATTERNS = {kind: re.compile(f"{_FILLER}*(?:{words}){_FILLER}*") for kind, words in _KINDS.items()}
MAX_WRAPPERS = 8
_ONLY_FILLER = re.compile(f"{_FILLER}+|classes")


@dataclass(frozen=True, eq=False)
class Tree:
    """The photos that belong to a class: paths (N) of a listing, ``labels`` int64 (N,).

    ``is_val`` bool (N,) is None where the tree has no split of its own. ``class_names`` are the readable ones.
    ``sides`` are the folders that train and validate, "" for none. ``left_out`` are files and folders that are not
    used; ``notes`` say what was understood that might have been meant otherwise.
    """

    listing: Listing
    paths: tuple[str, ...]
    labels: np.ndarray
    is_val: np.ndarray | None
    class_names: tuple[str, ...]
    sides: tuple[str, str]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


@dataclass
class _Layout:
    """Which folder trains, which validates (None: none), what is not used, with what there is to say."""

    train: str
    classes: tuple[str, ...]  # the folders inside it
    val: str | None = None
    unused: dict[str, str] = field(default_factory=dict)  # folder: why
    notes: list[str] = field(default_factory=list)


def split_kind(name: str) -> str | None:
    """What a folder's name says it is, "train", "val" or "test", in any case.

    >>> [split_kind(name) for name in ("Training", "train_images", "val2017", "cats")]
    ['train', 'train', 'val', None]
    """
    letters = re.sub(r"[\W\d_]", "", name.casefold())
    if len(letters) > 40:  # the patterns take exponential time
        return None
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.fullmatch(letters)), None)


def read_tree(root: Path, on_progress: TextProgress = lambda _: None) -> Tree:
    """Find the classes of a folder or a .zip; a ``classes.tsv`` beside them gives them readable names.

    Raises DataError for what cannot be trained on: nothing there, fewer than two classes, an empty class, a class
    in ``val`` that ``train`` lacks.
    """
    return arrange(list_place(root, on_progress), display_name(root))


def arrange(listing: Listing, shown: str) -> Tree:
    """``read_tree`` of a place that is listed already; ``shown`` is its name in errors."""
    folders = _Folders(listing)
    top = _unwrapped(folders)
    if top:
        listing = listing.inside(top)
        folders = _Folders(listing)
    layout = _layout(folders, shown)
    if top:
        layout.notes.insert(0, f"The classes are those in the folder {display_name(top)}.")
    if len(set(map(_nfc, layout.classes))) < 2:
        content = f"only the class {display_name(layout.classes[0])!r}" if layout.classes else "no class folder"
        raise DataError(f"{shown} holds {content}, and training needs at least two classes{_lost(listing)}. {LAYOUT}.")
    return _tree(listing, layout, folders, shown)


def check_classes(
    root: str, labels: np.ndarray, is_val: np.ndarray | None, names: Sequence[str], sides: tuple[str, str]
) -> None:
    """Every class must have photos on both sides of the split; without one it needs two. DataError otherwise."""
    parts = [("", labels, 2)]
    if is_val is not None:
        parts = [(sides[0], labels[~is_val], 1), (sides[1], labels[is_val], 1)]
    for side, present, least in parts:
        counts = np.bincount(present, minlength=len(names))
        if counts.min() < least:
            place = f"{root}/{side}" if side else root
            need = "a photo" if least == 1 else "two photos, one of them for validation"
            raise DataError(
                f"The class {names[int(counts.argmin())]!r} in {place} has {counts.min()} usable photos: "
                f"give every class at least {need}, or remove the folder."
            )


# --- which folder is what ------------------------------------------------------------------------


class _Folders:
    """``inside``: the names of the folders in a folder; ``direct``: its photos; ``below``: also those further down."""

    def __init__(self, listing: Listing) -> None:
        self.inside: dict[str, list[str]] = defaultdict(list)
        self.below: Counter[str] = Counter()
        for path in sorted(listing.folders):
            parent, _, name = path.rpartition("/")
            self.inside[parent].append(name)
        self.direct = Counter(path.rpartition("/")[0] for path in listing.paths)
        for folder, count in self.direct.items():
            self.below[folder] += count
            while folder:
                folder = folder.rpartition("/")[0]
                self.below[folder] += count

    def has_train(self, folder: str) -> bool:
        return any(split_kind(name) == "train" for name in self.inside[folder])


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _nfc(name: str) -> str:
    """The name with accents in one piece: macOS's takes them apart, and both look the same."""
    return normalize("NFC", name)


def _unwrapped(folders: _Folders) -> str:
    """The folder that holds the classes: many data sets wrap everything in one folder of the same name."""
    top = ""
    for _ in range(MAX_WRAPPERS):
        names = folders.inside[top]
        if len(names) > 1:  # beside folders without photos, such as labels/
            names = [name for name in names if folders.below[_join(top, name)]]
            names = [name for name in names if folders.has_train(_join(top, name))] if len(names) == 1 else []
        if len(names) != 1 or split_kind(names[0]) == "train":
            return top
        child = _join(top, names[0])
        if len(folders.inside[child]) < (2 if folders.direct[child] else 1):
            return top
        top = child
    return top


def _inner(folders: _Folders, side: str) -> str:
    """The folder of a side's classes, where they are wrapped: train/train, train/images."""
    for _ in range(MAX_WRAPPERS):
        names = folders.inside[side]
        if len(names) != 1 or folders.direct[side] or not folders.inside[_join(side, names[0])]:
            break
        if split_kind(names[0]) is None and not _ONLY_FILLER.fullmatch(names[0].casefold()[:40]):
            break
        side = _join(side, names[0])
    return side


def _layout(folders: _Folders, root: str) -> _Layout:
    """What the folders' names say; DataError where they say two things."""
    names = folders.inside[""]
    kinds = {name: kind for name in names if (kind := split_kind(name))}
    trains = [name for name, kind in kinds.items() if kind == "train" and folders.inside[name]]
    others = [name for name in names if name not in kinds]
    if len(trains) > 1:
        listed = " and ".join(f"{display_name(name)}/" for name in trains)
        raise DataError(f"{root} has {listed}, which look like the training photos alike: keep one of them.")
    if trains:
        train = _inner(folders, trains[0])
        layout = _Layout(train, tuple(folders.inside[train]))
        layout.unused = dict.fromkeys(others, f"beside {display_name(train)}/")
    elif len(others) > 1 and any(_has_classes_of(folders, name, others) for name in kinds):
        layout = _Layout("", tuple(others))
    else:
        _refuse_splits_without_train(folders, kinds, others, root)
        notes = [
            f"The folder {display_name(name)}/ is a class, for there is no train/ with class folders." for name in kinds
        ]
        return _Layout("", tuple(names), notes=notes)
    for name in sorted(kinds, key=lambda name: (kinds[name] != "val", name)):
        if name not in trains:
            _consider(folders, layout, name, kinds[name])
    return layout


def _has_classes_of(folders: _Folders, name: str, classes: Sequence[str]) -> bool:
    """Whether a folder holds folders, and all of them bear names of these classes."""
    theirs = set(map(_nfc, folders.inside[_inner(folders, name)]))
    return bool(theirs) and theirs <= set(map(_nfc, classes))


def _refuse_splits_without_train(folders: _Folders, kinds: dict[str, str], others: list[str], root: str) -> None:
    if others or len(kinds) < 2:
        return
    listed = " and ".join(f"{display_name(name)}/" for name in kinds)
    if any(folders.inside[name] for name in kinds):
        raise DataError(f"{root} has {listed} but no train/ with class folders: rename the one to train on to train.")
    raise DataError(
        f"{root} has {listed} without class folders: put the photos of each class into a folder of its own. {LAYOUT}."
    )


def _consider(folders: _Folders, layout: _Layout, name: str, kind: str) -> None:
    """Validate on a folder if nothing else does and it can be used; else say why not."""
    side = _inner(folders, name)
    shown, theirs = display_name(name), {_nfc(n) for n in folders.inside[side] if folders.below[_join(side, n)]}
    if not folders.below[name]:
        why = "it holds no photos"
    elif kind == "train" or not folders.inside[side]:
        why = "it holds photos but no class folders"
    elif layout.val:
        why = f"{display_name(layout.val)}/ validates"
    elif kind == "test" and theirs != set(map(_nfc, layout.classes)):
        why = "its classes are not those of the training photos"
    else:
        layout.val = side
        if kind == "test":
            layout.notes.append(f"{shown}/ validates, for there is no val/.")
        return
    layout.notes.append(f"{shown}/ is not used: {why}.")
    layout.unused[name] = f"in {shown}/ (not used)"


# --- the photos of the classes -------------------------------------------------------------------


def _tree(listing: Listing, layout: _Layout, folders: _Folders, root: str) -> Tree:
    names = sorted(set(map(_nfc, layout.classes)))
    numbers = {name: index for index, name in enumerate(names)}
    sides = {layout.train: False} if layout.val is None else {layout.val: True, layout.train: False}
    if layout.val:
        _refuse_unknown_classes(folders, layout, numbers, root)
    paths, labels, is_val, reasons = [], [], [], defaultdict(list)
    for path in listing.paths:
        place = _place(path, sides, numbers)
        if place is None:
            reasons[layout.unused.get(path.partition("/")[0], OUTSIDE)].append(path)
            continue
        paths.append(path)
        labels.append(place[0])
        is_val.append(place[1])
    readable = readable_names(listing.tables.get(CLASS_TABLE, ""), names)
    shown_sides = display_name(layout.train), display_name(layout.val or "")
    tree = Tree(
        listing=listing,
        paths=tuple(paths),
        labels=np.array(labels, np.int64),
        is_val=None if layout.val is None else np.array(is_val, bool),
        class_names=readable,
        sides=shown_sides,
        left_out=listing.left_out + tuple(_left_out(reason, paths) for reason, paths in reasons.items()),
        notes=(*layout.notes, *_notes(layout, folders)),
    )
    try:
        check_classes(root, tree.labels, tree.is_val, readable, shown_sides)
    except DataError as error:
        raise DataError(f"{str(error).removesuffix('.')}{_lost(listing)}.") from error
    return tree


def _place(path: str, sides: dict[str, bool], numbers: dict[str, int]) -> tuple[int, bool] | None:
    """(label, whether it validates) of a photo by its path; None outside the class folders."""
    for side, is_val in sides.items():
        if not side or path.startswith(f"{side}/"):
            folder, slash, _ = path[len(side) + 1 if side else 0 :].partition("/")
            if slash and (label := numbers.get(_nfc(folder))) is not None:
                return label, is_val
    return None


def _refuse_unknown_classes(folders: _Folders, layout: _Layout, numbers: dict[str, int], root: str) -> None:
    if layout.val is None:
        return
    for name in folders.inside[layout.val]:
        if _nfc(name) not in numbers and folders.below[_join(layout.val, name)]:
            raise DataError(
                f"{root}/{display_name(layout.val)} has a class {display_name(name)!r} that "
                f"{display_name(layout.train) or 'the rest'} does not have: add it there or remove it."
            )


def _left_out(reason: str, paths: Sequence[str]) -> LeftOut:
    return LeftOut(reason, len(paths), tuple(map(display_name, paths[:EXAMPLES])))


def _lost(listing: Listing) -> str:
    """What was left out, for an error that it may have caused."""
    largest = sorted((*listing.refused, *listing.left_out), key=lambda left_out: -left_out.count)[:3]
    return f" (left out: {'; '.join(map(str, largest))})" if largest else ""


def _notes(layout: _Layout, folders: _Folders) -> list[str]:
    """Where two class folders are nearly the same, and where there are folders in them."""
    notes, alike = [], defaultdict(set)
    for name in layout.classes:
        alike[_nfc(name)].add(name)
    for name, folder_names in alike.items():
        if len(folder_names) > 1:
            notes.append(
                f"{len(folder_names)} folders named {display_name(name)!r}, their accents encoded in two ways, are "
                "one class."
            )
    alike = defaultdict(set)
    for name in layout.classes:
        alike[" ".join(_nfc(name).casefold().split())].add(display_name(_nfc(name)))
    for group in alike.values():
        if len(group) > 1:
            listed = " and ".join(map(repr, sorted(group)))
            notes.append(f"{listed} differ in capitals or spaces only: they are {len(group)} classes.")
    nested = [_join(name, inner) for name in layout.classes for inner in folders.inside[_join(layout.train, name)]]
    if nested:
        notes.append(
            f"Photos in folders inside a class folder are of that class: {len(nested)} such folders, "
            f"as {display_name(nested[0])}."
        )
    return [*notes, *_split_like(layout.classes, nested)]


def _split_like(classes: Sequence[str], nested: Sequence[str]) -> list[str]:
    """What is mixed although its name looks like a part of a split: rose/train and rose/val, or photos_a_train."""
    notes = []
    inner = [path for path in nested if split_kind(path.rpartition("/")[2])]
    if inner:
        notes.append(
            f"{display_name(inner[0])} looks like a part of a split inside a class folder, and all of a class folder "
            "is mixed: for that split, put train/ and val/ at the top and the class folders into them."
        )
    kinds = {name: kind for name in classes for word in re.findall(r"[^\W\d_]+", name) if (kind := split_kind(word))}
    if "train" in kinds.values() and len(set(kinds.values())) > 1:
        listed = " and ".join(f"{display_name(name)}/" for name in list(kinds)[:2])
        notes.append(f"{listed} are classes here: if they are parts of a split, rename them to train and val.")
    return notes


def readable_names(table: str, folders: Sequence[str]) -> tuple[str, ...]:
    """Class names from lines of FOLDER<tab>NAME; a folder without a line keeps its own name."""
    given = {}
    for line in table.splitlines():
        folder, _, name = line.partition("\t")
        given[_nfc(folder.strip())] = name.strip()
    readable = [given.get(folder) or folder for folder in folders]
    for name, count in Counter(readable).items():
        if count > 1:
            raise DataError(f"{CLASS_TABLE} gives {count} classes the same name {name!r}: make the names differ.")
    return tuple(_apart(map(display_name, readable)))


def _apart(names: Iterable[str]) -> Iterator[str]:
    """The names with a number behind those that look the same once odd bytes are replaced."""
    used: set[str] = set()
    for name in names:
        number, unique = 1, name
        while unique in used:
            number += 1
            unique = f"{name} ({number})"
        used.add(unique)
        yield unique
