"""A run's pictures: its curves, what goes on inside it, several runs side by side, and the frames of its film."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np

from alexnet_viz.figures.palette import KIND_COLOURS
from alexnet_viz.values import Chart, Line

TRAIN, VAL = "#56b4e9", "#d55e00"
_LARGEST = 1e30  # beyond it a network has long diverged, and the steps of an axis overflow
_NEAR = 0.9  # as clear as what was learned
POINTS = 400  # of one curve: more than the pixels it has on a page
RUN_COLOURS = ("#56b4e9", "#d55e00", "#049353", "#cc79a7", "#f1a60d", "#8f8a83", "#0a5fc4", "#a3541d")
MEASURES = {"loss": "loss (cross-entropy)", "top1": "top-1", "top5": "top-5"}
_LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8")
_DEPTHS = ("#fdb366", "#f7803c", "#e2552b", "#b93f2b", "#7f3328", "#7ccba2", "#2e9e78", "#056b57")  # conv, then fc


def smoothed(values: list[float], weight: float) -> list[float]:
    """Exponential moving average, debiased as in TensorBoard: weight 0 leaves the values as they are."""
    mean, scale, out = 0.0, 0.0, []
    for value in values:
        mean, scale = mean * weight + value * (1 - weight), scale * weight + 1 - weight
        out.append(mean / scale)
    return out


def curves(rows: list[dict], what: str, *, smooth: float = 0.0, log: bool = False, steps: int = 0) -> Chart:
    """One measure (``loss``, ``top1`` or ``top5``) over the steps, training and validation.

    ``steps`` is how many the run has, if it still goes on: see ``_until``.
    """
    lines, share = [], what != "loss"
    for split, name, colour, kind in (("train", "training", TRAIN, ""), ("val", "validation", VAL, "dots")):
        chosen = [row for row in rows if row["split"] == split]
        x, values = _points(chosen, lambda row: _drawn(row[what], log and not share))
        if not x:
            continue
        if split == "train" and smooth:
            lines.append(Line("", colour, x, values, "faint"))
            values = smoothed(values, smooth)
        lines.append(Line(name, colour, x, values, kind, f"{values[-1]:.1%}" if share else f"{values[-1]:.3f}"))
    return Chart(MEASURES[what], lines, percent=share, log=log and not share, until=_until(rows, steps) if steps else 0)


def _until(rows: list[dict], steps: int) -> int:
    """Where the axis of a run that goes on ends: at a half, quarter, … of its steps, lest it move at every look."""
    until, now = steps, rows[-1]["step"] if rows else 0
    while until > 2 * max(now, 10):
        until = -(-until // 2)
    return until


def compared(runs: dict[str, list[dict]], what: str, split: str = "val") -> Chart:
    """One measure of several runs over their epochs, by the run's name."""
    lines = []
    for index, (name, rows) in enumerate(runs.items()):
        ends = [row for row in rows if row["split"] == "val"]
        per_epoch = ends[0]["step"] / (ends[0]["epoch"] + 1) if ends else 1
        x, values = _points([row for row in rows if row["split"] == split], lambda row: row[what])
        colour, kind = RUN_COLOURS[index % len(RUN_COLOURS)], "dots" if split == "val" else ""
        lines.append(Line(name, colour, [step / per_epoch for step in x], values, kind))
    return Chart(MEASURES[what], lines, percent=what != "loss", x="epochs")


def inside(rows: list[dict]) -> list[Chart]:
    """What goes on inside a run: gradients, dead units, learning rate, speed, time and memory, from training rows.

    A dead unit's ReLU was zero for a whole batch. Memory is the most that the GPU's tensors took; without a GPU, what
    the process takes of the machine's memory.
    """
    layers = zip(_LAYERS, _DEPTHS, strict=True)
    gradients = [_line(rows, partial(_gradient, name=name), name, colour, "thin") for name, colour in layers]
    relus = zip([f"relu{n}" for n in range(1, 8)], _DEPTHS[:7], strict=True)
    dead = [_line(rows, partial(_dead, name=name), name, colour, "thin") for name, colour in relus]
    x, waits = _points(rows, lambda row: row["timing"]["data_share"])
    busy = [1 - wait for wait in waits]
    time = [
        Line("computing", "#4fbbf3", x, busy, "area", floor=[0.0] * len(x)),
        Line("waiting for data", "#c2410c", x, [1.0] * len(x), "area", floor=busy),
    ]
    speed = _line(rows, lambda row: row["timing"]["images_per_second"], "images/s", VAL)
    memory = _line(rows, lambda row: row["timing"]["memory"] / 2**30, "memory", KIND_COLOURS["fc"])
    return [
        Chart("gradient norm (L2)", gradients, log=True),
        Chart("dead units", dead, percent=True),
        Chart("learning rate", [_line(rows, lambda row: row["learning_rate"], "learning rate", TRAIN)]),
        Chart("speed (images/s)", [speed]),
        Chart("share of the time", time, percent=True),
        Chart("memory (GiB)", [memory]),
    ]


def _points(rows: list[dict], value: Callable[[dict], float | None]) -> tuple[list[float], list[float]]:
    """(steps, values) where there is a value that can be drawn, at most POINTS of them and always the last."""
    numbers = [(row["step"], value(row)) for row in rows]
    drawable = [(step, number) for step, number in numbers if number is not None and abs(number) < _LARGEST]
    stride = -(-len(drawable) // POINTS) or 1
    kept = drawable[(len(drawable) - 1) % stride :: stride] if drawable else []
    return [step for step, _ in kept], [number for _, number in kept]


def _gradient(row: dict, name: str) -> float | None:
    return _drawn(row["grad_norm"].get(name), True)


def _dead(row: dict, name: str) -> float | None:
    return row["dead"].get(name)


def _drawn(value: float | None, log: bool) -> float | None:
    """A value as it can be drawn: none at or below 0 on a logarithmic scale."""
    return None if value is None or (log and value <= 0) else value


def _line(rows: list[dict], value: Callable[[dict], float | None], name: str, colour: str, kind: str = "") -> Line:
    return Line(name, colour, *_points(rows, value), kind)


# --- the film ------------------------------------------------------------------------------------


def clearer_view(filters: np.ndarray, start: np.ndarray) -> Literal["learned", "filters"]:
    """What shows best what conv1, float (n, 3, h, w), learned: what it gained since ``start``, or the filters.

    The noise of the start has no correlation between neighbouring pixels and patterns have; the filters are shown
    once theirs comes near that of what was learned.
    """
    learned, whole = _neighbour_correlation(filters - start), _neighbour_correlation(filters)
    return "filters" if learned > 0 and whole >= _NEAR * learned else "learned"


def _neighbour_correlation(filters: np.ndarray) -> float:
    """Of neighbouring pixels, across and down, over all filters about their means."""
    about = filters - filters.mean((2, 3), keepdims=True)
    pairs = (about[..., 1:], about[..., :-1]), (about[:, :, 1:], about[:, :, :-1])
    products = [float((a * b).sum() / (np.sqrt((a * a).sum() * (b * b).sum()) or 1)) for a, b in pairs]
    return sum(products) / len(products)


def frame(filters: np.ndarray, start: np.ndarray, maps: dict[str, np.ndarray]) -> bytes:
    """One picture of the film for the browser, all uint8.

    What the filters float (n, 3, h, w) gained since ``start``, as (n, h, w, 3); the filters themselves, likewise; then
    each layer's maps (n, h, w). 0 is mid-grey in a filter, and each has a scale of its own; a layer's maps, not
    negative, go from 0 (black) to the largest of all.
    """
    parts = [
        _tiles(filters - start),
        _tiles(filters),
        *(layer_maps / (layer_maps.max() or 1) for layer_maps in maps.values()),
    ]
    return b"".join((part * 255 + 0.5).clip(0, 255).astype(np.uint8).tobytes() for part in parts)


def _tiles(filters: np.ndarray) -> np.ndarray:
    peak = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    return np.moveaxis(0.5 + filters / np.where(peak > 0, peak, 1) / 2, 1, -1)
