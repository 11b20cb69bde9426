"""The film of a run: its snapshots as frames for the browser, which plays them by itself."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from alexnet_viz.bounded import Bounded
from alexnet_viz.components.film import packed
from alexnet_viz.figures import training as figures
from alexnet_viz.training import runs
from alexnet_viz.training.snapshots import read_photo, read_snapshot, snapshot_steps

_LENGTH = 120  # frames at most

_photos: Bounded[tuple[str, int] | None] = Bounded(16)
_starts: Bounded[np.ndarray] = Bounded(16)
_frames: Bounded[tuple[bytes, list, dict]] = Bounded(64 << 20, lambda frame: len(frame[0]))


def frames(run: runs.Run, first: int | None = None) -> bytes:
    """The frames from ``first`` on, or the newest alone; each is some 100 kB. With the photo for who has none yet."""
    stride = -(-run.recipe.snapshots // _LENGTH) or 1
    steps = snapshot_steps(run.path)[::stride]
    # The photo is there before the first snapshot. Made once: to encode it takes 15 ms.
    if not steps or (photo := _photos.get((run.path, run.created), lambda: _photo(run))) is None:
        return packed({"steps": []}, 0, [], [])
    names = runs.class_names(run.path)
    start = len(steps) - 1 if first is None else max(0, first)
    found = [_frame(run, step, steps[0], names) for step in steps[start:]]
    _, _, shapes = _frame(run, steps[-1], steps[0], names)
    story = {"steps": list(steps), **shapes, "truth": _name(names, photo[1])} | ({} if first else {"photo": photo[0]})
    return packed(story, start, [one[0] for one in found], [one[1] for one in found])


def _frame(run: runs.Run, step: int, first: int, names: tuple[str, ...]) -> tuple[bytes, list, dict]:
    """(pixels, top-5, shapes) of a snapshot, made once for all; ``first`` is the step of the first one."""
    return _frames.get((run.path, run.created, step), lambda: _make_frame(run, step, first, names))


def _make_frame(run: runs.Run, step: int, first: int, names: tuple[str, ...]) -> tuple[bytes, list, dict]:
    start = _starts.get((run.path, run.created), lambda: read_snapshot(run.path, first).conv1)
    shot = read_snapshot(run.path, step)
    best = shot.probabilities.argsort()[::-1][:5]
    top = [[_name(names, int(index)), round(float(shot.probabilities[index]), 4)] for index in best]
    filters = shot.conv1.shape
    gained = np.linalg.norm(shot.conv1 - start) / np.linalg.norm(shot.conv1)
    shapes = {
        "filters": [filters[0], *filters[2:]],
        "maps": {name: list(maps.shape) for name, maps in shot.maps.items()},
        # Where the noise of the start outweighs what was learned, the filters as they are show nothing else.
        "look": "learned" if gained < 0.7 else "filters",
    }
    return figures.frame(shot.conv1, start, shot.maps), top, shapes


def _photo(run: runs.Run) -> tuple[str, int] | None:
    """(the fixed photo as a data URI, its class)."""
    if (found := read_photo(run.path)) is None:
        return None
    file = io.BytesIO()
    Image.fromarray(found[0]).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode(), found[1]


def _name(names: tuple[str, ...], index: int) -> str:
    return names[index] if index < len(names) else f"class {index}"
