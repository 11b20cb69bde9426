"""Weights as pictures: conv1's kernels in colour, slices as signed maps, norms, spectra, histograms, votes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from alexnet_viz.figures.palette import INK, PAPER, QUIET_INK, mix, plotly_scale
from alexnet_viz.figures.text import plotly_text
from alexnet_viz.figures.tile_sheet import tile_sheet

PAIR = {"light": ("#c2410c", "#0a5fc4"), "dark": ("#fb923c", "#6cb4f5")}  # the network, and the one beside it
RGB = {"red": "#d9483b", "green": "#3a9d5d", "blue": "#3f7fd6"}  # of the photo's channels
SIGNS = {"light": ("#b2182b", "#2166ac"), "dark": ("#e58267", "#5aa5d6")}  # for, against


def kernel_tiles(kernels: np.ndarray, common: bool = False) -> np.ndarray:
    """conv1's kernels (n, 3, k, k) as colours, uint8 (n, k, k, 3): mid-grey is 0.

    The largest |weight|, of each kernel or of all (``common``), takes the whole way to 0 or 255.
    """
    peak = np.abs(kernels).max(axis=None if common else (1, 2, 3), keepdims=True)
    shade = 127.5 + 127.5 * kernels / np.where(peak > 0, peak, 1)
    return np.moveaxis(shade, 1, -1).clip(0, 255).round().astype(np.uint8)


def kernel_sheet(kernels: np.ndarray, columns: int = 8, zoom: int = 6, gap: int = 2) -> Image.Image:
    """conv1's kernels (n, 3, k, k) as one picture, each on its own scale, as Figure 3 of Krizhevsky et al. 2012."""
    tiles = kernel_tiles(kernels).repeat(zoom, axis=1).repeat(zoom, axis=2)
    return tile_sheet(tiles, columns, gap)


def enlarged(tile: np.ndarray, side: int = 264) -> Image.Image:
    """One tile uint8 (h, w, 3) as a picture of about ``side`` pixels, without blur."""
    return Image.fromarray(tile.repeat(side // len(tile), axis=0).repeat(side // len(tile), axis=1))


def weight_histogram(
    histograms: Sequence[tuple[str, tuple[np.ndarray, np.ndarray]]], theme: str = "light"
) -> go.Figure:
    """Shares of a layer's weights by value, one step line a source: (name, (counts, edges))."""
    figure = go.Figure()
    for (name, (counts, edges)), colour in zip(histograms, PAIR[theme], strict=False):
        figure.add_scatter(
            x=edges,
            y=np.append(counts, counts[-1]) / max(1, counts.sum()),
            name=plotly_text(name),
            mode="lines",
            fill="tozeroy",
            line={"color": colour, "width": 2.5, "shape": "hv"},
            hovertemplate="from %{x:.3g}: %{y:.2%}<extra></extra>",
        )
    return plain(figure, theme, "weight", "share of the weights", percent=True)


def bias_figure(biases: Sequence[tuple[str, np.ndarray]], theme: str = "light") -> go.Figure:
    """Each unit's bias as a point, one colour a source."""
    figure = go.Figure()
    for (name, bias), colour in zip(biases, PAIR[theme], strict=False):
        figure.add_scatter(
            y=bias,
            name=plotly_text(name),
            mode="markers",
            marker={"color": colour, "size": 5 if len(bias) < 500 else 3},
            hovertemplate="unit %{x}: %{y:.4f}<extra></extra>",
        )
    return plain(figure, theme, "output unit", "bias")


def norm_figure(grid: np.ndarray, block: tuple[int, int] = (1, 1), theme: str = "light") -> go.Figure:
    """Norms (outputs, inputs) as a map with axes and a legend; where there are no weights (NaN) the ground shows.

    ``block`` is how many (outputs, inputs) a cell stands for.
    """
    figure = go.Figure(
        go.Heatmap(
            z=grid,
            x0=(block[1] - 1) / 2,
            dx=block[1],
            y0=(block[0] - 1) / 2,
            dy=block[0],
            colorscale=plotly_scale(signed=False),
            zmin=0,
            hoverongaps=False,
            hovertemplate="input %{x} → output %{y}: %{z:.4g}<extra></extra>",
            colorbar={"title": {"text": "norm", "font": {"size": 15}}, "thickness": 14, "tickfont": {"size": 15}},
        )
    )
    figure = plain(figure, theme, "input channel", "output unit", height=420)
    figure.update_layout(plot_bgcolor=mix(PAPER[theme], QUIET_INK[theme], 0.25))
    (height, width), (rows, columns) = grid.shape, block
    figure.update_yaxes(range=[height * rows - 0.5, -0.5], showgrid=False, zeroline=False)
    figure.update_xaxes(range=[-0.5, width * columns - 0.5], showgrid=False, zeroline=False)
    return figure


def colour_figure(norms: np.ndarray, theme: str = "light") -> go.Figure:
    """How much of each of conv1's kernels reads red, green and blue, from its slices' ``norms`` (kernels, 3).

    A bar of 100 % a kernel: each slice's share of the squared norm. Those that read mostly red come first, then green,
    then blue, the most one-sided of each first.
    """
    energy = norms.astype(np.float64) ** 2
    shares = energy / np.maximum(energy.sum(axis=1, keepdims=True), 1e-30)
    order = np.lexsort((-shares.max(axis=1), shares.argmax(axis=1)))
    figure = go.Figure()
    for channel, (name, colour) in enumerate(RGB.items()):
        figure.add_bar(
            x=np.arange(1, len(order) + 1),
            y=shares[order, channel],
            name=name,
            marker={"color": colour, "line": {"width": 0}},
            customdata=np.column_stack([order, norms[order, channel]]),
            hovertemplate=f"kernel %{{customdata[0]}}: {name} %{{y:.0%}}, norm %{{customdata[1]:.3g}}<extra></extra>",
        )
    for third in (1 / 3, 2 / 3):  # what reads all three alike
        figure.add_hline(third, line={"color": PAPER[theme], "width": 2, "dash": "dot"})
    plain(figure, theme, "kernels of conv1: most red first, then green, then blue", "share of the kernel", height=360)
    figure.update_layout(barmode="stack", bargap=0.12, legend_traceorder="normal")
    figure.update_yaxes(range=[0, 1], tickformat=".0%", showgrid=False)
    return figure.update_xaxes(showgrid=False, showticklabels=False, range=[0.4, len(order) + 0.6])


def spectrum_figure(spectrum: np.ndarray, theme: str = "light") -> go.Figure:
    """A kernel's |FFT| (size, size), zero frequency in the middle; axes in cycles a pixel of the photo."""
    step = 1 / len(spectrum)
    figure = go.Figure(
        go.Heatmap(
            z=spectrum,
            x0=-0.5,
            dx=step,
            y0=-0.5,
            dy=step,
            colorscale=plotly_scale(signed=False),
            zmin=0,
            hovertemplate="%{x:.2f} across, %{y:.2f} down: %{z:.3g}<extra></extra>",
            colorbar={"title": {"text": "|FFT|", "font": {"size": 15}}, "thickness": 12, "tickfont": {"size": 15}},
        )
    )
    figure = plain(figure, theme, "cycles a pixel, across", "cycles a pixel, down", height=250)
    figure.update_yaxes(scaleanchor="x", autorange="reversed", constrain="domain", zeroline=False)
    figure.update_xaxes(constrain="domain", zeroline=False)
    return figure


def vote_bars(labels: list[str], values: np.ndarray, unit: str, theme: str = "light") -> go.Figure:
    """Horizontal bars from zero, the largest on top: one colour for, another against."""
    for_, against = SIGNS[theme]
    rows = [f"{label} " for label in labels]
    figure = go.Figure()
    for name, colour, where in (("for", for_, values >= 0), ("against", against, values < 0)):
        figure.add_bar(
            x=values[where],
            y=[row for row, chosen in zip(rows, where, strict=True) if chosen],
            orientation="h",
            name=name,
            marker={"color": colour},
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
        )
    figure = plain(figure, theme, unit, None, height=22 * len(rows) + 80).update_layout(barmode="relative")
    figure.update_yaxes(categoryorder="array", categoryarray=rows[::-1], tickmode="linear", tickfont={"size": 15})
    return figure


def plain(
    figure: go.Figure, theme: str, x: str | None, y: str | None, *, percent: bool = False, height: float = 270
) -> go.Figure:
    """What these charts share: height in pixels, titles of the axes, type to be read from the last row."""
    ink = {"color": QUIET_INK[theme]}  # Streamlit's own grey has 3.8:1 on white, where WCAG 2 asks 4.5:1
    axis = {"fixedrange": True, "tickfont": {"size": 15, **ink}}
    return figure.update_layout(
        height=round(height),
        margin={"l": 0, "r": 8, "t": 34 if len(figure.data) > 1 else 8, "b": 0},  # room for a legend
        font={"color": INK[theme], "size": 15},
        xaxis={**axis, "title": {"text": x, "font": ink}},
        yaxis={**axis, "title": {"text": y, "font": ink}, "tickformat": ".1%" if percent else None},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "font": {"size": 15, "color": INK[theme]}},
    )
