"""How every page draws a Plotly chart, in large type where that is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from alexnet_viz.components.large_type import is_large_type
from alexnet_viz.figures.large_type import in_large_type

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from streamlit.delta_generator import DeltaGenerator


def plotly_chart(figure: go.Figure, place: DeltaGenerator | None = None, *, key: str, alt: str) -> None:
    """Draw a chart without Plotly's toolbar, here or in a ``place``; ``alt`` says for screen readers what it shows."""
    shown = in_large_type(figure) if is_large_type() else figure
    (place or st).plotly_chart(shown, key=key, config={"displayModeBar": False}, alt=alt)
