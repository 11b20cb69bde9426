"""A button, and the key F, for large type on the whole screen: for the last row of a lecture hall."""

from __future__ import annotations

import streamlit as st

from alexnet_viz.components.mount import mount

_component = mount(__file__)
_KEY = "large_type"


def large_type() -> None:
    """Draw the button. The browser keeps the choice for the visit, page by page; shell.css enlarges the page.

    Charts take the sizes of their type from Python (``ui/shared/charts.py``): turning it on or off runs the page anew.
    """
    _component(data={"scale": type_scale()}, key=_KEY, on_scale_change=lambda: None)


def type_scale() -> float:
    """How many times as large as usual this visitor's browser shows type, as far as it has said: 1, or 1.25 to 1.5."""
    return float(st.session_state.get(_KEY, {}).get("scale") or 1)
