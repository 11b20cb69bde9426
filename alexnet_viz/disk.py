"""Files that appear whole or not at all, files that anything may have happened to, and where the app keeps its own."""

from __future__ import annotations

import json
import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from alexnet_viz.display import display_name

_DIGITS = 40  # of a whole number in JSON: more than any that the app writes


class Malformed(ValueError):
    """What is wrong with a file's content, as the rest of a sentence that begins with the file's name."""


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that appears under ``path`` whole, flushed to the disk, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, also after a crash."""
    with atomic_file(path) as file:
        file.write(data)


@contextmanager
def plain_file(path: Path) -> Iterator[BinaryIO]:
    """A regular file to read from. Raises OSError, and Malformed for a folder, a pipe or a device."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise Malformed("is a folder" if stat.S_ISDIR(mode) else "is no plain file")
        with open(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def read_bytes(path: Path, limit: int, offset: int = 0) -> bytes:
    """A regular file's bytes from an offset on. Raises Malformed for more than ``limit`` of them, OSError."""
    with plain_file(path) as file:
        file.seek(offset)
        data = file.read(limit + 1)
    if len(data) > limit:
        raise Malformed(f"is larger than {limit:,} bytes")
    return data


def read_json(path: Path, limit: int) -> Any:
    """A JSON file's value, without NaN or infinity. Raises Malformed for anything else, OSError."""
    return parse_json(read_bytes(path, limit))


def parse_json(data: bytes) -> Any:
    """The value of UTF-8 JSON, without NaN or infinity by name. Raises Malformed for anything else."""
    if not data.strip():
        raise Malformed("is empty")
    try:
        return _decoder.decode(data.decode("utf-8"))
    except Malformed:
        raise
    except UnicodeDecodeError as error:
        raise Malformed("is no UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise Malformed(f"is no valid JSON ({error.msg}, line {error.lineno})") from error
    except RecursionError as error:
        raise Malformed("is nested too deeply") from error


def _no_number(name: str) -> NoReturn:
    raise Malformed(f"holds {name}, which is no number")


def _whole(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise Malformed(f"holds a number of {len(digits):,} digits")
    return int(digits)


_decoder = json.JSONDecoder(parse_constant=_no_number, parse_int=_whole)


def wrong_with(error: OSError | Malformed) -> str:
    """Why a file cannot be read, as the rest of a sentence that begins with the file's name."""
    return f"cannot be read ({error.strerror or error})" if isinstance(error, OSError) else str(error)


def entry_named(folder: Path, name: str) -> Path | None:
    """The entry that ``display_name`` calls so in a folder, or None. Never a path that leads elsewhere."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        return None
    if os.path.lexists(folder / name):
        return folder / name
    if "\ufffd" not in name or not folder.is_dir():
        return None
    with os.scandir(folder) as entries:
        return next((folder / entry.name for entry in entries if display_name(entry.name) == name), None)


def cache_folder() -> Path:
    """$ALEXNET_VIZ_CACHE or ~/.cache/alexnet_viz."""
    return Path(os.environ.get("ALEXNET_VIZ_CACHE", Path.home() / ".cache" / "alexnet_viz"))


def runs_folder() -> Path:
    """$ALEXNET_VIZ_RUNS or ./runs."""
    return Path(os.environ.get("ALEXNET_VIZ_RUNS", "runs"))
