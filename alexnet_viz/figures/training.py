"""A run's pictures: its curves, and the film of learning."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from alexnet_viz.figures.palette import INK

TRAIN, VAL = "#56b4e9", "#d55e00"


def smoothed(values: list[float], weight: float) -> list[float]:
    """Exponential moving average, debiased as in TensorBoard: weight 0 leaves the values as they are."""
    mean, scale, out = 0.0, 0.0, []
    for value in values:
        mean, scale = mean * weight + value * (1 - weight), scale * weight + 1 - weight
        out.append(mean / scale)
    return out


def curves(rows: list[dict], what: str, *, smooth: float = 0.0, log: bool = False, theme: str = "light") -> go.Figure:
    """One measure (``loss``, ``top1``, ``top5`` or ``learning_rate``) over the steps, train and validation."""
    figure = go.Figure()
    for split, name, colour in (("train", "training", TRAIN), ("val", "validation", VAL)):
        points = [(row["step"], row[what]) for row in rows if row["split"] == split and row.get(what) is not None]
        if not points:
            continue
        steps, values = map(list, zip(*points, strict=True))
        if split == "train" and smooth:
            figure.add_scatter(x=steps, y=values, mode="lines", line={"color": colour, "width": 1}, opacity=0.35,
                               showlegend=False, hoverinfo="skip")  # fmt: skip
            values = smoothed(values, smooth)
        mode = "lines" if split == "train" else "lines+markers"
        figure.add_scatter(x=steps, y=values, mode=mode, name=name, line={"color": colour, "width": 3})
    share = what.startswith("top")
    figure.update_layout(
        height=270,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        font={"color": INK[theme], "size": 14},
        xaxis={"title": "step", "fixedrange": True},
        yaxis={
            "title": {"loss": "loss (cross-entropy)", "top1": "top-1", "top5": "top-5"}.get(what, "learning rate"),
            "type": "log" if log and not share else "linear",
            "tickformat": ".0%" if share else None,
            "range": [0, 1] if share else None,
            "fixedrange": True,
        },
        legend={"orientation": "h", "y": 1.12, "font": {"size": 14, "color": INK[theme]}},
        uirevision=what,
    )
    return figure


def filter_grid(filters: np.ndarray, columns: int = 16, zoom: int = 4) -> Image.Image:
    """conv1's kernels (filters, 3, 11, 11) as colour tiles; 0 is mid-grey, the scale is each kernel's own."""
    peak = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    tiles = np.moveaxis(0.5 + filters / np.where(peak > 0, peak, 1) / 2, 1, -1)
    return _grid(tiles, columns, zoom)


def map_grid(maps: np.ndarray, columns: int = 8, side: int = 56) -> Image.Image:
    """Feature maps (units, h, w), not negative, as grey tiles from 0 (black) to the largest of all (white)."""
    tiles = np.repeat((maps / (maps.max() or 1))[..., None], 3, axis=-1)
    return _grid(tiles, columns, max(1, side // maps.shape[-1]))


def _grid(tiles: np.ndarray, columns: int, zoom: int) -> Image.Image:
    """Tiles (n, h, w, 3) in [0, 1], enlarged without blur, with a gap of 2 pixels."""
    tiles = (tiles.clip(0, 1) * 255).round().astype(np.uint8).repeat(zoom, axis=1).repeat(zoom, axis=2)
    count, height, width = tiles.shape[:3]
    rows = -(-count // columns)
    sheet = np.zeros((rows * (height + 2) - 2, columns * (width + 2) - 2, 4), np.uint8)
    for index, tile in enumerate(tiles):
        y, x = (index // columns) * (height + 2), (index % columns) * (width + 2)
        sheet[y : y + height, x : x + width, :3], sheet[y : y + height, x : x + width, 3] = tile, 255
    return Image.fromarray(sheet)
