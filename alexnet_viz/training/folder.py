"""Photos sorted into folders, one folder a class: an ImageFolder tree on disk or in a .zip, listed but not decoded."""

from __future__ import annotations

import os
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from threading import Lock

import numpy as np

from alexnet_viz.errors import DataError

PHOTO_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"))
MAX_PHOTO_BYTES = 64 * 2**20  # a zip's member that unpacks to more is refused unread
CLASS_TABLE = "classes.tsv"

LAYOUT = "Expected ROOT/train/CLASS/photo.jpg and ROOT/val/CLASS/photo.jpg, or ROOT/CLASS/photo.jpg"


@dataclass(frozen=True, eq=False)
class Listing:
    """The photo files below ``root``, unread. ``paths`` are relative to it, with slashes, sorted.

    ``stamps`` holds for each file what changes when the file does: (bytes, modification time in ns), in a zip
    (bytes, CRC-32). ``folders`` are all folders, empty ones too; ``names`` is the text of classes.tsv; ``refused`` are
    files that cannot be read, each with why.
    """

    root: Path
    paths: tuple[str, ...]
    stamps: tuple[tuple[int, int], ...]
    folders: frozenset[str]
    read: Callable[[str], bytes]
    names: bytes
    refused: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Tree:
    """The photos that belong to a class: paths (N) of a listing, ``labels`` int64 (N,).

    ``is_val`` bool (N,) is None where the tree has no split of its own. ``class_names`` are the readable ones.
    """

    listing: Listing
    paths: tuple[str, ...]
    labels: np.ndarray
    is_val: np.ndarray | None
    class_names: tuple[str, ...]


def read_tree(root: Path) -> Tree:
    """Find the classes of a folder or a .zip; a ``classes.tsv`` at its root gives them readable names.

    Raises DataError for what cannot be trained on: nothing there, fewer than two classes, an empty class, a class
    in ``val`` that ``train`` lacks.
    """
    listing = _list(root)
    sides = [side for side in ("train", "val") if side in listing.folders] if "train" in listing.folders else [""]
    classes, *others = (_folders_in(listing.folders, side) for side in sides)
    if len(classes) < 2:
        found = f"only the class {classes[0]!r}" if classes else "no class folder"
        raise DataError(f"{root} holds {found}, and training needs at least two classes. {LAYOUT}.")
    for unknown in (name for names in others for name in names if name not in classes):
        raise DataError(f"{root}/val has a class {unknown!r} that train does not have: add it there or remove it.")
    number = {name: index for index, name in enumerate(classes)}
    paths, labels, is_val = [], [], []
    for path in listing.paths:
        side = path.split("/", 1)[0] if sides[0] else ""
        folder, *file = path.removeprefix(f"{side}/").split("/")
        if file and side in sides:
            paths.append(path)
            labels.append(number[folder])
            is_val.append(side == "val")
    labels = np.array(labels, np.int64)
    is_val = np.array(is_val, bool) if len(sides) == 2 else None
    check_classes(root, labels, is_val, classes)
    return Tree(listing, tuple(paths), labels, is_val, _readable(listing.names, classes))


def check_classes(root: Path, labels: np.ndarray, is_val: np.ndarray | None, names: tuple[str, ...]) -> None:
    """Every class must have photos on both sides of the split; without one it needs two. DataError otherwise."""
    sides = [("", labels, 2)] if is_val is None else [("/train", labels[~is_val], 1), ("/val", labels[is_val], 1)]
    for side, present, least in sides:
        counts = np.bincount(present, minlength=len(names))
        if counts.min() < least:
            need = "a photo" if least == 1 else "two photos, one of them for validation"
            raise DataError(
                f"The class {names[counts.argmin()]!r} in {root}{side} has {counts.min()} usable photos: "
                f"give every class at least {need}, or remove the folder."
            )


def _list(root: Path) -> Listing:
    try:
        if root.is_dir():
            return _list_folder(root)
    except OSError as error:
        raise DataError(
            f"{error.filename} cannot be read ({error.strerror}): change its rights, or remove it."
        ) from error
    if not root.exists():
        raise DataError(f"There is no folder or .zip file {root}. {LAYOUT}.")
    try:
        return _list_zip(root)
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        raise DataError(f"{root} is neither a folder nor a readable .zip file. {LAYOUT}.") from error


def _list_folder(root: Path) -> Listing:
    files, folders, refused = {}, set(), []
    for here, names, found in os.walk(root, followlinks=True, onerror=_raise):
        names[:] = [name for name in names if not _is_junk(name)]
        inside = PurePosixPath(Path(here).relative_to(root).as_posix())
        folders.update(str(inside / name) for name in names)
        for name in filter(_is_photo, found):
            path = str(inside / name)
            try:
                status = os.stat(os.path.join(here, name))
                files[path] = (status.st_size, status.st_mtime_ns)
            except OSError as error:
                refused.append(f"{path}: {error.strerror}")
    table = root / CLASS_TABLE
    names = table.read_bytes() if table.is_file() else b""
    return _listing(root, files, folders, partial(_read_file, root), names, refused)


def _raise(error: OSError) -> None:
    """For os.walk, which else leaves out without a word what it may not list."""
    raise error


def _list_zip(path: Path) -> Listing:
    """The members of a zip. They are read from it and never unpacked to disk, so that no name can lead anywhere."""
    archive = zipfile.ZipFile(path)
    members, refused = {}, []
    for member in archive.infolist():
        name = PurePosixPath(member.filename)
        if name.is_absolute() or ".." in name.parts:
            refused.append(f"{member.filename}: its path leads out of the archive")
        elif not any(map(_is_junk, name.parts)):
            members[name] = member
    top = _wrapping_folder(members)
    files, folders, names = {}, set(), b""
    for name, member in members.items():
        inside = name.relative_to(top)
        folders.update(str(folder) for folder in (inside, *inside.parents)[not member.is_dir() :])
        if str(inside) == CLASS_TABLE and member.file_size <= MAX_PHOTO_BYTES:
            names = archive.read(member)
        elif member.is_dir() or not _is_photo(inside.name):
            continue
        elif member.file_size > MAX_PHOTO_BYTES:
            refused.append(f"{inside}: larger than {MAX_PHOTO_BYTES >> 20} MB unpacked")
        elif member.flag_bits & 1:
            refused.append(f"{inside}: encrypted")
        else:
            files[str(inside)] = (member.file_size, member.CRC)
    return _listing(path, files, folders - {"."}, partial(_read_member, archive, Lock(), top), names, refused)


def _listing(
    root: Path, files: dict, folders: set[str], read: Callable[[str], bytes], names: bytes, refused: list[str]
) -> Listing:
    paths = tuple(sorted(files))
    stamps = tuple(files[path] for path in paths)
    return Listing(root.resolve(), paths, stamps, frozenset(folders), read, names, tuple(refused))


def _wrapping_folder(members: Iterable[PurePosixPath]) -> PurePosixPath:
    """The folder inside a zip that holds the classes: many archives wrap everything in one folder of the same name."""
    top = PurePosixPath()
    while True:
        inside = {name.relative_to(top).parts for name in members if name != top and name.is_relative_to(top)}
        first = {parts[0] for parts in inside}
        if len(first) != 1 or "train" in first or max(map(len, inside)) < 3:
            return top
        top /= first.pop()


def _folders_in(folders: frozenset[str], parent: str) -> tuple[str, ...]:
    """The names of the folders right inside one (inside the root: ""), in order."""
    names = (PurePosixPath(folder) for folder in folders)
    return tuple(sorted(name.name for name in names if name.parent == PurePosixPath(parent)))


def _readable(table: bytes, folders: tuple[str, ...]) -> tuple[str, ...]:
    """Class names from lines of FOLDER<tab>NAME; a folder without a line keeps its own name."""
    names = {}
    for line in table.decode("utf-8-sig", "replace").splitlines():
        folder, _, name = line.partition("\t")
        names[folder.strip()] = name.strip()
    readable = tuple(names.get(folder) or folder for folder in folders)
    for name, count in Counter(readable).items():
        if count > 1:
            raise DataError(f"{CLASS_TABLE} gives {count} classes the same name {name!r}: make the names differ.")
    return readable


def _is_photo(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in PHOTO_SUFFIXES and not _is_junk(name)


def _is_junk(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _read_file(root: Path, path: str) -> bytes:
    return (root / path).read_bytes()


def _read_member(archive: zipfile.ZipFile, lock: Lock, top: PurePosixPath, path: str) -> bytes:
    with lock:  # an archive's count of open members is not safe among threads
        return archive.read(str(top / path))
