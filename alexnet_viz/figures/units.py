"""Optimised pictures of units, large and as a contact sheet's tiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from alexnet_viz.values import Patch

_GREY = 128
_TILE = 48  # pixels a side of a contact sheet's tile
_TINY = 64  # a picture below this side shows its pixels as squares


def unit_picture(pixels: np.ndarray, side: int = 480) -> Image.Image:
    """A picture uint8 (S, S, 3) at ``side`` × ``side`` pixels: squares where it has few pixels, else smooth."""
    way = Image.Resampling.NEAREST if len(pixels) < _TINY else Image.Resampling.BICUBIC
    return Image.fromarray(pixels).resize((side, side), way)


def waiting_picture(side: int = 480) -> Image.Image:
    """The place of a picture that is not made yet."""
    return Image.new("RGB", (side, side), (_GREY,) * 3)


def patch_tiles(patches: Sequence[Patch], masked: bool, side: int = 224) -> np.ndarray:
    """Patches as tiles uint8 (N, side, side, 3); ``masked``: what did not drive the unit is dimmed."""
    pixels = [patch.pixels for patch in patches]
    if masked:
        pixels = [np.where(patch.mask[..., None], patch.pixels, _dimmed(patch.pixels)) for patch in patches]
    return photo_tiles(pixels, side)


def photo_tiles(photos: Sequence[np.ndarray], side: int = 224) -> np.ndarray:
    """Photos uint8 (S, S, 3) as tiles uint8 (N, side, side, 3)."""
    return np.stack([np.asarray(unit_picture(pixels, side)) for pixels in photos])


def _dimmed(pixels: np.ndarray) -> np.ndarray:
    """A quarter of the contrast, around grey."""
    return ((pixels.astype(np.float32) - _GREY) / 4 + _GREY).astype(np.uint8)


def sheet_tiles(batches: Sequence[np.ndarray | None], count: int, batch: int) -> np.ndarray:
    """A layer's tiles uint8 (count, side, side, 3) from its batches (≤batch, S, S, 3); grey for None.

    They are as large as the pictures, but no larger than a tile is on the screen.
    """
    made = [(number * batch, pictures) for number, pictures in enumerate(batches) if pictures is not None]
    side = min([_TILE, *(pictures.shape[1] for _, pictures in made)])
    tiles = np.full((count, side, side, 3), _GREY, np.uint8)
    for first, pictures in made:
        for number, pixels in enumerate(pictures, first):
            tiles[number] = Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS)
    return tiles
