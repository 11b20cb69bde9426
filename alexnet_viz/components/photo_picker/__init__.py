"""The strip of photos to choose from, with pasting from the clipboard."""

from __future__ import annotations

from typing import NamedTuple

from alexnet_viz.components.mount import mount

_component = mount(__file__)


class Picked(NamedTuple):
    """``chosen`` is the key of a clicked photo; ``pasted`` a picture's type and base64. Each lasts for one run.

    ``kept`` are the keys of photos that this browser tab showed before the page was loaded anew.
    """

    chosen: str | None
    pasted: dict[str, str] | None
    kept: list[str] | None


def photo_picker(photos: list[dict[str, str]], selected: str, limit: int, *, key: str) -> Picked:
    """Show photos (dicts of key, title and thumbnail, a data URI); ``limit`` in bytes for a pasted one."""
    data = {"photos": photos, "selected": selected, "limit": limit}
    result = _component(
        data=data,
        key=key,
        on_chosen_change=lambda: None,
        on_pasted_change=lambda: None,
        on_kept_change=lambda: None,
    )
    return Picked(result.chosen, result.pasted, result.kept)
