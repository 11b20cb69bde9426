"""What a folder or a .zip of photos holds: files and folders by name, nothing decoded.

``list_place`` has a child process look (walk.py), with limits on time and memory, for a place may be anything: a device
without an end, a dead network drive, a link to the whole disk, an archive made to do harm.
"""

from __future__ import annotations

import json
import os
import weakref
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from alexnet_viz.disk import open_regular
from alexnet_viz.display import display_name
from alexnet_viz.errors import DataError
from alexnet_viz.progress import TextProgress
from alexnet_viz.sandbox import Busy, OutOfMemory, OutOfTime, Sandbox
from alexnet_viz.training.zips import Member, read_member

_SECONDS, _MEMORY = 600, 3 << 30  # of the child; a million files take some 10 s and 0.6 GB
_sandbox = Sandbox("alexnet_viz.training.walk:list_in_child", seconds=_SECONDS, memory=_MEMORY, children=2)


@dataclass(frozen=True)
class LeftOut:
    """``count`` files or folders that are not used, and why; ``names`` are the first of them, fit to be shown."""

    reason: str
    count: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        """For example "3 no photos, such as cat/notes.txt"."""
        return f"{self.count:,} {self.reason}, such as {self.names[0]}"


@dataclass(frozen=True, eq=False)
class Listing:
    """The photo files of a folder or .zip ``root``, unread: ``paths`` (N), relative to it, with slashes, sorted.

    ``stamps`` (N) holds for each file what changes when the file does: (bytes, modification time in ns), in a zip
    (bytes, CRC-32). ``folders`` are all folders, empty ones too; ``tables`` are the texts of classes.tsv files by path.
    ``refused`` are photos that cannot be read, ``left_out`` is all else that is not used. ``twins`` has an entry for
    each file whose bytes a file before it has too, and names that one; it is None where too many files are of equal
    size to compare them.
    """

    root: Path
    paths: tuple[str, ...]
    stamps: tuple[tuple[int, int], ...]
    folders: frozenset[str]
    read: FolderReader | ZipReader
    tables: dict[str, str]
    refused: tuple[LeftOut, ...]
    left_out: tuple[LeftOut, ...]
    twins: dict[str, str] | None

    def inside(self, folder: str) -> Listing:
        """The same of a folder in it. ``twins`` may name files outside."""
        if not folder:
            return self
        start = len(folder) + 1
        used = [i for i, path in enumerate(self.paths) if path.startswith(f"{folder}/")]
        return replace(
            self,
            root=self.root / folder if isinstance(self.read, FolderReader) else self.root,
            paths=tuple(self.paths[i][start:] for i in used),
            stamps=tuple(self.stamps[i] for i in used),
            folders=frozenset(path[start:] for path in self.folders if path.startswith(f"{folder}/")),
            read=self.read.inside(folder),
            tables={path[start:]: text for path, text in self.tables.items() if path.startswith(f"{folder}/")},
            twins=self.twins
            and {path[start:]: first for path, first in self.twins.items() if path.startswith(f"{folder}/")},
        )


def list_place(place: Path, on_progress: TextProgress = lambda _: None) -> Listing:
    """List a folder or a .zip in a child process; DataError where that cannot be done.

    ``on_progress`` is called ten times a second with words; an error that it raises ends the listing.
    """
    shown = display_name(place)
    words = [f"listing {shown}"]

    def keep(message: str) -> None:
        words[0] = message

    try:
        _, body = _sandbox.run({"place": os.path.abspath(place)}, b"", keep, lambda: on_progress(words[0]))
    except OutOfTime as error:
        raise DataError(
            f"{shown} could not be listed within {_SECONDS // 60} minutes: choose a part of it, or a copy on a disk "
            "of this machine."
        ) from error
    except OutOfMemory as error:
        raise DataError(
            f"Listing {shown} takes more than {_MEMORY >> 30} GB of memory: choose a smaller part of it."
        ) from error
    except Busy as error:
        raise DataError(f"Other folders are being listed: try {shown} again in a minute.") from error
    return _listing(json.loads(body))


def _listing(columns: dict[str, Any]) -> Listing:
    """What the child found, as it sent it."""
    root, paths = Path(columns["root"]), tuple(columns["paths"])
    if columns["members"]:
        members = {path: Member(path, *values) for path, values in zip(paths, columns["members"], strict=True)}
        read: FolderReader | ZipReader = ZipReader(root, members)
    else:
        read = FolderReader(root)
    refused, left_out = (
        tuple(LeftOut(reason, count, tuple(names)) for reason, count, names in columns[kind])
        for kind in ("refused", "left_out")
    )
    return Listing(
        root=root,
        paths=paths,
        stamps=tuple(zip(columns["sizes"], columns["stamps"], strict=True)),
        folders=frozenset(columns["folders"]),
        read=read,
        tables=columns["tables"],
        refused=refused,
        left_out=left_out,
        twins=columns["twins"],
    )


@dataclass(frozen=True)
class FolderReader:
    """Reads a folder's files by path."""

    root: Path

    def __call__(self, path: str) -> bytes:
        with open_regular(self.root / path) as file:
            return file.read()

    def inside(self, folder: str) -> FolderReader:
        return FolderReader(self.root / folder)


class ZipReader:
    """Reads a zip's members by path. Nothing is unpacked to disk, so that no name can lead anywhere."""

    def __init__(self, root: Path, members: dict[str, Member]) -> None:
        self._root, self._members = root, members
        self._file: BinaryIO | None = None

    def __call__(self, path: str) -> bytes:
        if self._file is None:
            self._file = open_regular(self._root)
            weakref.finalize(self, self._file.close)
        return read_member(self._file, self._members[path])

    def inside(self, folder: str) -> ZipReader:
        start = len(folder) + 1
        members = {path[start:]: member for path, member in self._members.items() if path.startswith(f"{folder}/")}
        return ZipReader(self._root, members)
