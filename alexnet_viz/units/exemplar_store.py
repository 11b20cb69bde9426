"""Exemplars on the disk, by the weights and the collection that they are of: computed once, resumed after a stop.

Of a collection that has no place on this machine, such as the photos of a visitor, nothing is written.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from alexnet_viz.disk import atomic_file, cache_folder
from alexnet_viz.errors import DataError
from alexnet_viz.inspection.model import Model
from alexnet_viz.units.collection import Collection
from alexnet_viz.units.exemplars import KINDS, exemplars
from alexnet_viz.units.projection import MAP_LAYERS
from alexnet_viz.values import Exemplars, LayerExemplars, Ranking

MOST_BYTES = 1 << 30  # what was used longest ago goes when searches take more; one of 10,000 photos takes 0.2 GB
SAVE_EACH = 30.0  # seconds
_VERSION = 3  # part of the key: raise it when the same photos give other values
_RESERVE = 512 << 20  # bytes of disk that are left free
_ARRAYS = ("class_counts", "answers")
BY_PHOTO = (*MAP_LAYERS, "thumbnails")  # a row a photo, kept as far as photos were looked at


def collect(
    model: Model,
    collection: Collection,
    relevance: bool = True,
    begun: Exemplars | None = None,
    on_progress: Callable[[Exemplars], None] = lambda _: None,
) -> Exemplars:
    """A collection's exemplars: from the disk, or found now, going on with ``begun`` or with what is on the disk.

    ``on_progress`` gets what was seen so far after each batch; what it raises ends the search, and what was seen is
    kept. Raises DataError.
    """
    path = _path(model, collection, relevance) if collection.place else None
    stored = _load(path) if path else None
    if stored is not None and (begun is None or stored.done > begun.done):
        begun = stored
    newest, saved = begun, time.monotonic()
    try:
        for newest in exemplars(model, collection, relevance, begun):
            if path and not newest.is_complete and time.monotonic() - saved > SAVE_EACH:
                _save(path, newest)
                saved = time.monotonic()
            on_progress(newest)
    finally:
        if path and newest is not None and (stored is None or newest.done > stored.done):
            _save(path, newest)
    assert newest is not None  # a collection has photos
    if newest.skipped_count == newest.total:
        raise DataError(f"None of these {newest.total:,} photos can be read, such as {newest.skipped[0]}")
    return newest


def _path(model: Model, collection: Collection, relevance: bool) -> Path:
    identity = f"{_VERSION} {model.info.id} {model.info.preprocessing} {collection.key} {relevance}"
    return cache_folder() / "exemplars" / f"{hashlib.sha256(identity.encode()).hexdigest()[:24]}.npz"


def _save(path: Path, value: Exemplars) -> None:
    """Keep it if there is room; without, it is looked for anew next time."""
    arrays: dict[str, Any] = {name: getattr(value, name) for name in _ARRAYS}
    arrays |= {name: getattr(value, name)[: value.done] for name in BY_PHOTO}
    arrays["counts"] = np.array([value.done, value.total, value.skipped_count, len(value.thumbnails)])
    arrays["skipped"] = np.array(value.skipped, str)
    for layer, of in value.layers.items():
        arrays[f"{layer}.class_sums"] = of.class_sums
        for kind, ranking in of.rankings.items():
            arrays |= {f"{layer}.{kind}.{part.name}": getattr(ranking, part.name) for part in fields(Ranking)}
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(path.parent).free < _RESERVE + sum(array.nbytes for array in arrays.values()):
            return
        with atomic_file(path) as file:
            np.savez(file, allow_pickle=False, **arrays)
        _forget_oldest(path.parent)


def _load(path: Path) -> Exemplars | None:
    """What is on the disk; None for nothing, or for what is no such file."""
    try:
        with open(path, "rb") as file, np.load(file) as archive:
            arrays = dict(archive)
        with suppress(OSError):
            os.utime(path)
        done, total, skipped_count, vectors = map(int, arrays["counts"])
        layers = {}
        for layer in dict.fromkeys(name.partition(".")[0] for name in arrays if "." in name):
            rankings = {
                kind: Ranking(**{part.name: arrays[f"{layer}.{kind}.{part.name}"] for part in fields(Ranking)})
                for kind in KINDS
                if f"{layer}.{kind}.values" in arrays
            }
            layers[layer] = LayerExemplars(rankings, arrays[f"{layer}.class_sums"])
        by_photo = {}
        for name in BY_PHOTO:
            rows = arrays[name]
            by_photo[name] = np.concatenate([rows, np.zeros((vectors - len(rows), *rows.shape[1:]), rows.dtype)])
        skipped = tuple(map(str, arrays["skipped"]))
        return Exemplars(
            layers,
            **{name: arrays[name] for name in _ARRAYS},
            **by_photo,
            done=done,
            total=total,
            skipped=skipped,
            skipped_count=skipped_count,
        )
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile):
        return None


def _forget_oldest(folder: Path) -> None:
    kept = sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
    held = 0
    for path in kept:
        held += path.stat().st_size
        if held > MOST_BYTES and path != kept[0]:
            path.unlink(missing_ok=True)
