"""A button that copies the address of the page, which reopens the view."""

from __future__ import annotations

from alexnet_viz.components.mount import mount

_component = mount(__file__)


def copy_link(*, key: str) -> None:
    """Draw the button; everything happens in the browser."""
    _component(key=key)
