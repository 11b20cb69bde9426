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
    _component(data={"large": is_large_type()}, key=_KEY, on_large_change=lambda: None)


def is_large_type() -> bool:
    """Whether this visitor's browser shows large type, as far as it has said."""
    return bool(st.session_state.get(_KEY, {}).get("large"))
