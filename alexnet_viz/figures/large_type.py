"""Charts in large type: for the last row of a lecture hall."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

SCALE = 1.5  # as shell.css enlarges the page's own type
# What Plotly counts in pixels: type and points, the drawing and its margins, and what keeps a distance from type.
_PIXELS = {"size", "minsize", "height", "l", "r", "t", "b", "ticklen", "thickness", "yshift"}


def in_large_type(figure: go.Figure) -> go.Figure:
    """A copy of a chart with its type ``SCALE`` times as large, and as much more height and margin for it.

    The sizes are the figure's own: Plotly lays a chart out around its labels and keeps their measures, so that labels
    which the page's CSS enlarges are cut off, and on a chart under CSS zoom the pointer hits the wrong bar.
    """
    larger = _enlarged(figure.to_plotly_json())
    if figure.layout.yaxis.showticklabels is False:  # a matrix too large for names need not grow
        larger["layout"]["height"] = figure.layout.height
    return go.Figure(larger)


def _enlarged(part: Any, name: str = "") -> Any:
    """A part of a figure, which has this ``name`` in it; Streamlit's template follows the page's type by itself."""
    match part:
        case dict() if name != "template":
            return {key: _enlarged(value, key) for key, value in part.items()}
        case list() | tuple():
            return [_enlarged(item) for item in part]
        case int() | float() if name in _PIXELS:
            return part * SCALE
    return part
