"""The strip of photos to choose from, with pasting from the clipboard."""

from __future__ import annotations

import secrets
from typing import NamedTuple

import streamlit as st

from alexnet_viz.components.mount import mount

_component = mount(__file__)


class Picked(NamedTuple):
    """``chosen`` is the key of a clicked photo; ``pasted`` a picture's type and base64. Each lasts for one run.

    ``kept`` are the keys of photos that this browser tab showed before it came into a new visit: the page was loaded
    anew, or its server has died and another one has the tab now.
    """

    chosen: str | None
    pasted: dict[str, str] | None
    kept: list[str] | None


def photo_picker(photos: list[dict[str, str]], selected: str, limit: int, *, key: str) -> Picked:
    """Show photos (dicts of key, title and thumbnail, a data URI); ``limit`` in bytes for a pasted one."""
    visit = st.session_state.setdefault("_picker_visit", secrets.token_hex(8))
    data = {"photos": photos, "selected": selected, "limit": limit, "visit": visit}
    result = _component(
        data=data,
        key=key,
        on_chosen_change=lambda: None,
        on_pasted_change=lambda: None,
        on_kept_change=lambda: None,
    )
    return Picked(result.chosen, result.pasted, result.kept)
