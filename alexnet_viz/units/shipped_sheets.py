"""Contact sheets that come with the bundled weights, so that a layer's pictures are there at once. No torch here.

``python -m tools.unit_sheets`` makes them. They hold for the very weights whose id they name, and for no others.
"""

from __future__ import annotations

import io
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from alexnet_viz.disk import write_atomically

FOLDER = Path(__file__).parents[2] / "assets" / "units"
_INDEX = "sheets.json"
_COLUMNS = 16
_QUALITY = 85  # of WebP: at 90 the files are a third larger and look the same


@lru_cache(maxsize=8)
def shipped_tiles(weights: str, layer: str, folder: Path = FOLDER) -> np.ndarray | None:
    """The pictures of a layer's channels, made with the usual choices, uint8 (channels, side, side, 3).

    None where there are none for these weights, by their id.
    """
    try:
        index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        if index["weights"] != weights:
            return None
        count, side = index["layers"][layer]
        with Image.open(folder / f"{layer}.webp") as sheet:
            pixels = np.asarray(sheet.convert("RGB"))
        rows = pixels.shape[0] // side
        tiles = pixels.reshape(rows, side, _COLUMNS, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)
        return np.ascontiguousarray(tiles[:count])
    except (OSError, ValueError, KeyError):  # another version's: the page makes them anew
        return None


def write_tiles(weights: str, tiles: dict[str, np.ndarray], folder: Path = FOLDER) -> None:
    """Write layers' pictures, uint8 (channels, side, side, 3), as one WebP each, with an index."""
    folder.mkdir(parents=True, exist_ok=True)
    layers = {}
    for layer, pictures in tiles.items():
        count, side = pictures.shape[:2]
        rows = -(-count // _COLUMNS)
        padded = np.full((rows * _COLUMNS, side, side, 3), 128, np.uint8)
        padded[:count] = pictures
        sheet = padded.reshape(rows, _COLUMNS, side, side, 3).swapaxes(1, 2).reshape(rows * side, _COLUMNS * side, 3)
        buffer = io.BytesIO()
        Image.fromarray(sheet).save(buffer, "WEBP", quality=_QUALITY, method=6)
        write_atomically(folder / f"{layer}.webp", buffer.getvalue())
        layers[layer] = [count, side]
    index = json.dumps({"weights": weights, "layers": layers}, indent=1)
    write_atomically(folder / _INDEX, f"{index}\n".encode())
