"""Buttons that copy the address of the page, which reopens the view, and ask for it as a QR code."""

from __future__ import annotations

from alexnet_viz.components.mount import mount

_component = mount(__file__)


def copy_link(origin: str | None, *, key: str) -> str | None:
    """Draw the buttons. ``origin`` is where others open the app, None where nobody can: then there is no code.

    Returns the link that is to be shown as a QR code, for one run.
    """
    return _component(data={"origin": origin}, key=key, on_shown_change=lambda: None).shown
