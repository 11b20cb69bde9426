"""Activations as pictures: all maps of a layer, the patch that a value sees, histograms, units, answers in pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from PIL import Image, ImageDraw, ImageFont

from alexnet_viz.figures.filters import PAIR, plain
from alexnet_viz.figures.palette import INK, QUIET_INK
from alexnet_viz.figures.text import plotly_text, without_line_ends
from alexnet_viz.values import Geometry, Photo, Prediction


def map_tiles(output: np.ndarray) -> np.ndarray:
    """A layer's output as maps (n, h, w): a unit is a map of one value."""
    return output if output.ndim == 3 else output.reshape(-1, 1, 1)


def sheet_picture(
    tiles: np.ndarray, colours: np.ndarray, order: np.ndarray, legend: tuple[str, str, str], title: str, zoom: int = 0
) -> Image.Image:
    """All maps, uint8 (n, h, w) in the colours (256, 3), as one picture with a title and its legend, on white.

    ``zoom`` is the edge of a cell in pixels; 0 makes a map at least 40 pixels wide.
    """
    count, height, width = tiles.shape
    zoom = zoom or max(1, -(-40 // width)) if width > 1 else zoom or 10
    gap = 0 if width == height == 1 else 3
    columns = max(1, round((count * (height * zoom + gap) / (width * zoom + gap) * 1.4) ** 0.5))
    rows = -(-count // columns)
    sheet_size = (columns * (width * zoom + gap), rows * (height * zoom + gap))
    head, foot = 40, 44
    image = Image.new("RGB", (max(sheet_size[0], 420) + 16, sheet_size[1] + head + foot), "white")
    large = colours[tiles[order]].repeat(zoom, axis=1).repeat(zoom, axis=2)
    for at, tile in enumerate(large):
        row, column = divmod(at, columns)
        image.paste(Image.fromarray(tile), (8 + column * (width * zoom + gap), head + row * (height * zoom + gap)))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(17)
    draw.text((8, 10), without_line_ends(title), INK["light"], font)
    low, high, what = (text.replace("−", "-") for text in legend)  # Pillow's own font has no minus sign
    base = head + sheet_size[1] + 12
    ramp = colours[np.linspace(1, 255, 160).round().astype(int)][None].repeat(16, axis=0)
    start = 8 + draw.textlength(low, font) + 8
    draw.text((8, base), low, INK["light"], font)
    image.paste(Image.fromarray(ramp), (int(start), base + 2))
    draw.text((start + 168, base), f"{high}   {what}", INK["light"], font)
    return image


def patch(photo: Photo, geometry: Geometry, box: tuple[int, int, int, int], width: int = 280) -> Image.Image:
    """The part of the photo, in its own pixels, under a box (left, top, right, bottom) of the network's input.

    Enlarged to ``width`` without blur where it is smaller.
    """
    height, wide = photo.pixels.shape[:2]
    sx, sy = wide / photo.size[0], height / photo.size[1]
    (left, top), (right, bottom) = geometry.to_photo(*box[:2]), geometry.to_photo(*box[2:])
    corners = max(0, left * sx), max(0, top * sy), min(wide, right * sx), min(height, bottom * sy)
    enlarged = max(1, width / (corners[2] - corners[0]))
    size = [max(1, round((corners[i + 2] - corners[i]) * enlarged)) for i in (0, 1)]
    return Image.fromarray(photo.pixels).resize(size, Image.Resampling.NEAREST, box=corners)


def value_histogram(
    channels: Sequence[tuple[str, np.ndarray]], marked: dict[str, float] | None = None, theme: str = "light"
) -> go.Figure:
    """How often which value occurs in a channel (or a layer of units): step lines, and a mark where asked."""
    figure = go.Figure()
    low = min(float(values.min()) for _, values in channels)
    high = max(float(values.max()) for _, values in channels)
    edges = np.linspace(low, high if high > low else low + 1, 41)
    for (name, values), colour in zip(channels, PAIR[theme], strict=False):
        counts = np.histogram(values, edges)[0]
        figure.add_scatter(
            x=edges,
            y=np.append(counts, counts[-1]),
            name=plotly_text(name),
            mode="lines",
            fill="tozeroy",
            line={"color": colour, "width": 2, "shape": "hv"},
            hovertemplate="from %{x:.3g}: %{y}<extra></extra>",
            showlegend=len(channels) > 1,
        )
    for text, value in (marked or {}).items():
        figure.add_vline(
            x=value,
            line={"color": INK[theme], "width": 2, "dash": "dot"},
            annotation_text=text,
            annotation_y=0.97,
            annotation_font={"size": 15, "color": INK[theme]},
        )
    plain(figure, theme, "value", "how many", height=210)
    most = max(int(max(trace.y)) for trace in figure.data)
    figure.update_yaxes(type="log", range=[-0.3, np.log10(most) + 0.15], dtick=1)
    return figure


def unit_bars(
    labels: list[str], values: Sequence[tuple[str, np.ndarray]], unit: str, chosen: int = -1, theme: str = "light"
) -> go.Figure:
    """The strongest units as horizontal bars, the largest on top; ``chosen`` is the row to mark, −1 for none."""
    rows = [f"{plotly_text(label)} " for label in labels]
    figure = go.Figure()
    for (name, heights), colour in zip(values, PAIR[theme], strict=False):
        quiet = [colour if len(values) > 1 or row == chosen else QUIET_INK[theme] for row in range(len(rows))]
        figure.add_bar(
            x=heights,
            y=rows,
            orientation="h",
            name=plotly_text(name),
            marker={"color": quiet, "cornerradius": 3},
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
            showlegend=len(values) > 1,
        )
    plain(figure, theme, unit, None, height=max(69, 23 * len(rows) * (1 + 0.75 * (len(values) - 1))) + 70)
    figure.update_yaxes(autorange="reversed", tickmode="linear", type="category")
    figure.update_xaxes(nticks=4, tickangle=0)
    figure.update_layout(bargap=0.25, bargroupgap=0)
    return figure


def compared_probabilities(
    before: tuple[str, dict[str, float]], after: tuple[str, dict[str, float]], theme: str
) -> go.Figure:
    """Two answers' probabilities, class by class: (title, probability by label) each, in the order of the first."""
    labels = list(before[1])
    values = [(title, np.array([probabilities[label] for label in labels])) for title, probabilities in (before, after)]
    return class_bars(labels, values, theme=theme)


def class_bars(
    labels: list[str], values: Sequence[tuple[str, np.ndarray]], chosen: int = -1, theme: str = "light"
) -> go.Figure:
    """Probabilities of classes by name as bars with their percentages; ``chosen`` is the row to mark, −1 for none."""
    figure = unit_bars(labels, values, "probability", chosen, theme)
    most = max(float(probabilities.max()) for _, probabilities in values)
    figure.update_xaxes(range=[0, min(1.15, most * 1.25)], tickformat=".1%" if most < 0.1 else ".0%")
    figure.update_traces(
        hovertemplate="%{y}: %{x:.2%}<extra></extra>",
        texttemplate="%{x:.1%}",
        constraintext="none",
        textposition="outside",
        cliponaxis=False,
        textfont_size=15,
    )
    return figure


def rank_figure(values: Sequence[tuple[str, np.ndarray]], chosen: int, theme: str = "light") -> go.Figure:
    """Every class's probability over its rank, likeliest first, on a logarithmic scale; the ``chosen`` class marked."""
    figure = go.Figure()
    for (name, probabilities), colour in zip(values, PAIR[theme], strict=False):
        figure.add_scatter(
            x=np.arange(1, len(probabilities) + 1),
            y=np.sort(probabilities)[::-1],
            name=plotly_text(name),
            mode="lines",
            line={"color": colour, "width": 2.5},
            hovertemplate="number %{x}: %{y:.3%}<extra></extra>",
            showlegend=len(values) > 1,
        )
    first = values[0][1]
    figure.add_scatter(
        x=[1 + int((first > first[chosen]).sum())],
        y=[first[chosen]],
        mode="markers",
        marker={"color": INK[theme], "size": 11},
        hovertemplate="the chosen class, number %{x}: %{y:.3%}<extra></extra>",
        showlegend=False,
    )
    plain(figure, theme, "rank of the class", "probability", height=250)
    figure.update_layout(margin={"t": 34 if len(values) > 1 else 8})
    return figure.update_yaxes(type="log", dtick=1, tickformat=".3~%")


def change_figure(changes: dict[str, float], theme: str = "light") -> go.Figure:
    """How far each layer has moved, in the order of the chain; 1 is as far as the output is long."""
    figure = go.Figure(
        go.Bar(
            x=list(changes),
            y=list(changes.values()),
            marker={"color": PAIR[theme][1], "cornerradius": 3},
            hovertemplate="%{x}: %{y:.1%}<extra></extra>",
        )
    )
    plain(figure, theme, None, "‖after − before‖ / ‖before‖", height=300)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    figure.update_xaxes(tickangle=-60, tickmode="linear")
    return figure


def labelled(predictions: tuple[Prediction, ...]) -> dict[str, float]:
    """Probability by the first of a class's names; one that occurs twice (crane) gets its number."""
    firsts = [prediction.label.partition(",")[0] for prediction in predictions]
    count = Counter(firsts)
    names = [
        first if count[first] == 1 else f"{first} ({prediction.index})"
        for first, prediction in zip(firsts, predictions, strict=True)
    ]
    return {name: prediction.probability for name, prediction in zip(names, predictions, strict=True)}
