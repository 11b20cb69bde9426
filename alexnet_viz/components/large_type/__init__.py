"""A button, and the key F, for large type on the whole screen: for the last row of a lecture hall."""

from __future__ import annotations

from alexnet_viz.components.mount import mount

_component = mount(__file__)


def large_type(*, key: str) -> None:
    """Draw the button. The browser keeps the choice for the visit, page by page; shell.css says how it looks."""
    _component(key=key)
