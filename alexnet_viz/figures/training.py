"""A run's pictures: its curves, what goes on inside it, several runs side by side, and the frames of its film."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from alexnet_viz.figures.palette import INK, KIND_COLOURS

TRAIN, VAL = "#56b4e9", "#d55e00"
POINTS = 400  # of one curve: more than the pixels it has on a page
RUN_COLOURS = ("#56b4e9", "#d55e00", "#049353", "#cc79a7", "#f1a60d", "#8f8a83", "#0a5fc4", "#a3541d")
MEASURES = {"loss": "loss (cross-entropy)", "top1": "top-1", "top5": "top-5"}
_BESIDE = {"orientation": "v", "x": 1.02, "y": 1, "yanchor": "top"}  # the legend of many lines
_LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8")
_DEPTHS = ("#fdb366", "#f7803c", "#e2552b", "#b93f2b", "#7f3328", "#7ccba2", "#2e9e78", "#056b57")  # conv, then fc


def smoothed(values: list[float], weight: float) -> list[float]:
    """Exponential moving average, debiased as in TensorBoard: weight 0 leaves the values as they are."""
    mean, scale, out = 0.0, 0.0, []
    for value in values:
        mean, scale = mean * weight + value * (1 - weight), scale * weight + 1 - weight
        out.append(mean / scale)
    return out


def curves(
    rows: list[dict], what: str, *, smooth: float = 0.0, log: bool = False, steps: int = 0, theme: str = "light"
) -> go.Figure:
    """One measure (``loss``, ``top1`` or ``top5``) over the steps, its last values in the legend.

    ``steps`` is how many the run has, if it still goes on: see ``_until``.
    """
    figure = go.Figure()
    share = what != "loss"
    for split, name, colour in (("train", "training", TRAIN), ("val", "validation", VAL)):
        x, values = _points([row for row in rows if row["split"] == split], lambda row: row[what])
        if not x:
            continue
        if split == "train" and smooth:
            figure.add_scatter(x=x, y=values, mode="lines", line={"color": colour, "width": 1}, opacity=0.35,
                               showlegend=False, hoverinfo="skip")  # fmt: skip
            values = smoothed(values, smooth)
        last = f"{values[-1]:.1%}" if share else f"{values[-1]:.3f}"
        mode = "lines" if split == "train" else "lines+markers"
        figure.add_scatter(x=x, y=values, mode=mode, name=f"{name} <b>{last}</b>",
                           line={"color": colour, "width": 3}, marker={"size": 7})  # fmt: skip
    _styled(figure, MEASURES[what], what, theme, share=share, log=log and not share)
    if not share and not log:
        figure.update_layout(yaxis={"rangemode": "tozero"})
    if steps:
        figure.update_layout(xaxis={"range": [0, _until(rows, steps)]})
    return figure


def _until(rows: list[dict], steps: int) -> int:
    """Where the axis of a run that goes on ends: at a half, quarter, … of its steps, lest it move at every look."""
    until, now = steps, rows[-1]["step"] if rows else 0
    while until > 2 * max(now, 10):
        until = -(-until // 2)
    return until


def compared(runs: dict[str, list[dict]], what: str, *, split: str = "val", theme: str = "light") -> go.Figure:
    """One measure of several runs over their epochs, by the run's name."""
    figure = go.Figure()
    for (name, rows), colour in zip(runs.items(), _cycle(len(runs)), strict=True):
        ends = [row for row in rows if row["split"] == "val"]
        per_epoch = ends[0]["step"] / (ends[0]["epoch"] + 1) if ends else 1
        steps, values = _points([row for row in rows if row["split"] == split], lambda row: row[what])
        epochs = [step / per_epoch for step in steps]
        figure.add_scatter(x=epochs, y=values, mode="lines+markers" if split == "val" else "lines", name=name,
                           line={"color": colour, "width": 3}, marker={"size": 7})  # fmt: skip
    _styled(figure, MEASURES[what], what, theme, share=what != "loss", height=380, x="epochs")
    return figure.update_layout(legend={"orientation": "h", "y": -0.2, "yanchor": "top"})


def learning_rate(rows: list[dict], theme: str = "light") -> go.Figure:
    steps, values = _points(rows, lambda row: row.get("learning_rate"))
    figure = go.Figure(_line(steps, values, "learning rate", TRAIN))
    return _styled(figure, "learning rate", "learning_rate", theme)


def timing(rows: list[dict], theme: str = "light") -> go.Figure:
    """The share of the time between two rows that went into computing, and into waiting for data."""
    steps, waits = _points(rows, lambda row: row.get("timing", {}).get("data_share"))
    figure = go.Figure()
    for name, values, colour in (
        ("computing", [1 - wait for wait in waits], "#4fbbf3"),
        ("waiting for data", waits, "#c2410c"),
    ):
        figure.add_scatter(x=steps, y=values, mode="lines", name=name, stackgroup="time", line={"width": 0.5},
                           fillcolor=colour, hovertemplate="%{y:.0%}")  # fmt: skip
    return _styled(figure, "share of the time", "timing", theme, share=True)


def throughput(rows: list[dict], theme: str = "light") -> go.Figure:
    steps, values = _points(rows, lambda row: row.get("timing", {}).get("images_per_second"))
    figure = _styled(go.Figure(_line(steps, values, "images/s", VAL)), "images/s", "throughput", theme)
    return figure.update_layout(yaxis={"rangemode": "tozero"})


def memory(rows: list[dict], theme: str = "light") -> go.Figure:
    """Of the GPU: the most its tensors took; without one, what the process takes of the machine's memory."""
    steps, values = _points(rows, lambda row: row.get("timing", {}).get("memory"))
    line = _line(steps, [value / 2**30 for value in values], "memory", KIND_COLOURS["fc"])
    return _styled(go.Figure(line), "memory (GiB)", "memory", theme).update_layout(yaxis={"rangemode": "tozero"})


def gradients(rows: list[dict], theme: str = "light") -> go.Figure:
    """The gradient's L2 norm in each layer, logarithmic."""
    figure = go.Figure()
    for layer, colour in zip(_LAYERS, _DEPTHS, strict=True):
        steps, values = _points(rows, lambda row, layer=layer: row.get("grad_norm", {}).get(layer) or None)
        figure.add_trace(_line(steps, values, layer, colour))
    _styled(figure, "gradient norm (L2)", "gradients", theme, log=True)
    return figure.update_layout(yaxis={"dtick": "D2"}, legend=_BESIDE, margin={"t": 10})


def dead(rows: list[dict], theme: str = "light") -> go.Figure:
    """The share of each ReLU's units that were zero for a whole batch."""
    figure = go.Figure()
    for layer, colour in zip([f"relu{n}" for n in range(1, 8)], _DEPTHS[:7], strict=True):
        figure.add_trace(_line(*_points(rows, lambda row, layer=layer: row.get("dead", {}).get(layer)), layer, colour))
    _styled(figure, "dead units", "dead", theme, share=True)
    return figure.update_layout(legend=_BESIDE, margin={"t": 10})


def _points(rows: list[dict], value) -> tuple[list[int], list[float]]:
    """(steps, values) where there is a value, at most POINTS of them and always the last."""
    found = [(row["step"], number) for row in rows if (number := value(row)) is not None]
    stride = -(-len(found) // POINTS) or 1
    kept = found[(len(found) - 1) % stride :: stride] if found else []
    return [step for step, _ in kept], [number for _, number in kept]


def _line(steps: list, values: list, name: str, colour: str) -> go.Scatter:
    return go.Scatter(x=steps, y=values, mode="lines", name=name, line={"color": colour, "width": 2.5})


def _cycle(count: int) -> list[str]:
    return [RUN_COLOURS[i % len(RUN_COLOURS)] for i in range(count)]


def _styled(
    figure: go.Figure, title: str, what: str, theme: str, *, share=False, log=False, height=250, x="step"
) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 8, "t": 30, "b": 0},
        font={"color": INK[theme], "size": 14},
        hovermode="x unified",
        showlegend=True,
        xaxis={"title": {"text": x, "standoff": 4}, "fixedrange": True},
        yaxis={
            "title": {"text": title, "standoff": 6},
            "type": "log" if log else "linear",
            "tickformat": ".0%" if share else None,
            "range": [0, 1.02] if share else None,
            "exponentformat": "power",
            "fixedrange": True,
        },
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 14, "color": INK[theme]}},
        uirevision=what,
    )
    return figure


# --- the film ------------------------------------------------------------------------------------


def frame(filters: np.ndarray, maps: dict[str, np.ndarray]) -> bytes:
    """One picture of the film for the browser: uint8 filters (n, h, w, 3), then each layer's maps (n, h, w).

    A filter float (n, 3, h, w) has 0 at mid-grey and a scale of its own; a layer's maps, not negative, go from 0
    (black) to the largest of all.
    """
    peak = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    tiles = np.moveaxis(0.5 + filters / np.where(peak > 0, peak, 1) / 2, 1, -1)
    parts = [tiles, *(one / (one.max() or 1) for one in maps.values())]
    return b"".join((part * 255 + 0.5).clip(0, 255).astype(np.uint8).tobytes() for part in parts)
