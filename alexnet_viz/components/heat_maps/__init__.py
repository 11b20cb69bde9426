"""Maps over photos, each with its legend; the pointer or the arrow keys read values off all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from alexnet_viz.components.mount import mount

_component = mount(__file__)


@dataclass(frozen=True, eq=False)
class Tile:
    """One picture with the map behind it.

    ``picture`` is a data URI, ``box`` the network's crop on it (left, top, right, bottom; 0–1 is the picture), and
    ``covers`` the crop's part, across and down, that the map ``values`` (h, w) covers; ``colours`` are the scale's from
    ``low`` to ``high``, as CSS. ``alt`` says in words what is to be seen.
    """

    key: str
    title: str
    note: str
    picture: str
    alt: str
    box: tuple[float, float, float, float]
    covers: tuple[float, float]
    values: np.ndarray
    colours: Sequence[str]
    low: float
    high: float


def heat_maps(
    tiles: Sequence[Tile],
    *,
    key: str,
    columns: str = "",
    height: int = 420,
    linked: bool = True,
    pick: str = "",
    on_pick: Callable[[str], None] | None = None,
) -> None:
    """Show tiles.

    ``columns`` is a CSS grid's (default: as many as fit), ``height`` the tallest picture in CSS pixels; ``linked``: the
    tiles show one photo, so a point on one is a point on all. With ``pick`` each tile has a button of that label, and
    ``on_pick`` is called with the tile's key before the rerun that the button starts.
    """
    flat = [np.ascontiguousarray(tile.values, np.float32).ravel() for tile in tiles]
    starts = np.cumsum([0, *(len(values) for values in flat)])
    data = {
        "tiles": [
            {
                "key": tile.key,
                "title": tile.title,
                "note": tile.note,
                "picture": tile.picture,
                "alt": tile.alt,
                "box": list(tile.box),
                "covers": list(tile.covers),
                "start": int(start),
                "rows": tile.values.shape[0],
                "columns": tile.values.shape[1],
                "colours": list(tile.colours),
                "low": tile.low,
                "high": tile.high,
            }
            for tile, start in zip(tiles, starts, strict=False)
        ],
        "values": np.concatenate(flat),  # a flat array at the first level travels as an Arrow column
        "columns": columns or "repeat(auto-fit, minmax(min(210px, 100%), 1fr))",
        "height": height,
        "linked": linked,
        "pick": pick,
    }

    def picked() -> None:
        if on_pick:
            on_pick(st.session_state[key].picked)

    _component(data=data, key=key, on_picked_change=picked)
