"""The 2012 paper's figures: what stands where."""

import numpy as np

from alexnet_viz.figures.drawing import Bar, Picture, Words
from alexnet_viz.figures.filters import kernel_tiles
from alexnet_viz.figures.palette import PAPER, RIGHT, mix
from alexnet_viz.figures.paper import answers_figure, kernels_figure, neighbours_figure
from alexnet_viz.values import AnsweredPhoto, PhotoNeighbours

RIGHT_BAR = mix(RIGHT, PAPER["light"], 0.45)


def parts(drawing, kind):
    """The parts of a kind, none of which leaves the drawing."""
    found = [part for part in drawing.parts if isinstance(part, kind)]
    for part in found:
        width, height = {Picture: ("side", "side"), Bar: ("width", "height")}.get(kind, ("size", "size"))
        assert 0 <= part.x <= part.x + getattr(part, width) <= drawing.width
        assert 0 <= part.y <= part.y + (0 if kind is Words else getattr(part, height)) <= drawing.height
    return found


def photo(shade):
    return np.full((8, 8, 3), shade, np.uint8)


def test_figure_3_has_the_kernels_in_order_and_two_groups_apart():
    kernels = np.random.default_rng(0).normal(size=(40, 3, 11, 11)).astype(np.float32)
    order = np.arange(40)[::-1]
    shown = parts(kernels_figure(kernels, order, False, "conv1", ()), Picture)
    assert all((part.pixels == tile).all() for part, tile in zip(shown, kernel_tiles(kernels)[order], strict=True))
    assert sorted({part.y for part in shown})[1] - shown[0].y == shown[1].x - shown[0].x

    drawing = kernels_figure(kernels, order, False, "conv1", ("first", "second", "both"))
    split = parts(drawing, Picture)
    assert len(split) == 40
    assert [words.text for words in parts(drawing, Words)] == ["conv1", "first", "second", "both"]
    assert split[20].x == split[0].x  # the second group begins a row
    assert split[20].y - split[19].y > split[1].x - split[0].x


def test_figure_4_left_has_a_bar_a_class_and_the_right_one_is_green():
    top = (("tabby", 0.5), ("Tiger Cat", 0.25), ("fox", 0.05))
    photos = [AnsweredPhoto("a.jpg", truth, photo(shade), top) for shade, truth in enumerate(["tiger cat", "owl", ""])]
    drawing = answers_figure(photos, "answers")
    assert [part.pixels[0, 0, 0] for part in parts(drawing, Picture)] == [0, 1, 2]
    green = [bar for bar in parts(drawing, Bar) if bar.colour == RIGHT_BAR]
    assert [bar.width for bar in green] == [0.25 * parts(drawing, Picture)[0].side]
    words = [part.text for part in parts(drawing, Words)]
    assert [word for word in words if word in ("tiger cat", "owl", "a.jpg")] == ["tiger cat", "owl", "a.jpg"]
    assert words.count("fox") == 3


def test_figure_4_left_goes_on_in_a_second_row():
    many = [AnsweredPhoto("", "", photo(shade), (("x", 1.0),)) for shade in range(8)]
    drawing = answers_figure(many, "answers")
    places = [(part.x, part.y) for part in parts(drawing, Picture)]
    assert len(set(places)) == 8
    assert len({y for _, y in places}) == 2


def test_figure_4_right_is_a_row_a_photo_with_the_nearest_beside_it():
    rows = [PhotoNeighbours(photo(10 * row), (photo(10 * row + 1), photo(10 * row + 2))) for row in range(3)]
    drawing = neighbours_figure(rows, "neighbours")
    shown = parts(drawing, Picture)
    assert [part.pixels[0, 0, 0] for part in shown] == [0, 1, 2, 10, 11, 12, 20, 21, 22]
    assert len({part.y for part in shown}) == 3
    assert shown[0].x < shown[1].x < shown[2].x
