"""The film of learning, played in the browser: conv1's filters, and the fixed photo's maps and answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from alexnet_viz.components.mount import mount

_component = mount(__file__)


def film(story: dict[str, Any], first: int, frames: list[bytes], top: list[list], *, key: str) -> bool:
    """Show a film whose frames from ``first`` on are ``frames`` (see figures.training.frame).

    The browser keeps what it got before, and begins with the newest. ``story``: ``run`` (another one begins a new
    film), ``steps`` of all frames, ``filters`` [n, h, w], ``maps`` {layer: [n, h, w]}, ``look`` (what is shown of the
    filters at first, "learned" or "filters"), ``photo`` (a data URI) and ``truth``. ``top`` holds for each of
    ``frames`` its [class, probability] pairs. True when somebody wants to see frames that the browser lacks: send all.
    """
    pixels = np.frombuffer(b"".join(frames), np.uint8)
    data = {**story, "first": first, "top": top, "pixels": pixels}
    return bool(_component(data=data, key=key, on_missing_change=lambda: None).missing)
