"""Atomic writing, checked reading of files that may be damaged, and the folders of the cache and the runs."""

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


class Malformed(ValueError):
    """What is wrong with a file's content, as the rest of a sentence that begins with the file's name."""


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that appears under ``path`` whole, flushed to the disk, or not at all.

    Its folder must be there: a run that was deleted while it trains must not come back with its next checkpoint.
    """
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


def open_regular(path: str | Path) -> BinaryIO:
    """Open a file to read; OSError for a folder, a pipe or a device, which nothing is read from or waits for."""
    descriptor = _open_without_waiting(path)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(None, "not a regular file", str(path))
    return os.fdopen(descriptor, "rb")


def _open_without_waiting(path: str | Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)


def read_bytes(path: Path, limit: int, offset: int = 0) -> bytes:
    """A regular file's bytes from an offset on; from its end if that is below 0.

    Raises Malformed for more than ``limit`` bytes, and for a folder, a pipe or a device, which may never end; OSError.
    """
    descriptor = _open_without_waiting(path)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Malformed("is a folder" if stat.S_ISDIR(status.st_mode) else "is no plain file")
        place = offset if offset >= 0 else max(0, status.st_size + offset)
        parts, size = [], 0
        while size <= limit and (part := os.pread(descriptor, min(limit + 1 - size, 1 << 26), place + size)):
            parts.append(part)
            size += len(part)
    finally:
        os.close(descriptor)
    if size > limit:
        raise Malformed(f"is larger than {limit:,} bytes")
    return parts[0] if len(parts) == 1 else b"".join(parts)


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
    except ValueError as error:  # Python's limit on the digits of a whole number
        raise Malformed("holds a number that is too long") from error


def _no_number(name: str) -> NoReturn:
    raise Malformed(f"holds {name}, which is no number")


_decoder = json.JSONDecoder(parse_constant=_no_number)


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
    return Path(os.environ.get("ALEXNET_VIZ_CACHE") or Path.home() / ".cache" / "alexnet_viz")


def runs_folder() -> Path:
    """$ALEXNET_VIZ_RUNS or ./runs."""
    return Path(os.environ.get("ALEXNET_VIZ_RUNS") or "runs")
