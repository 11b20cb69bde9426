"""A folder of photos decoded once: uint8 pixels in one memory-mapped file, whole photos, 256 on the short side."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from alexnet_viz.disk import cache_folder
from alexnet_viz.display import display_name
from alexnet_viz.errors import DataError, DecoderBusy, ImageError
from alexnet_viz.images.decode import decode
from alexnet_viz.progress import TextProgress
from alexnet_viz.training.listing import Listing
from alexnet_viz.training.zips import ZipError

SHORT_SIDE = 256
RESERVE = 512 * 2**20  # bytes of disk that the cache leaves free
BLOCK = 1024  # photos
ENTRIES = 8  # what was used longest ago goes when there are more
VERSION = 2  # part of the key: raise it when the pixels that a file gives change

_UNREADABLE = (ImageError, OSError, ZipError)


class Mapped:
    """Photos of any size, one behind the other in a memory-mapped file; ``[row]`` is uint8 (H, W, 3), not copied."""

    def __init__(self, path: Path, sizes: np.ndarray, offsets: np.ndarray) -> None:
        # Copy-on-write, and never written to: torch complains of arrays that it could not write to.
        self._pixels = np.asarray(np.memmap(path, np.uint8, mode="c"))
        self._sizes, self._offsets = sizes, offsets

    def __getitem__(self, row: int) -> np.ndarray:
        return self._pixels[self._offsets[row] : self._offsets[row + 1]].reshape(*self._sizes[row], 3)


class Undecoded:
    """Photos decoded anew at each use, where the disk has no room for their pixels."""

    def __init__(self, listing: Listing, paths: Sequence[str]) -> None:
        self._listing, self._paths = listing, paths

    def __getitem__(self, row: int) -> np.ndarray:
        path = self._paths[row]
        try:
            return _pixels(self._listing, path)[0]
        except _UNREADABLE as error:
            raise DataError(
                f"The photo {display_name(path)} can no longer be read ({error}): put it back, then resume."
            ) from error


@dataclass(frozen=True, eq=False)
class Decoded:
    """The photos that can be decoded: ``photos[row]`` is that of the file ``kept[row]`` in the list that was asked for.

    ``skipped`` says of each other file why it cannot be used. ``digests`` (bytes of 32 characters, one a photo) are
    equal where the files' bytes are; None in what an earlier version decoded.
    """

    photos: Mapped | Undecoded
    kept: np.ndarray
    skipped: tuple[str, ...]
    digests: np.ndarray | None
    notes: tuple[str, ...] = ()


def decode_once(listing: Listing, paths: Sequence[str], on_progress: TextProgress) -> Decoded:
    """Decode these files of a listing, or map what an earlier call left in the cache folder.

    The cache is keyed by the files' names, sizes and times. It appears whole or not at all, and of several processes
    one decodes while the others wait. Where the pixels find no room, every file is still checked once, and a note says
    that photos are decoded at each use. ``on_progress`` is told now and then, in words, how far it is.
    """
    entry = cache_folder() / "photos" / _key(listing, paths)
    with _alone(entry):
        index = _read_index(entry)
        if index is None or not (_has_pixels(entry, index) or _is_full(entry.parent, index["offsets"][-1])):
            index = _build(listing, paths, entry, on_progress)
    refused = (f"{name}: {left_out.reason}" for left_out in listing.refused for name in left_out.names)
    skipped = (*refused, *map(str, index["skipped"]))
    known = index["kept"], skipped, index.get("digests")
    if _has_pixels(entry, index):
        with suppress(OSError):
            os.utime(entry)
        return Decoded(Mapped(entry / "pixels", index["sizes"], index["offsets"]), *known)
    note = (
        f"{index['offsets'][-1] / 1e9:.2f} GB of decoded photos find no room in {entry.parent}: they are decoded at "
        "each use, which is slower. Free some space, or set ALEXNET_VIZ_CACHE to a folder on a larger disk."
    )
    return Decoded(Undecoded(listing, [paths[i] for i in index["kept"]]), *known, (note,))


def _key(listing: Listing, paths: Sequence[str]) -> str:
    stamps = dict(zip(listing.paths, listing.stamps, strict=True))
    digest = hashlib.sha256(f"{VERSION} {SHORT_SIDE} {listing.root}\0".encode(errors="surrogateescape"))
    for path in paths:
        digest.update(os.fsencode(path) + b"\0%d %d\0" % stamps[path])
    return digest.hexdigest()[:24]


@contextmanager
def _alone(entry: Path) -> Iterator[None]:
    """Hold the entry's lock; where its folder cannot be written there is nothing to guard."""
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        lock = open(entry.with_suffix(".lock"), "wb")  # noqa: SIM115 it is closed below, after the yield
    except OSError:
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read_index(entry: Path) -> dict[str, np.ndarray] | None:
    """What an entry knows of its files: kept, sizes (height, width), offsets into the pixels, skipped."""
    try:
        with open(entry / "index.npz", "rb") as file, np.load(file) as arrays:
            return dict(arrays)
    except (OSError, ValueError, zipfile.BadZipFile):
        return None


def _has_pixels(entry: Path, index: dict[str, np.ndarray]) -> bool:
    try:
        return (entry / "pixels").stat().st_size == index["offsets"][-1] > 0
    except OSError:
        return False


def _is_full(folder: Path, size: float) -> bool:
    return shutil.disk_usage(folder).free < size + RESERVE


def _build(listing: Listing, paths: Sequence[str], entry: Path, on_progress: TextProgress) -> dict[str, np.ndarray]:
    """Decode and check every file; the entry gets the index, and the pixels where there is room for them."""
    new = entry.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)  # whoever left it was killed
    try:
        try:
            new.mkdir(parents=True)
            with open(new / "pixels", "wb") as out:
                index = _decode_all(listing, paths, out, on_progress)
                os.fsync(out)
        except OSError:
            with suppress(OSError):
                (new / "pixels").unlink()
            index = _decode_all(listing, paths, None, on_progress)
        with suppress(OSError):  # without an entry the files are checked again next time
            np.savez(new / "index.npz", allow_pickle=False, **index)
            shutil.rmtree(entry, ignore_errors=True)
            new.rename(entry)
            _clear(entry.parent)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return index


def _clear(folder: Path) -> None:
    """Remove the entries that nobody used for longest; a process that still maps one keeps its pixels to its end."""
    entries = sorted(folder.glob("*/index.npz"), key=lambda index: index.parent.stat().st_mtime, reverse=True)
    for index in entries[ENTRIES:]:
        shutil.rmtree(index.parent, ignore_errors=True)


def _decode_all(
    listing: Listing, paths: Sequence[str], out: BinaryIO | None, on_progress: TextProgress
) -> dict[str, np.ndarray]:
    """The index of these files, their pixels written to ``out``; OSError as soon as the disk looks too small."""
    kept, sizes, skipped, digests, offsets = [], [], [], [], [0]
    for done, result in enumerate(_in_parallel(listing, paths), 1):
        if isinstance(result, str):
            skipped.append(result)
        else:
            pixels, digest = result
            kept.append(done - 1)
            sizes.append(pixels.shape[:2])
            digests.append(digest[:32])
            offsets.append(offsets[-1] + pixels.nbytes)
            if out:
                out.write(pixels.data)
        if done % 64 == 0 or done == len(paths):
            if out and _is_full(Path(out.name).parent, offsets[-1] / done * (len(paths) - done)):
                raise OSError(errno.ENOSPC, "no room for the decoded photos")
            on_progress(f"decoding photos: {done:,} of {len(paths):,}")
    return {
        "kept": np.array(kept, np.int64),
        "sizes": np.array(sizes, np.int64).reshape(-1, 2),
        "offsets": np.array(offsets, np.int64),
        "skipped": np.array(skipped, str),
        "digests": np.array(digests, "S32"),
    }


def _in_parallel(listing: Listing, paths: Sequence[str]) -> Iterator[tuple[np.ndarray, str] | str]:
    """Each file's pixels and digest, or why there are none, in order.

    Threads, not processes: Pillow decodes outside Python's lock, so that photos of ordinary size use every core, and
    no child process has to import the program again. Small pieces keep the threads from waiting for the lock.
    """

    def attempt(piece: Sequence[str]) -> list[tuple[np.ndarray, str] | str]:
        results: list[tuple[np.ndarray, str] | str] = []
        for path in piece:
            try:
                results.append(_decoded(listing, path))
            except ImageError as error:
                results.append(str(error))
            except _UNREADABLE as error:
                results.append(f"{display_name(path)} cannot be read: {error}.")
        return results

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for start in range(0, len(paths), BLOCK):  # in blocks, so that no more than these wait in memory
            pieces = [paths[i : i + 16] for i in range(start, min(start + BLOCK, len(paths)), 16)]
            for results in threads.map(attempt, pieces):
                yield from results


def _decoded(listing: Listing, path: str) -> tuple[np.ndarray, str]:
    """``_pixels``, waiting for its turn however long others take: a photo must not be missing for being read late."""
    while True:
        try:
            return _pixels(listing, path)
        except DecoderBusy:
            continue  # it waited for a minute already


def _pixels(listing: Listing, path: str) -> tuple[np.ndarray, str]:
    """One photo, uint8 (H, W, 3), shrunk to 256 on the short side (a smaller one keeps its size), and its digest.

    Decoded and resized as the classify page does it, so that a size of 224 from 256 is the same to the pixel there.
    """
    photo = decode(listing.read(path), display_name(path))
    pixels = photo.pixels
    height, width = pixels.shape[:2]
    short = min(height, width)
    if short > SHORT_SIDE:
        size = int(SHORT_SIDE * width / short), int(SHORT_SIDE * height / short)
        pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
    return np.array(pixels), photo.digest  # a copy that can be written to, which torch insists on
