"""Small pictures of one size beside each other on one."""

from __future__ import annotations

import numpy as np
from PIL import Image


def tile_sheet(tiles: np.ndarray, columns: int, gap: int = 2) -> Image.Image:
    """Tiles uint8 (n, h, w, 3) row by row, RGBA, with ``gap`` transparent pixels between them."""
    height, width = (size + gap for size in tiles.shape[1:3])
    sheet = Image.new("RGBA", (columns * width - gap, -(-len(tiles) // columns) * height - gap))
    for index, tile in enumerate(tiles):
        sheet.paste(Image.fromarray(tile), (index % columns * width, index // columns * height))
    return sheet
