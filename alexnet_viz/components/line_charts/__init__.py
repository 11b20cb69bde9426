"""Line charts that grow in place: Streamlit's own are built anew, and blink, whenever a point is added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from alexnet_viz.components.mount import mount
from alexnet_viz.values import Chart

_component = mount(__file__)


def line_charts(charts: Sequence[Chart], columns: int, height: int, *, key: str) -> None:
    """Show charts side by side, ``columns`` in a row where there is room, each ``height`` pixels high."""
    data = {"charts": [asdict(chart) for chart in charts], "columns": columns, "height": height}
    _component(data=data, key=key)
