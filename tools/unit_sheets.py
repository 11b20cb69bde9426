"""Make the contact sheets that come with the bundled weights: python -m tools.unit_sheets. Ten minutes on two cores."""

from __future__ import annotations

import sys

from tqdm import tqdm

from alexnet_viz.figures.units import sheet_tiles
from alexnet_viz.inspection.model import get
from alexnet_viz.network.keys import CONVOLUTIONS
from alexnet_viz.units.choices import BATCH, Choices
from alexnet_viz.units.objectives import layer_step, unit
from alexnet_viz.units.optimise import optimised
from alexnet_viz.units.shipped_sheets import write_tiles


def main() -> None:
    model = get("bundled", device="cpu")
    tiles = {}
    for layer in CONVOLUTIONS:
        channels = layer_step(model.info.spec, layer).layer.out
        starts = tqdm(range(0, channels, BATCH), desc=layer, file=sys.stderr)
        batches = [
            optimised(
                model, [unit(layer, channel) for channel in range(first, min(first + BATCH, channels))], Choices()
            )
            for first in starts
        ]
        tiles[layer] = sheet_tiles([images.pixels for images in batches], channels, BATCH)
    write_tiles(model.info.id, tiles)


if __name__ == "__main__":
    main()
