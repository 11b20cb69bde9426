"""A map as a picture, and the sheet of photos from which the browser draws one."""

import io

import numpy as np
from PIL import Image

from alexnet_viz.figures.palette import CLASS_COLOURS
from alexnet_viz.figures.photo_map import legend_of, map_picture, photo_sheet

GREYS = np.repeat(np.arange(0, 250, 50, dtype=np.uint8), 32 * 32 * 3).reshape(5, 32, 32, 3)


def rgb(colour):
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def test_a_sheet_has_the_photos_row_by_row():
    sheet, columns = photo_sheet(GREYS)
    with Image.open(io.BytesIO(sheet)) as picture:
        pixels = np.asarray(picture)
    assert (columns, pixels.shape) == (3, (64, 96, 3))
    for number, grey in enumerate(GREYS):
        y, x = 32 * (number // columns), 32 * (number % columns)
        assert np.abs(pixels[y : y + 32, x : x + 32].astype(int) - grey).max() <= 2


def test_the_most_frequent_classes_have_a_colour_and_the_highlighted_one_in_any_case():
    labels = np.repeat(np.arange(14), np.arange(14, 0, -1))
    assert legend_of(labels) == list(zip(range(10), CLASS_COLOURS, strict=True))
    assert [label for label, _ in legend_of(labels, highlight=12)] == [*range(9), 12]
    assert legend_of(np.array([-1, -1])) == []


def test_a_picture_has_each_photo_at_its_place_in_its_colour_and_dots_for_those_that_are_covered():
    places = np.array([[0, 0], [4, 0], [4, 2], [0, 2], [0.01, 2]])
    labels = np.array([0, 0, 1, 1, -1])
    picture = np.asarray(map_picture(places, GREYS, labels, ("cat", "dog" * 40), "five photos"))
    scale = (1800 - 80) / 4
    height = round(2 * scale + 80)
    for number in range(3):
        x, y = 900 + scale * (places[number, 0] - 2), height / 2 - scale * (places[number, 1] - 1)
        assert tuple(picture[round(y), round(x)]) == tuple(GREYS[number, 0, 0])
        assert tuple(picture[round(y), round(x) - 18]) == rgb(CLASS_COLOURS[labels[number]])
    corner = picture[: 40 + 30, : 40 + 30]  # of the two that lie on each other one is a photo
    assert {tuple(GREYS[3, 0, 0]), tuple(GREYS[4, 0, 0])} & {tuple(pixel) for pixel in corner.reshape(-1, 3)}


def test_photos_on_one_point_make_a_picture():
    assert map_picture(np.zeros((5, 2)), GREYS, np.full(5, -1), (), "equal").size[0] == 1800
