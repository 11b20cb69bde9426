"""A collection of photos to look through: some at hand, a folder, a .zip, or what a run validates on. No torch here."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

import numpy as np

from alexnet_viz import permissions
from alexnet_viz.display import display_name
from alexnet_viz.errors import DataError
from alexnet_viz.images.decode import decode
from alexnet_viz.progress import TextProgress
from alexnet_viz.training.folder import readable_names
from alexnet_viz.training.listing import Listing, list_place
from alexnet_viz.training.zips import ZipError
from alexnet_viz.values import Photo

RUN = "run:"


@dataclass(frozen=True, eq=False)
class Collection:
    """N photos by number, read when they are needed: ``read(number)`` raises ImageError, DataError.

    ``key`` changes with any of the photos. ``labels`` int64 (N,) are numbers of ``class_names``, −1 for no class.
    ``place`` is the folder or .zip that they are in; what is in none is never written to the disk.
    """

    title: str
    key: str
    names: tuple[str, ...]
    read: Callable[[int], Photo]
    labels: np.ndarray
    class_names: tuple[str, ...] = ()
    place: Path | None = None

    def __len__(self) -> int:
        return len(self.names)

    def class_of(self, number: int) -> str:
        """A photo's class in the collection, empty for none."""
        label = int(self.labels[number])
        return self.class_names[label] if label >= 0 else ""


def of_photos(title: str, references: Sequence[str], names: Sequence[str], load: Callable[[str], Photo]) -> Collection:
    """Photos at hand, by references that stand for their bytes. Raises DataError for none."""
    if not references:
        raise DataError("There is no photo to look through: drop one in, or name a folder of photos.")
    key = _digest("\n".join(references))
    return Collection(title, key, tuple(names), lambda i: load(references[i]), np.full(len(references), -1))


def of_place(place: Path, on_progress: TextProgress = lambda _: None) -> Collection:
    """All photos of a folder or a .zip, with the folder that each lies in as its class. Raises DataError.

    A ``classes.tsv`` gives the folders readable names, as for training. Raises NotPermitted.
    """
    permissions.require_path(place)
    shown = display_name(place)
    if not os.path.exists(place):
        raise DataError(f"There is no folder or .zip file {shown}: check the path.")
    if place.is_file() and place.suffix.lower() != ".zip" and not zipfile.is_zipfile(place):
        raise DataError(f"{shown} is neither a folder nor a .zip file: choose one with photos in it.")
    listing = list_place(place, on_progress)
    if not listing.paths:
        others = f" ({'; '.join(map(str, listing.left_out))})" if listing.left_out else ""
        raise DataError(f"{shown} holds no photos{others}: choose a folder or a .zip file with photos in it.")
    folders = [normalize("NFC", path.rpartition("/")[0].rpartition("/")[2]) for path in listing.paths]
    classes = sorted({folder for folder in folders if folder})
    numbers = {folder: number for number, folder in enumerate(classes)}
    stamps = (f"{path} {size} {time}" for path, (size, time) in zip(listing.paths, listing.stamps, strict=True))
    return Collection(
        title=shown,
        key=_digest("\n".join(stamps)),
        names=tuple(display_name(path) for path in listing.paths),
        read=lambda number: _read(listing, number),
        labels=np.array([numbers.get(folder, -1) for folder in folders]),
        class_names=readable_names("\n".join(listing.tables.values()), classes),
        place=place,
    )


def of_run(run: str, runs: Path | None = None, on_progress: TextProgress = lambda _: None) -> Collection:
    """The photos that a run validates on; it trained on none of them. Raises RunError, DataError."""
    from alexnet_viz.training import data
    from alexnet_viz.training.runs import read_run, run_named

    recipe = read_run(run_named(run, runs)).recipe
    splits = data.load(recipe, on_progress)
    photos, classes = splits.val, splits.class_names

    def read(number: int) -> Photo:
        pixels = photos.image(number)
        return Photo(names[number], pixels, pixels.shape[1::-1], "", f"{splits.fingerprint}:{number}")

    names = tuple(f"{classes[label]}, photo {number}" for number, label in enumerate(photos.labels))
    _, place = data.place_of(recipe)
    title = f"validation photos of the run {display_name(run)}"
    return Collection(title, _digest(splits.fingerprint), names, read, photos.labels, tuple(classes), place)


def named(text: str, on_progress: TextProgress = lambda _: None) -> Collection:
    """The collection that a text names: ``run:ID``, or the path of a folder or .zip. Raises UserError."""
    if text.startswith(RUN):
        return of_run(text.removeprefix(RUN), on_progress=on_progress)
    permissions.require_path(Path(text))
    return of_place(Path(os.path.expanduser(text)), on_progress)


def last_change(place: str) -> int:
    """When a photo was last put into a folder or one of its folders, or taken out of one: ns. Raises NotPermitted."""
    permissions.require_path(Path(place))
    try:
        path = Path(place).expanduser()
        inside = [entry for entry in os.scandir(path) if entry.is_dir()] if path.is_dir() else []
        return max(path.stat().st_mtime_ns, *(entry.stat().st_mtime_ns for entry in inside), 0)
    except (OSError, ValueError, RuntimeError):
        return 0  # listing it says what is wrong


def _read(listing: Listing, number: int) -> Photo:
    path = listing.paths[number]
    try:
        return decode(listing.read(path), display_name(path))
    except (OSError, ZipError) as error:
        raise DataError(f"{display_name(path)} can no longer be read ({error}): put it back, or look again.") from error


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:24]
