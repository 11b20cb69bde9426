"""Walking through a folder's files or a zip's table of contents, in a child process of its own (see listing.py)."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import stat
import time
from collections import deque
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from alexnet_viz.disk import open_regular
from alexnet_viz.display import display_name
from alexnet_viz.errors import DataError
from alexnet_viz.images.formats import MAX_PHOTO_BYTES, START_BYTES, SUFFIXES, format_of
from alexnet_viz.training.zips import METHODS, Member, ZipError, read_beginning, read_member, read_table

CLASS_TABLE = "classes.tsv"
LAYOUT = "Expected ROOT/train/CLASS/photo.jpg and ROOT/val/CLASS/photo.jpg, or ROOT/CLASS/photo.jpg"
MAX_MEMBER_BYTES = 64 * 2**20  # unpacked
MAX_TABLE_BYTES, MAX_TABLES = 2**20, 16
MAX_DEPTH = 64  # folders inside one another
HASHED_BYTES = 512 * 2**20  # files of equal size are compared while together they have less
BOMB_RATIO, BOMB_BYTES = 100, 4 * 2**30  # a zip that unpacks to more than both of these is refused
EXAMPLES = 1000

# What systems, file managers and notebooks leave in folders, in any case; and whatever begins with a dot.
SYSTEM_NAMES = frozenset(
    (
        *("__macosx", "icon\r", "lost+found", "__pycache__"),
        *("@eadir", "@recycle", "@recently-snapshot", "#recycle", "#snapshot"),  # network drives
        *("$recycle.bin", "recycler", "system volume information", "thumbs.db", "ehthumbs.db", "desktop.ini"),
    )
)
SYSTEM_DISKS = frozenset(
    (
        *("proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "configfs"),
        *("bpf", "pstore", "efivarfs", "mqueue", "binfmt_misc", "fusectl", "hugetlbfs"),
    )
)

NO_PHOTO = "that are no photos"
SYSTEM = "hidden, or made by a system or file manager"
SPECIAL = "that are pipes, sockets, devices or parts of the system"
SAME_FILE = "that are the same file or folder as another one"
OUTSIDE = "outside the class folders"
LOOP = "that link to a folder above"
SAME_NAME = "with a name that comes again (the last one is used)"
TOO_DEEP = f"more than {MAX_DEPTH} folders deep"
TOO_LARGE = f"larger than {MAX_PHOTO_BYTES >> 20} MB"
TOO_LARGE_UNPACKED = f"larger than {MAX_MEMBER_BYTES >> 20} MB unpacked"
LEADS_OUT = "with a path that leads out of the archive"
ENCRYPTED = "encrypted"
UNKNOWN_METHOD = "packed by a method that is not read (save the zip anew)"


def list_in_child(arguments: dict, data: bytes, progress: Callable[[str], None]) -> tuple[dict, bytes]:
    """The listing as columns of plain values; ``arguments`` hold an absolute ``place``."""
    place = arguments["place"]
    findings = Findings(place, progress)
    try:
        status = os.stat(place)
        if stat.S_ISDIR(status.st_mode):
            _Walk(place, findings).run()
        elif stat.S_ISREG(status.st_mode) and status.st_dev not in _system_disks():
            _list_zip(place, findings)
        else:
            raise DataError(f"{display_name(place)} is a device, a pipe or a part of the system. {LAYOUT}.")
    except (FileNotFoundError, NotADirectoryError) as error:
        if error.filename != place:
            raise DataError(f"{display_name(error.filename)} went away while it was listed: try again.") from error
        raise DataError(f"There is no folder or .zip file {display_name(place)}. {LAYOUT}.") from error
    except OSError as error:
        raise DataError(
            f"{display_name(error.filename or place)} cannot be read ({error.strerror}): change its rights, or remove "
            "it."
        ) from error
    return {}, json.dumps(findings.columns()).encode("ascii")


class Findings:
    """What was found so far below a place: ``files`` with (bytes, stamp), ``members`` of a zip, ``folders``."""

    def __init__(self, place: str, progress: Callable[[str], None]) -> None:
        self.place = place
        self.files: dict[str, tuple[int, int]] = {}
        self.members: dict[str, Member] = {}
        self.folders: set[str] = set()
        self.tables: dict[str, bytes] = {}
        self._refused: dict[str, list] = {}
        self._left_out: dict[str, list] = {}
        self._progress, self._next = progress, 0.0

    def leave_out(self, reason: str, name: str) -> None:
        _add(self._left_out, reason, name)

    def refuse(self, reason: str, name: str) -> None:
        """Leave out a photo."""
        _add(self._refused, reason, name)

    def note_table(self, path: str, table: bytes) -> None:
        if len(self.tables) < MAX_TABLES:
            self.tables[path] = table

    def tick(self, doing: str = "") -> None:
        """Say from time to time how far it is."""
        if time.monotonic() > self._next:
            self._next = time.monotonic() + 0.2
            self._progress(doing or f"listing {display_name(self.place)}: {len(self.files):,} photos")

    def columns(self) -> dict[str, Any]:
        paths = sorted(self.files)
        return {
            "root": os.path.realpath(self.place),
            "paths": paths,
            "sizes": [self.files[path][0] for path in paths],
            "stamps": [self.files[path][1] for path in paths],
            "members": [self.members[path][1:] for path in paths] if self.members else [],
            "folders": sorted(self.folders),
            "tables": {path: table.decode("utf-8-sig", "replace") for path, table in self.tables.items()},
            "refused": [(reason, *paths) for reason, paths in self._refused.items()],
            "left_out": [(reason, *paths) for reason, paths in self._left_out.items()],
            "twins": self._twins(paths),
        }

    def _twins(self, paths: list[str]) -> dict[str, str] | None:
        """Files with the bytes of one before them, and that one. Only files of equal size are read."""
        same: dict[object, list[str]] = {}
        for path in paths:
            same.setdefault(self.files[path] if self.members else self.files[path][0], []).append(path)
        groups = [group for group in same.values() if len(group) > 1]
        if self.members:  # equal size and CRC-32
            return {path: group[0] for group in groups for path in group[1:]}
        if sum(self.files[path][0] for group in groups for path in group) > HASHED_BYTES:
            return None
        first: dict[bytes, str] = {}
        twins = {}
        for path in (path for group in groups for path in group):
            self.tick("comparing files of equal size")
            try:
                with open_regular(f"{self.place}/{path}") as file:
                    digest = hashlib.file_digest(cast(io.BufferedReader, file), "sha256").digest()
            except OSError:  # decoding will say so
                continue
            if first.setdefault(digest, path) != path:
                twins[path] = first[digest]
        return twins


def _add(reasons: dict[str, list], reason: str, name: str) -> None:
    entry = reasons.setdefault(reason, [0, []])
    entry[0] += 1
    if len(entry[1]) < EXAMPLES:
        entry[1].append(display_name(name))


def is_system_name(name: str) -> bool:
    """Whether a file or folder is no part of anybody's data, going by its name."""
    return name.startswith(".") or name.casefold() in SYSTEM_NAMES


def has_photo_suffix(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES


# --- a folder ------------------------------------------------------------------------------------


class _Walk:
    """A walk through a folder, each file and folder once: those in their own place first, then those behind links."""

    def __init__(self, root: str, findings: Findings) -> None:
        self._root, self._found = root, findings
        self._real_root = os.path.realpath(root)
        self._system = _system_disks()
        self._seen: set[tuple[int, int]] = set()  # (device, inode)
        self._links: deque[str] = deque()

    def run(self) -> None:
        status = os.stat(self._root)
        if status.st_dev in self._system:
            raise DataError(f"{display_name(self._root)} is a part of the system. {LAYOUT}.")
        self._seen.add((status.st_dev, status.st_ino))
        self._walk("")
        while self._links:
            self._follow(self._links.popleft())

    def _walk(self, top: str) -> None:
        pending = deque([top])
        while pending:
            folder = pending.popleft()
            with os.scandir(self._absolute(folder)) as entries:
                for entry in sorted(entries, key=lambda entry: entry.name):
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if is_system_name(entry.name):
                        self._found.leave_out(SYSTEM, path)
                    elif entry.is_symlink():
                        self._links.append(path)
                    elif self._visit(path):
                        pending.append(path)

    def _follow(self, path: str) -> None:
        target = os.path.realpath(self._absolute(path))
        if self._real_root == target or self._real_root.startswith(target.rstrip("/") + "/"):
            self._found.leave_out(LOOP, path)
        elif self._visit(path):
            self._walk(path)

    def _visit(self, path: str) -> bool:
        """Note a file or folder; True if it is a folder to walk through."""
        self._found.tick()
        try:
            status = os.stat(self._absolute(path))
        except OSError as error:
            self._found.refuse(f"cannot be read ({error.strerror})", path)
            return False
        identity = (status.st_dev, status.st_ino)
        is_folder = stat.S_ISDIR(status.st_mode)
        if status.st_dev in self._system or not (is_folder or stat.S_ISREG(status.st_mode)):
            self._found.leave_out(SPECIAL, path)
        elif identity in self._seen:
            self._found.leave_out(SAME_FILE, path)
        elif is_folder and path.count("/") >= MAX_DEPTH:
            self._found.leave_out(TOO_DEEP, path)
        elif is_folder:
            self._seen.add(identity)
            self._found.folders.add(path)
            return True
        else:
            self._file(path, status, identity)
        return False

    def _file(self, path: str, status: os.stat_result, identity: tuple[int, int]) -> None:
        if path.rpartition("/")[2] == CLASS_TABLE:
            self._found.note_table(path, self._read(path, MAX_TABLE_BYTES))
        elif not (has_photo_suffix(path) or format_of(self._read(path, START_BYTES))):
            self._found.leave_out(NO_PHOTO, path)
        elif status.st_size > MAX_PHOTO_BYTES:
            self._found.refuse(TOO_LARGE, path)
        else:
            self._seen.add(identity)
            self._found.files[path] = (status.st_size, status.st_mtime_ns)

    def _read(self, path: str, most: int) -> bytes:
        """The beginning of a file; nothing of one that cannot be read."""
        try:
            with open_regular(self._absolute(path)) as file:
                return file.read(most)
        except OSError:
            return b""

    def _absolute(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root


def _system_disks() -> frozenset[int]:
    """The device numbers of /proc, /sys, /dev and the like, whose files are no files. Linux says which they are."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
            lines = [line.split() for line in file]
    except OSError:
        return frozenset()
    parents = set()
    for fields in lines:
        if fields[fields.index("-") + 1] in SYSTEM_DISKS:
            major, _, minor = fields[2].partition(":")
            parents.add(os.makedev(int(major), int(minor)))
    return frozenset(parents)


# --- a zip ---------------------------------------------------------------------------------------


def _list_zip(place: str, findings: Findings) -> None:
    try:
        with open_regular(place) as file:
            members = _members(file, findings)
            _refuse_bomb(place, members)
            for path, member in members.items():
                findings.tick()
                _note_member(file, path, member, findings)
    except ZipError as error:
        raise DataError(
            f"{display_name(place)} is neither a folder nor a readable .zip file ({error}). {LAYOUT}."
        ) from error


def _members(file: BinaryIO, findings: Findings) -> dict[str, Member]:
    """The files of an archive by their path, as far as it is one; the folders are noted."""
    members: dict[str, Member] = {}
    for member in read_table(file):
        findings.tick()
        name = member.name.replace("\\", "/")
        shown = name if len(name) < 200 else f"{name[:200]}…"
        if name.count("/") > 2 * MAX_DEPTH:
            findings.refuse(TOO_DEEP, shown)
            continue
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in parts or "\0" in name:
            findings.refuse(LEADS_OUT, shown)
        elif len(parts) > MAX_DEPTH:
            findings.refuse(TOO_DEEP, shown)
        elif any(map(is_system_name, parts)):
            findings.leave_out(SYSTEM, shown)
        elif parts:
            path = "/".join(parts)
            folder = path if name.endswith("/") else path.rpartition("/")[0]
            while folder and folder not in findings.folders:
                findings.folders.add(folder)
                folder = folder.rpartition("/")[0]
            if not name.endswith("/"):
                if path in members:
                    findings.leave_out(SAME_NAME, path)
                members[path] = member
    return members


def _refuse_bomb(place: str, members: dict[str, Member]) -> None:
    size = os.path.getsize(place)
    unpacked = sum(member.size for member in members.values() if member.size <= MAX_MEMBER_BYTES)
    overlap = sum(member.packed for member in members.values()) > size
    if unpacked > BOMB_BYTES and (overlap or unpacked > BOMB_RATIO * size):
        raise DataError(
            f"{display_name(place)} would unpack to {unpacked / 1e9:.0f} GB, {unpacked // size:,} times its size: it "
            "is made to do harm, or must be unpacked and given as a folder."
        )


def _note_member(file: BinaryIO, path: str, member: Member, findings: Findings) -> None:
    if path.rpartition("/")[2] == CLASS_TABLE:
        if member.size <= MAX_TABLE_BYTES and not member.encrypted:
            findings.note_table(path, read_member(file, member))
    elif not (has_photo_suffix(path) or _member_begins_like_a_photo(file, member)):
        findings.leave_out(NO_PHOTO, path)
    elif member.encrypted:
        findings.refuse(ENCRYPTED, path)
    elif member.method not in METHODS:
        findings.refuse(UNKNOWN_METHOD, path)
    elif member.size > MAX_MEMBER_BYTES or member.packed > 2 * MAX_MEMBER_BYTES:
        findings.refuse(TOO_LARGE_UNPACKED, path)
    else:
        findings.files[path] = (member.size, member.crc)
        findings.members[path] = member


def _member_begins_like_a_photo(file: BinaryIO, member: Member) -> bool:
    if member.encrypted or member.method not in METHODS or member.size > MAX_MEMBER_BYTES:
        return False
    try:
        return format_of(read_beginning(file, member, START_BYTES)) is not None
    except ZipError:
        return False
