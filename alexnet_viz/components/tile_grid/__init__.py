"""All maps of a layer, or kernels, as one picture drawn in the browser from one block of bytes; a click picks one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from alexnet_viz.components.mount import mount

_component = mount(__file__)


@dataclass(frozen=True, eq=False)
class Sheet:
    """One picture of all tiles: ``tiles`` uint8 (n, h, w) with the ``scale`` uint8 (256, 3), or (n, h, w, 3) in colour.

    ``legend`` is what stands at the scale's low and high end, and what it measures. ``signed`` scales begin at 1.
    """

    tiles: np.ndarray
    alt: str
    title: str = ""
    scale: np.ndarray | None = None
    legend: tuple[str, str, str] | None = None
    signed: bool = False


def tile_grid(
    sheets: list[Sheet],
    order: np.ndarray,
    *,
    key: str,
    noun: str,
    facts: dict[str, np.ndarray] | None = None,
    names: list[str] | None = None,
    selected: int = -1,
    on_pick: Callable[[int], None] | None = None,
    parts: tuple[str, ...] = (),
    smooth: bool = False,
    largest: int = 96,
) -> None:
    """Show sheets of tiles in lockstep, in the ``order`` of their numbers.

    ``facts`` holds float arrays (n,) that the tip tells of each tile, ``names`` what stands beside its number.
    ``on_pick`` is called with a tile's number before the rerun that a click, a tap or Enter starts. ``parts`` are
    titles above equal parts of the order. ``smooth`` interpolates between the cells of enlarged tiles. No tile is wider
    than ``largest`` CSS pixels.
    """
    count, height, width = sheets[0].tiles.shape[:3]
    facts = facts or {}
    blocks: dict[str, np.ndarray] = {"order": np.ascontiguousarray(order, np.int32)}
    for index, sheet in enumerate(sheets):
        blocks[f"tiles{index}"] = np.ascontiguousarray(sheet.tiles).reshape(-1)
        if sheet.scale is not None:
            blocks[f"scale{index}"] = sheet.scale.reshape(-1)
    for index, values in enumerate(facts.values()):
        blocks[f"fact{index}"] = np.ascontiguousarray(values, np.float32)
    meta = {
        "count": count,
        "height": height,
        "width": width,
        "gap": 0 if max(height, width) == 1 else 3,
        "largest": largest,
        "noun": noun,
        "facts": list(facts),
        "names": names,
        "smooth": smooth,
        "selected": int(selected),
        "parts": parts,
        "sheets": [{"title": s.title, "alt": s.alt, "legend": s.legend, "signed": s.signed} for s in sheets],
    }

    def picked() -> None:
        if on_pick is not None and (tile := st.session_state[key].get("picked")) is not None:
            on_pick(int(tile))

    _component(data={**blocks, "meta": meta}, key=key, on_picked_change=picked)
