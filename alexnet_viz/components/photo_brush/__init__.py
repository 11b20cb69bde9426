"""A brush over the photo, or a box on it: what the visitor marks comes back on the network's own pixels."""

from __future__ import annotations

import base64
from typing import Any, Literal, NamedTuple

import numpy as np

from alexnet_viz.components.mount import mount

_component = mount(__file__)


Fill = Literal["grey", "black", "blur"]


class Marked(NamedTuple):
    """``mask`` bool (S, S), painted pixels; ``box`` (left, top, right, bottom) in input pixels. None where nothing."""

    mask: np.ndarray | None
    box: tuple[float, float, float, float] | None


def photo_brush(
    picture: str,
    instead: str,
    alt: str,
    crop: tuple[float, float, float, float],
    size: int,
    *,
    key: str,
    mode: Literal["paint", "box"] = "paint",
    fill: Fill = "grey",
    box: tuple[float, float, float, float] | None = None,
    mask: np.ndarray | None = None,
    height: int = 400,
) -> Marked:
    """Show a photo to mark.

    ``picture`` and ``instead``, data URIs of one size: the photo, and what a blurring brush lays bare. ``crop`` is the
    network's square on them (left, top, right, bottom; 0–1), ``size`` its side S in input pixels, ``box`` and
    ``mask``, bool (S, S), what to begin with. What is marked outside the crop has no effect.
    """
    data = {
        "picture": picture,
        "instead": instead,
        "alt": alt,
        "crop": list(crop),
        "size": size,
        "mode": mode,
        "fill": fill,
        "box": list(box) if box else None,
        "mask": None if mask is None else base64.b64encode(np.packbits(mask).tobytes()).decode(),
        "height": height,
    }
    result = _component(data=data, key=key, on_mask_change=lambda: None, on_box_change=lambda: None)
    if result.box is not None:  # the visitor drew one, or took it away
        box = _within(result.box, size)
    if result.mask is not None:
        mask = _unpacked(result.mask, size)
    return Marked(mask, box)


def _unpacked(text: Any, size: int) -> np.ndarray | None:
    """Bits in base64, row by row, as they came from the browser; what does not fit is nothing."""
    try:
        bits = np.unpackbits(np.frombuffer(base64.b64decode(text, validate=True), np.uint8))
    except (TypeError, ValueError):
        return None
    if len(bits) != -(-size * size // 8) * 8:
        return None
    mask = bits[: size * size].reshape(size, size).astype(bool)
    return mask if mask.any() else None


def _within(box: Any, size: int) -> tuple[float, float, float, float] | None:
    """A box as it came from the browser, if it is one that lies on the input."""
    try:
        left, top, right, bottom = (float(value) for value in box)
    except (TypeError, ValueError):  # "none" after Clear
        return None
    return (left, top, right, bottom) if 0 <= left < right <= size and 0 <= top < bottom <= size else None
