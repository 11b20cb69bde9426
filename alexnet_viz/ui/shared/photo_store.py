"""Where the bytes of uploaded photos are kept.

A server on its own keeps them in its memory, and nothing reaches the disk. Replicas, several servers behind one load
balancer, also share a store, so that a link to a photo opens on each of them, also after the one that took the photo
has died. ``ALEXNET_VIZ_PHOTO_STORE`` names it: ``folder:/srv/photos`` or ``redis://host:6379/0``.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

from alexnet_viz.disk import Malformed, read_bytes, write_atomically
from alexnet_viz.display import display_name
from alexnet_viz.errors import StoreError
from alexnet_viz.lru_cache import LRUCache

T = TypeVar("T")

VARIABLE = "ALEXNET_VIZ_PHOTO_STORE"
MEMORY_BYTES = 512 << 20
FOLDER_BYTES = 2 << 30
DAYS = 7  # that a shared store keeps a photo after its last upload
SECONDS = DAYS * 24 * 3600

_PAUSE = 5.0  # seconds without a question to a store that did not answer: each visitor would wait for it again
_PHOTO_BYTES = 64 << 20  # more than any upload has, its name included
_SMALLEST = 256 << 10  # bytes that a file of a folder counts at least, which bounds how many there are to list
_TORN_AFTER = 3600.0  # seconds: what a killed process left half written is of no use
_NAME = 1000  # characters of a photo's name that are kept
_REFERENCE = re.compile(r"upload-([0-9a-f]{32})")
_PART = re.compile(r"\.upload-[0-9a-f]{32}\.[0-9a-f]+\.part")  # as disk.atomic_file names it

_log = logging.getLogger("alexnet_viz")


class File(NamedTuple):
    """A photo's bytes as they were uploaded, and its file's name."""

    data: bytes
    name: str


class PhotoStore(Protocol):
    """Uploaded photos under ``reference_of(data)``. Safe to use from many threads, a shared one from many processes.

    Both methods raise StoreError where the store cannot be reached. ``what_happens`` tells a visitor in a sentence what
    becomes of a photo.
    """

    what_happens: str

    def put(self, reference: str, data: bytes, name: str) -> None:
        """Keep a photo, in place of what stood under its reference."""

    def get(self, reference: str) -> File | None:
        """The photo, if the store holds it and its bytes are those that the reference names."""


def reference_of(data: bytes) -> str:
    """What names a photo in addresses and stores: half of its bytes' SHA-256."""
    return f"upload-{hashlib.sha256(data).hexdigest()[:32]}"


class MemoryStore:
    """The photos of this process, in bounded memory; in front of a ``shared`` store if one is given.

    While that one does not answer, photos are kept here alone, and put into it once it does.
    """

    def __init__(self, limit: int = MEMORY_BYTES, shared: PhotoStore | None = None) -> None:
        self._files: LRUCache[File] = LRUCache(limit, lambda file: len(file.data))
        self._shared = shared
        self._unsaved: set[str] = set()
        self._lock = threading.Lock()  # for the set alone
        self._error = StoreError()
        self._asks_again = 0.0  # on the monotonic clock
        self.what_happens = (
            shared.what_happens if shared else "Photos stay in this server's memory and are never written to its disk."
        )

    def put(self, reference: str, data: bytes, name: str) -> None:
        """Keep a photo; one that is there keeps its first name."""
        is_new = not self.holds(reference)
        self._files.get(reference, lambda: File(data, name))
        if self._shared is None:
            return
        if is_new:
            with self._lock:
                self._unsaved.add(reference)
        with suppress(StoreError):  # it is in the log, and the photo can be seen here
            self._save(self._shared)

    def _save(self, shared: PhotoStore) -> None:
        """Put into the shared store what is not there yet."""
        with self._lock:
            unsaved = list(self._unsaved)
        for reference in unsaved:
            if file := self._files.peek(reference):
                self._ask(partial(shared.put, reference, *file))
            with self._lock:
                self._unsaved.discard(reference)

    def get(self, reference: str) -> File | None:
        """The photo, from the shared store if it is not in memory. Raises StoreError."""
        file, shared = self._files.peek(reference), self._shared
        if file is None and shared is not None:
            file = self._ask(lambda: shared.get(reference))
            if file is not None:
                self._files.get(reference, lambda: file)
        return file

    def holds(self, reference: str) -> bool:
        """Whether the photo is in this process's memory."""
        return self._files.peek(reference) is not None

    def _ask(self, question: Callable[[], T]) -> T:
        """The shared store's answer; after an error the same error at once, for a while. Raises StoreError."""
        if time.monotonic() < self._asks_again:
            raise StoreError(*self._error.args)
        try:
            return question()
        except StoreError as error:
            self._error, self._asks_again = error, time.monotonic() + _PAUSE
            _log.warning("%s", error)
            raise


class FolderStore:
    """Photos as files of a folder that all replicas see, by NFS for instance; at most ``limit`` bytes.

    A photo goes ``seconds`` after its last upload; those uploaded longest ago go first. Nothing but photos is touched.
    What is too old is deleted with the next upload. Raises StoreError for a folder that cannot be written to.
    """

    what_happens = f"Photos are kept for at most {DAYS} days in a folder that this app's servers share."

    def __init__(self, folder: Path, limit: int = FOLDER_BYTES, seconds: float = SECONDS) -> None:
        self._folder, self._limit, self._seconds = folder, limit, seconds
        with self._reporting():
            folder.mkdir(0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
            self._sweep()

    def put(self, reference: str, data: bytes, name: str) -> None:
        with self._reporting():
            write_atomically(self._folder / _checked(reference), _packed(data, name))
            self._sweep()

    def get(self, reference: str) -> File | None:
        if not _REFERENCE.fullmatch(reference):
            return None
        path = self._folder / reference
        with self._reporting():
            try:
                is_old = time.time() - path.stat().st_mtime > self._seconds
                return None if is_old else _unpacked(reference, read_bytes(path, _PHOTO_BYTES))
            except FileNotFoundError:
                return None
            except Malformed as error:
                _log.warning("%s %s.", display_name(path), error)
                return None

    def _sweep(self) -> None:
        """Delete what is too old or too much, and what killed processes left. Another process may do it, too."""
        now, photos = time.time(), []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if not (_REFERENCE.fullmatch(entry.name) or _PART.fullmatch(entry.name)):
                    continue
                with suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    age = now - status.st_mtime
                    if age > (_TORN_AFTER if entry.name.startswith(".") else self._seconds):
                        os.unlink(entry.path)
                    elif not entry.name.startswith("."):
                        photos.append((status.st_mtime_ns, entry.path, max(status.st_size, _SMALLEST)))
        excess = sum(size for _, _, size in photos) - self._limit
        for _, path, size in sorted(photos)[:-1]:  # the newest always stays
            if excess <= 0:
                return
            with suppress(FileNotFoundError):
                os.unlink(path)
            excess -= size

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"Photos cannot be kept in {display_name(self._folder)} ({error.strerror or error}): change its rights "
                f"or free some space, or name another folder in {VARIABLE}."
            ) from error


class RedisStore:
    """Photos in Redis or Valkey, which forgets them ``seconds`` after their last upload.

    Its own ``maxmemory`` bounds them, and ``maxmemory-policy`` says which go first. Raises StoreError for one that
    does not answer or has no bound, and where the package redis is not installed.
    """

    what_happens = f"Photos are kept for at most {DAYS} days in a store that this app's servers share."

    def __init__(self, address: str, seconds: int = SECONDS) -> None:
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError:
            raise StoreError(
                f"{VARIABLE} names a Redis, which needs a package that is not installed here: "
                "python -m pip install redis."
            ) from None
        self._seconds, self._error_kind = seconds, redis.RedisError
        self._place = _without_password(address)
        try:
            self._client = redis.Redis.from_url(
                address,
                socket_connect_timeout=2,  # visitors wait for it
                socket_timeout=10,
                retry=Retry(NoBackoff(), 1),  # a kept connection may have been closed meanwhile
            )
        except ValueError as error:
            raise StoreError(f"{VARIABLE} names a Redis that cannot be ({error}): redis://host:6379/0 can.") from error
        with self._reporting():
            memory = self._client.info("memory")
        if not memory.get("maxmemory") or memory.get("maxmemory_policy") == "noeviction":
            raise StoreError(
                f"The store of photos at {self._place} has no bound: start it with maxmemory (2gb, say) and "
                "maxmemory-policy (allkeys-lru, say)."
            )

    def put(self, reference: str, data: bytes, name: str) -> None:
        with self._reporting():
            self._client.set(_key(_checked(reference)), _packed(data, name), ex=self._seconds)

    def get(self, reference: str) -> File | None:
        if not _REFERENCE.fullmatch(reference):
            return None
        with self._reporting():
            packed = self._client.get(_key(reference))
        return _unpacked(reference, packed) if isinstance(packed, bytes) else None

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except self._error_kind as error:
            raise StoreError(
                f"The store of photos at {self._place} does not answer ({display_name(error).rstrip('.')[:200]}): "
                f"start it, or name another in {VARIABLE}."
            ) from error


@lru_cache(maxsize=1)
def shared_store() -> FolderStore | RedisStore | None:
    """The store that the environment names, the same for all callers; None for none. Raises StoreError."""
    address = os.environ.get(VARIABLE, "").strip()
    kind, _, place = address.partition(":")
    if not address:
        return None
    if kind == "folder" and place:
        return FolderStore(Path(place).expanduser())
    if kind in ("redis", "rediss"):
        return RedisStore(address)
    # What follows the colon may hold a password.
    raise StoreError(
        f"{VARIABLE} must be folder:/a/path or redis://host:6379/0, not {display_name(kind)[:40]!r}"
        f"{' and what follows' if place else ''}."
    )


def _checked(reference: str) -> str:
    """The reference; ValueError for what cannot be one, which must not become a file's name."""
    if not _REFERENCE.fullmatch(reference):
        raise ValueError(f"{reference!r} names no upload")
    return reference


def _key(reference: str) -> str:
    return f"alexnet_viz:photo:{reference}"


def _without_password(address: str) -> str:
    parts = urlsplit(address)
    return display_name(parts.netloc.rpartition("@")[2] or parts.path)


def _packed(data: bytes, name: str) -> bytes:
    """One block of both: the name as a line of JSON, then the bytes."""
    return json.dumps(name[:_NAME]).encode("ascii") + b"\n" + data


def _unpacked(reference: str, packed: bytes) -> File | None:
    """The photo of a block; None, with a line in the log, for one that is torn or was tampered with."""
    head, _, data = packed.partition(b"\n")
    with suppress(ValueError):
        name = json.loads(head)
        if isinstance(name, str) and reference_of(data) == reference:
            return File(data, name[:_NAME])
    _log.warning("The shared store of photos holds under %s what is not that photo.", reference)
    return None
