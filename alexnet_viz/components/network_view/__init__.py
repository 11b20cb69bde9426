"""The forward pass in the browser: the whole network, a layer, a unit, one value; hovering asks the server nothing."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from alexnet_viz.components.mount import mount

_component = mount(__file__)


class Move(NamedTuple):
    """Where the visitor moved in this run. ``y`` and ``x`` are None for the unit's peak.

    ``turn`` counts the visitor's moves; ``has`` is the scene that the browser holds already, "" for none.
    """

    depth: str
    layer: str
    channel: int
    y: int | None
    x: int | None
    turn: int
    has: str


def network_view(
    scene: dict[str, Any],
    block: np.ndarray | None,
    view: dict[str, Any],
    path: list[dict[str, Any]],
    *,
    turn: int,
    large: bool,
    smooth: bool,
    rows: int,
    key: str,
) -> Move | None:
    """Show a scene by ``figures.network`` (its index, with an ``id``, and its block) and what is chosen in it.

    ``view`` holds depth, layer, channel, y and x; ``path`` the stops from there down to the photo. ``block`` may be
    None when the browser has the scene already. ``smooth`` interpolates between the cells of maps, for the eye. An
    answer to an older ``turn`` than the browser's last is passed over there.
    """
    data = {"scene": scene, "px": block, "view": view, "path": path, "turn": turn, "rows": rows}
    data |= {"large": large, "smooth": smooth}
    move = _component(data=data, key=key, on_move_change=lambda: None).move
    return Move(**move) if move else None
