"""The film of a run: its snapshots as frames for the browser, which plays them by itself."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from alexnet_viz.components.film import packed
from alexnet_viz.errors import DamagedFile, RunError
from alexnet_viz.figures import training as figures
from alexnet_viz.figures.data_uri import png_uri
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.training import runs
from alexnet_viz.training.snapshots import read_photo, read_snapshot, snapshot_steps

_LENGTH = 120  # frames at most

_photos: LRUCache[tuple[str, int] | None] = LRUCache(16)
_starts: LRUCache[np.ndarray] = LRUCache(16)
_frames: LRUCache[_Frame] = LRUCache(64 << 20, lambda frame: len(frame.pixels))


def frames(run: runs.Run, first: int | None = None) -> bytes:
    """The frames from ``first`` on, or the newest alone; each is some 100 kB. With the photo for who has none yet.

    A picture that cannot be read is grey, and says so where the others name classes.
    """
    steps = _steps(run)
    # The photo is there before the first snapshot. Made once: to encode it takes 15 ms.
    if not steps or (photo := _photos.get((run.path, run.created), lambda: _photo(run))) is None:
        return packed({"steps": []}, 0, [], [])
    start = len(steps) - 1 if first is None else first
    model = next((frame for step in reversed(steps) if (frame := _frame(run, step, steps)).pixels), None)
    if model is None:
        raise RunError(_frame(run, steps[-1], steps).problem)
    blank = bytes([128]) * len(model.pixels)
    frames = [_frame(run, step, steps) for step in steps[start:]]
    fits = [frame.shapes == model.shapes for frame in frames]
    pixels = [frame.pixels if fit else blank for frame, fit in zip(frames, fits, strict=True)]
    top = [
        frame.top if fit else [[frame.problem or "This picture has another size.", 0.0]]
        for frame, fit in zip(frames, fits, strict=True)
    ]
    truth = _name(run.class_names, photo[1])
    story = {"steps": list(steps), **model.shapes, "look": model.look, "truth": truth} | (
        {} if first else {"photo": photo[0]}
    )
    return packed(story, start, pixels, top)


def problem(run: runs.Run) -> str:
    """What is wrong with the fixed photo or the newest picture, in a sentence; "" for nothing."""
    try:
        read_photo(run.path)
    except DamagedFile as error:
        return str(error)
    steps = _steps(run)
    return _frame(run, steps[-1], steps).problem if steps else ""


def _steps(run: runs.Run) -> tuple[int, ...]:
    stride = -(-run.recipe.snapshots // _LENGTH) or 1
    return snapshot_steps(run.path)[::stride]


@dataclass(frozen=True)
class _Frame:
    """A picture of the film: its pixels, its five strongest classes, its parts' sizes; or what is wrong with it."""

    pixels: bytes = b""
    top: list = field(default_factory=list)
    shapes: dict = field(default_factory=dict)
    look: str = "filters"
    problem: str = ""


def _frame(run: runs.Run, step: int, steps: tuple[int, ...]) -> _Frame:
    """A snapshot's frame, made once for all."""
    try:
        return _frames.get((run.path, run.created, step), lambda: _make_frame(run, step, steps))
    except DamagedFile as error:
        return _Frame(problem=str(error))


def _make_frame(run: runs.Run, step: int, steps: tuple[int, ...]) -> _Frame:
    shot = read_snapshot(run.path, step)
    start = _starts.get((run.path, run.created), lambda: _first_filters(run, steps))
    if start.shape != shot.conv1.shape:
        start = shot.conv1
    best = shot.probabilities.argsort()[::-1][:5]
    top = [[_name(run.class_names, int(index)), round(float(shot.probabilities[index]), 4)] for index in best]
    filters = shot.conv1.shape
    shapes = {
        "filters": [filters[0], *filters[2:]],
        "maps": {name: list(maps.shape) for name, maps in shot.maps.items()},
    }
    look = figures.clearer_view(shot.conv1, start)
    return _Frame(figures.frame(shot.conv1, start, shot.maps), top, shapes, look)


def _first_filters(run: runs.Run, steps: tuple[int, ...]) -> np.ndarray:
    """conv1 as the run began, or in the first snapshot that can be read."""
    for step in steps:
        with contextlib.suppress(DamagedFile):
            return read_snapshot(run.path, step).conv1
    raise AssertionError("asked for after one of them was read")


def _photo(run: runs.Run) -> tuple[str, int] | None:
    """(the fixed photo as a data URI, its class); a grey one, which ``problem`` explains, where it cannot be read."""
    try:
        fixed_photo = read_photo(run.path)
    except DamagedFile:
        fixed_photo = np.full((1, 1, 3), 128, np.uint8), -1
    if fixed_photo is None:
        return None
    return png_uri(Image.fromarray(fixed_photo[0])), fixed_photo[1]


def _name(names: tuple[str, ...], index: int) -> str:
    if index < 0:
        return ""
    return names[index] if index < len(names) else f"class {index}"
