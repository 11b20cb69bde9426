"""The contact sheets that come along: the very pictures that the page would make, and only for their own weights."""

import numpy as np
import pytest
from PIL import Image

from alexnet_viz.network.keys import CONVOLUTIONS
from alexnet_viz.units.choices import Choices
from alexnet_viz.units.objectives import unit
from alexnet_viz.units.optimise import optimised
from alexnet_viz.units.shipped_sheets import FOLDER, shipped_tiles, write_tiles


def smooth_tiles(count, side):
    """Tiles that WebP hardly changes: a colour each."""
    colours = np.random.default_rng(0).integers(0, 256, (count, 1, 1, 3), dtype=np.uint8)
    return np.broadcast_to(colours, (count, side, side, 3))


@pytest.mark.parametrize(("count", "side"), [(64, 11), (20, 48), (16, 48)])
def test_what_is_written_is_read_again_in_its_order(tmp_path, count, side):
    tiles = smooth_tiles(count, side)
    write_tiles("mine", {"conv1": tiles}, tmp_path)
    read = shipped_tiles("mine", "conv1", tmp_path)
    assert read.shape == tiles.shape
    middle = side // 2
    assert np.abs(read[:, middle, middle].astype(int) - tiles[:, middle, middle]).max() <= 12  # lossy


def test_other_weights_other_layers_and_torn_files_have_none(tmp_path):
    write_tiles("mine", {"conv1": smooth_tiles(16, 48)}, tmp_path)
    assert shipped_tiles("another's", "conv1", tmp_path) is None
    assert shipped_tiles("mine", "conv2", tmp_path) is None
    (tmp_path / "conv1.webp").write_bytes(b"torn")
    shipped_tiles.cache_clear()
    assert shipped_tiles("mine", "conv1", tmp_path) is None
    (tmp_path / "sheets.json").write_text("{")
    shipped_tiles.cache_clear()
    assert shipped_tiles("mine", "conv1", tmp_path) is None


def test_the_sheets_that_come_along_are_those_of_the_bundled_weights(bundled):
    """The same up to WebP's losses and another processor's rounding, which a picture of 96 steps carries along."""
    for layer in CONVOLUTIONS:
        tiles = shipped_tiles(bundled.info.id, layer)
        assert tiles is not None, f"make {layer}'s sheet anew: python -m tools.unit_sheets"
        assert len(tiles) == bundled.network.get_submodule(layer).weight.shape[0]
    images = optimised(bundled, [unit("conv2", channel) for channel in range(4)], Choices())
    side = shipped_tiles(bundled.info.id, "conv2").shape[1]
    for tile, pixels in zip(shipped_tiles(bundled.info.id, "conv2"), images.pixels, strict=False):
        small = np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS))
        assert np.corrcoef(tile.ravel(), small.ravel())[0, 1] > 0.9


def test_they_are_small():
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 3_000_000
