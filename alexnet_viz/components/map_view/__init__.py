"""One channel laid over the photo in its own geometry; pointing shows receptive fields, a click picks a position."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from alexnet_viz.components.mount import mount
from alexnet_viz.values import Geometry

_component = mount(__file__)


@dataclass(frozen=True, eq=False)
class Panel:
    """One map: ``values`` float32 (h, w) in the colours of ``scale``, which reaches to ``peak``.

    ``photo`` is a data URI of the whole photo that ``geometry`` speaks of; None draws the map alone. ``placement`` is
    the first cell's edge and a cell's size on the input of ``side`` pixels; ``fields`` are the (first, end) of the
    receptive field of every row and column, on the input.
    """

    values: np.ndarray
    alt: str
    scale: np.ndarray
    peak: float
    signed: bool
    side: int
    placement: tuple[float, float]
    fields: tuple[tuple[int, int], ...]
    title: str = ""
    photo: str | None = None
    geometry: Geometry | None = None

    def meta(self) -> dict:
        """What the browser gets beside the values."""
        low = f"−{self.peak:.3g}" if self.signed and self.peak else "0"
        over: dict[str, Any] = {}
        if self.photo and self.geometry:
            over = {"size": self.geometry.photo, "crop": self.geometry.box}
        return {
            "title": self.title,
            "alt": self.alt,
            "shape": self.values.shape,
            "peak": float(self.peak),
            "signed": self.signed,
            "input": self.side,
            "left": self.placement[0],
            "step": self.placement[1],
            "start": [first for first, _ in self.fields],
            "stop": [end for _, end in self.fields],
            "legend": (low, f"{self.peak:.3g}"),
            "photo": self.photo,
            **over,
        }


def map_view(
    panels: list[Panel],
    position: tuple[int, int],
    *,
    key: str,
    on_pick: Callable[[int, int], None] | None = None,
    smooth: bool = False,
) -> None:
    """Show maps in lockstep with one (row, column) marked; ``on_pick`` gets both before a click's rerun.

    ``smooth`` interpolates between a map's cells.
    """
    blocks: dict[str, np.ndarray] = {}
    for index, panel in enumerate(panels):
        blocks[f"values{index}"] = np.ascontiguousarray(panel.values, np.float32).reshape(-1)
        blocks[f"scale{index}"] = panel.scale.reshape(-1)
    meta = {
        "panels": [panel.meta() for panel in panels],
        "y": int(position[0]),
        "x": int(position[1]),
        "smooth": smooth,
    }

    def picked() -> None:
        if on_pick is not None and (place := st.session_state[key].get("picked")):
            on_pick(int(place["y"]), int(place["x"]))

    _component(data={**blocks, "meta": meta}, key=key, on_picked_change=picked)
