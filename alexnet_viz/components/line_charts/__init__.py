"""Line charts that grow in place: Streamlit's own are built anew, and blink, whenever a point is added."""

from __future__ import annotations

import json
from collections.abc import Sequence

from alexnet_viz.components.mount import mount
from alexnet_viz.values import Chart, Line

_component = mount(__file__)


def encoded(charts: Sequence[Chart]) -> str:
    """Charts as they go to the browser: made once for all who look at them, and nothing for the garbage collector."""
    fields = [vars(chart) | {"lines": [_encoded(line) for line in chart.lines]} for chart in charts]
    return json.dumps(fields, separators=(",", ":"))


def _encoded(line: Line) -> dict:
    """A line with five digits of each value, more than a screen has pixels."""
    return vars(line) | {name: [float(f"{value:.5g}") for value in getattr(line, name)] for name in ("y", "floor")}


def line_charts(charts: str, columns: int, height: int, *, source: str = "", every: float = 0, key: str) -> None:
    """Show encoded charts side by side, ``columns`` in a row where there is room, each ``height`` pixels high.

    They come again from the address ``source`` each ``every`` seconds, if that is not 0.
    """
    data = {"charts": charts, "columns": columns, "height": height, "source": source, "every": every}
    _component(data=data, key=key)
