"""Optimised pictures of units, large and as a contact sheet's tiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

_GREY = 128
_TINY = 64  # a picture below this side shows its pixels as squares


def unit_picture(pixels: np.ndarray, side: int = 480) -> Image.Image:
    """A picture uint8 (S, S, 3) at ``side`` × ``side`` pixels: squares where it has few pixels, else smooth."""
    way = Image.Resampling.NEAREST if len(pixels) < _TINY else Image.Resampling.BICUBIC
    return Image.fromarray(pixels).resize((side, side), way)


def sheet_tiles(batches: Sequence[np.ndarray | None], count: int, batch: int, side: int) -> np.ndarray:
    """A layer's tiles uint8 (count, side, side, 3) from its batches (≤batch, side, side, 3); grey for None."""
    tiles = np.full((count, side, side, 3), _GREY, np.uint8)
    for number, pictures in enumerate(batches):
        if pictures is not None:
            tiles[number * batch : number * batch + len(pictures)] = pictures
    return tiles
