"""How every page draws a Plotly chart, in large type where that is on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from alexnet_viz.components.large_type import type_scale
from alexnet_viz.figures.large_type import in_large_type
from alexnet_viz.lru_cache import LRUCache, digest

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from streamlit.delta_generator import DeltaGenerator

_figures: LRUCache[go.Figure] = LRUCache(64)  # of some 200 objects each, which garbage collection goes through


def plotly_chart(
    figure: go.Figure | partial[go.Figure], place: DeltaGenerator | None = None, *, key: str, alt: str
) -> None:
    """Draw a chart without Plotly's toolbar, here or in a ``place``; ``alt`` says for screen readers what it shows.

    A ``partial`` of a function with its values is called once for equal values: Plotly checks each attribute of a
    figure that is built, which takes longer than the rest of a page's run.
    """
    made = figure_of(figure) if isinstance(figure, partial) else figure
    shown = in_large_type(made, scale) if (scale := type_scale()) > 1 else made
    (place or st).plotly_chart(shown, key=key, config={"displayModeBar": False}, alt=alt)


def figure_of(make: partial[go.Figure]) -> go.Figure:
    """The figure of a function with its values; the same one for equal values, which nobody may change."""
    return _figures.get(digest(make.func, make.args, make.keywords), make)
