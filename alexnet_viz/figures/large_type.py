"""Charts in large type: for the last row of a lecture hall."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

# What Plotly counts in pixels: type and points, the drawing and its margins, and what keeps a distance from type.
_PIXELS = {"size", "minsize", "height", "l", "r", "t", "b", "ticklen", "thickness", "yshift"}


def in_large_type(figure: go.Figure, scale: float) -> go.Figure:
    """A copy of a chart with its type ``scale`` times as large, and as much more height and margin for it.

    The sizes are the figure's own: Plotly lays a chart out around its labels and keeps their measures, so that labels
    which the page's CSS enlarges are cut off, and on a chart under CSS zoom the pointer hits the wrong bar.
    """
    larger = _enlarged(figure.to_plotly_json(), scale)
    if figure.layout.yaxis.showticklabels is False:  # a matrix too large for names need not grow
        larger["layout"]["height"] = figure.layout.height
    return go.Figure(larger)


def _enlarged(part: Any, scale: float, name: str = "") -> Any:
    """A part of a figure, which has this ``name`` in it; Streamlit's template follows the page's type by itself."""
    match part:
        case dict() if name != "template":
            return {key: _enlarged(value, scale, key) for key, value in part.items()}
        case list() | tuple():
            return [_enlarged(item, scale) for item in part]
        case int() | float() if name in _PIXELS:
            return part * scale
    return part
