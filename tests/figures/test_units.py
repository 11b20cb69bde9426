"""The optimised pictures as they are shown."""

import numpy as np

from alexnet_viz.figures.units import sheet_tiles, unit_picture


def test_a_picture_of_few_pixels_shows_them_as_squares_and_a_large_one_is_smooth():
    pixels = np.zeros((11, 11, 3), np.uint8)
    pixels[:, 5:] = 255
    assert set(np.unique(np.asarray(unit_picture(pixels)))) == {0, 255}
    assert len(np.unique(np.asarray(unit_picture(pixels.repeat(15, 0).repeat(15, 1))))) > 2


def test_a_sheet_holds_every_batch_in_its_place_and_grey_for_what_is_not_made():
    tiles = sheet_tiles([None, np.full((2, 4, 4, 3), 7, np.uint8)], count=6, batch=4)
    assert tiles.shape == (6, 4, 4, 3)
    assert tiles[:, 0, 0, 0].tolist() == [128, 128, 128, 128, 7, 7]
    assert sheet_tiles([np.zeros((2, 163, 163, 3), np.uint8)], count=2, batch=4).shape == (2, 48, 48, 3)
