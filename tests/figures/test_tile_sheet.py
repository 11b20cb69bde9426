"""Tiles on a sheet lie row by row, with a transparent gap between them."""

import numpy as np

from alexnet_viz.figures.tile_sheet import tile_sheet


def test_tiles_lie_row_by_row_with_a_transparent_gap():
    tiles = np.arange(3 * 2 * 4 * 3, dtype=np.uint8).reshape(3, 2, 4, 3)
    sheet = np.asarray(tile_sheet(tiles, columns=2, gap=1))
    assert sheet.shape == (5, 9, 4)
    assert (sheet[:2, 5:, :3] == tiles[1]).all()
    assert (sheet[3:, :4, :3] == tiles[2]).all()
    assert not sheet[2].any()
    assert not sheet[3:, 5:].any()  # there is no fourth
