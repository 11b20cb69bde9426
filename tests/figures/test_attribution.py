"""Maps land where the network looked, to the pixel; colours are what the legend says."""

import io

import numpy as np
import pytest
from PIL import Image

from alexnet_viz.figures import attribution as figure
from alexnet_viz.figures.attribution import MapStyle
from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.values import Preprocessing

RNG = np.random.default_rng(5)
HOW = Preprocessing(36, 32)
PLAIN = MapStyle(opacity=1, fade=False, clip=100, smooth=False)


def photo(width, height, exif=None, kind="PNG", dot=None):
    """A grey photo, ``dot`` (left, top, right, bottom) white, stored sideways where EXIF says so."""
    pixels = np.full((height, width, 3), 90, np.uint8)
    if dot:
        pixels[dot[1] : dot[3], dot[0] : dot[2]] = 255
    image, buffer, more = Image.fromarray(pixels), io.BytesIO(), {}
    if exif == 6:  # "turn me 90° clockwise": stored turned the other way
        image = image.transpose(Image.Transpose.ROTATE_90)
        more["exif"] = Image.Exif()
        more["exif"][0x0112] = 6
    image.save(buffer, kind, **more)
    return decode(buffer.getvalue(), f"photo.{kind.lower()}")


SHAPES = {
    "portrait": {"width": 60, "height": 97},
    "landscape": {"width": 101, "height": 64},
    "square": {"width": 64, "height": 64},
    "tiny": {"width": 11, "height": 8},
    "panorama": {"width": 300, "height": 20},
    "turned by EXIF": {"width": 60, "height": 97, "exif": 6, "kind": "JPEG"},
}


@pytest.mark.parametrize("shape", [(32, 32), (5, 5), (13, 13)])
@pytest.mark.parametrize("case", SHAPES.values(), ids=SHAPES)
def test_every_pixel_of_the_photo_shows_the_cell_that_covers_it(case, shape):
    one = photo(**case)
    assert one.size == (case["width"], case["height"])
    geometry = preprocess(one, HOW).geometry
    values = RNG.random(shape).astype(np.float32)
    panel = figure.panel("", "", one, geometry, values, PLAIN)
    drawn = np.asarray(figure.overlay(panel, PLAIN))
    assert drawn.shape == one.pixels.shape
    left, top, right, bottom = geometry.box
    for y in range(one.size[1]):
        for x in range(one.size[0]):
            if left <= x + 0.5 < right and top <= y + 0.5 < bottom:
                column = (x + 0.5 - left) / (right - left) * shape[1]
                row = (y + 0.5 - top) / (bottom - top) * shape[0]
                if min(abs(at - round(at)) for at in (column, row)) < 1e-9:
                    continue  # on the line between two cells either is right
                expected = figure.colour(values[int(row), int(column)], panel, PLAIN)
            else:
                expected = (one.pixels[y, x] * 0.45 + 255 * 0.18).astype(np.uint8)
            np.testing.assert_array_equal(drawn[y, x], expected, err_msg=f"{x}, {y}")


@pytest.mark.parametrize("case", [c for n, c in SHAPES.items() if n not in ("tiny", "panorama")])
def test_what_the_network_saw_at_a_dot_is_drawn_on_the_dot(case):
    """The way forth, by preprocessing, and the way back, by the overlay, meet within one input pixel."""
    middle = case["width"] // 2, case["height"] // 2
    dot = (middle[0] - 14, middle[1] + 3, middle[0] - 4, middle[1] + 17)
    one = photo(**case, dot=dot)
    seen = preprocess(one, HOW)
    values = (seen.pixels.mean(-1) > 172).astype(np.float32)  # half way between grey and white
    drawn = np.asarray(figure.overlay(figure.panel("", "", one, seen.geometry, values, PLAIN), PLAIN))
    hot = np.argwhere((drawn == figure.table(False, "viridis")[255]).all(-1))
    found = (hot[:, 1].min(), hot[:, 0].min(), hot[:, 1].max() + 1, hot[:, 0].max() + 1)
    assert np.abs(np.subtract(found, dot)).max() <= max(seen.geometry.scale)


def test_a_layers_map_is_drawn_where_its_cells_lie():
    """conv5's first cell at 224 pixels is the square around pixel 15.5, not around 8.6 as an even spread would say."""
    one = photo(224, 224)
    geometry = preprocess(one, Preprocessing(224, 224)).geometry
    values = np.zeros((13, 13), np.float32)
    values[2, 5] = 1
    drawn = np.asarray(figure.overlay(figure.panel("", "", one, geometry, values, PLAIN, (7.5, 16.0)), PLAIN))
    hot = np.argwhere((drawn == figure.table(False, "viridis")[255]).all(-1))
    np.testing.assert_array_equal([hot.min(0), hot.max(0)], [(39, 87), (54, 102)])  # rows, columns; 7.5 is a half


def test_the_same_place_at_another_size():
    one = photo(101, 64)
    geometry = preprocess(one, HOW).geometry
    values = np.zeros((32, 32), np.float32)
    values[4:9, 20:30] = 1
    panel = figure.panel("", "", one, geometry, values, PLAIN)
    large = np.asarray(figure.overlay(panel, PLAIN, (1010, 640)))
    hot = np.argwhere((large == figure.table(False, "viridis")[255]).all(-1))
    left, top = geometry.to_photo(20, 4)
    right, bottom = geometry.to_photo(30, 9)
    found = (hot[:, 1].min(), hot[:, 0].min(), hot[:, 1].max() + 1, hot[:, 0].max() + 1)
    np.testing.assert_allclose(found, np.array([left, top, right, bottom]) * 10, atol=1)


def test_colours_lie_on_the_scale_with_zero_in_the_middle():
    one = photo(32, 32)
    values = np.linspace(-2, 1, 9, dtype=np.float32).reshape(3, 3)
    values[1, 1] = 0
    panel = figure.panel("", "", one, preprocess(one, HOW).geometry, values, PLAIN)
    assert (panel.low, panel.top) == (-2, 2)
    red, green, blue = figure.colour(np.float32(0), panel, PLAIN).astype(int)
    assert red == green == blue
    scale = figure.table(True, "viridis")
    np.testing.assert_array_equal(figure.colour(np.float32(2), panel, PLAIN), scale[255])
    np.testing.assert_array_equal(figure.colour(np.float32(-5), panel, PLAIN), scale[1])


@pytest.mark.parametrize("name", figure.COLOUR_MAPS)
def test_a_scale_without_sign_grows_lighter_all_the_way(name):
    light = figure.table(False, name) @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(light) > -0.6).all()
    assert light[-1] - light[0] > 150


def test_cividis_and_inferno_are_theirs():
    for name, middle in (("cividis", (124, 123, 120)), ("inferno", (188, 55, 84))):
        np.testing.assert_allclose(figure.table(False, name)[128], middle, atol=3)


def test_parts_of_a_map():
    values = np.array([[-3.0, 0.0], [1.0, 2.0]], np.float32)
    for part, expected, signed in (
        ("signed", values, True),
        ("positive", [[0, 0], [1, 2]], False),
        ("negative", [[3, 0], [0, 0]], False),
        ("absolute", [[3, 0], [1, 2]], False),
    ):
        shown, both = figure.taken(values, part)
        np.testing.assert_array_equal(shown, expected)
        assert both is signed
    assert figure.taken(values[1:], "signed")[1] is False


def test_clipping_and_common_scale_are_said():
    one, values = photo(32, 32), np.ones((10, 10), np.float32)
    values[0, 0] = 50
    geometry = preprocess(one, HOW).geometry
    look = MapStyle(clip=98)
    panel = figure.panel("", "", one, geometry, values, look)
    assert panel.top == 1
    assert figure.scale_words(panel, look) == "The colour scale ends at 1; 1.0% of the map lies above it, up to 50."
    other = figure.panel("", "", one, geometry, -values * 3, look)
    both = figure.common([panel, other])
    assert [(p.low, p.top) for p in both] == [(-3, 3)] * 2
    empty = figure.panel("", "", one, geometry, values * 0, look)
    assert "zero everywhere" in figure.scale_words(empty, look)
    untouched = np.asarray(figure.overlay(empty, look))
    np.testing.assert_array_equal(untouched[10:20, 10:20], one.pixels[10:20, 10:20])  # nothing is blown up from nothing


def test_a_mostly_empty_map_is_not_clipped_to_nothing():
    values = np.zeros((100, 100), np.float32)
    values[0, 0] = 4
    assert figure.end(values, 99) == 4


def test_the_mask_shows_the_strongest_share():
    values = RNG.normal(size=(50, 50)).astype(np.float32)
    assert figure.strongest(values, 10).sum() == 250
    assert values[figure.strongest(values, 10)].min() > np.percentile(values, 89)
    assert figure.strongest(np.maximum(values - 2, 0), 50).sum() == (values > 2).sum()  # never what is not above zero
    assert not figure.strongest(-np.abs(values), 10).any()


@pytest.mark.parametrize("style", ["heat", "contours", "mask"])
@pytest.mark.parametrize("case", SHAPES.values(), ids=SHAPES)
def test_every_style_draws_every_shape(case, style):
    one = photo(**case)
    geometry = preprocess(one, HOW).geometry
    values = RNG.normal(size=(6, 6)).astype(np.float32)
    panel = figure.panel("", "", one, geometry, values, MapStyle(style=style))
    drawn = np.asarray(figure.overlay(panel, MapStyle(style=style), frame=True))
    assert drawn.shape == one.pixels.shape


def test_contours_run_where_the_map_crosses_a_level():
    one = photo(64, 64)
    geometry = preprocess(one, HOW).geometry
    values = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (32, 1))
    look = MapStyle(style="contours", clip=100)
    panel = figure.panel("", "", one, geometry, values, look)
    drawn = np.asarray(figure.overlay(panel, look))
    lit = np.flatnonzero((drawn[32] == figure.table(False, "viridis")[255]).all(-1))
    places = (figure.on_picture(geometry, (64, 64))[0] - 0.5) / 31
    for level in figure.LEVELS:
        assert np.abs(places[lit] - level).min() < 1 / 31
    assert len(lit) == len(figure.LEVELS)


def test_the_raw_map_has_one_colour_a_cell():
    values = RNG.random((13, 13)).astype(np.float32)
    one = photo(32, 32)
    panel = figure.panel("", "", one, preprocess(one, HOW).geometry, values, PLAIN)
    drawn = np.asarray(figure.raw_map(panel, PLAIN, 260))
    assert drawn.shape == (260, 260, 3)
    np.testing.assert_array_equal(drawn[5 * 20 + 3, 7 * 20 + 19], figure.colour(values[5, 7], panel, PLAIN))


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_a_slide_holds_all_panels_with_their_legends(count):
    one = photo(60, 97)
    geometry = preprocess(one, HOW).geometry
    values = RNG.normal(size=(13, 13)).astype(np.float32)
    panels = [figure.panel(f"Method {i}" * 9, "", one, geometry, values, MapStyle()) for i in range(count)]
    image = figure.slide(panels, MapStyle(), "Why “tabby”?", "dark", width=1200)
    assert image.width == 1200
    blue, red = (tuple(int(c) for c in figure.table(True, "viridis")[i]) for i in (1, 255))
    colours = {colour for _, colour in image.getcolors(1 << 24)}
    assert {blue, red} <= colours  # the legends' two ends


def test_png_carries_its_words():
    data = figure.png(Image.new("RGB", (3, 2)), "Grad-CAM, “tabby”")
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.text["Description"] == "Grad-CAM, “tabby”"
        assert image.size == (3, 2)


@pytest.mark.parametrize("size", [(8, 8000), (8000, 8)])
def test_a_very_thin_photo_has_an_overlay(size):
    """At a page's size its crop is smaller than a pixel: the nearest one shows the map."""
    one = photo(*size)
    geometry = preprocess(one, HOW).geometry
    panel = figure.panel("", "", one, geometry, np.ones((4, 4), np.float32), PLAIN)
    drawn = np.asarray(figure.overlay(panel, PLAIN, figure.fitted(one.size, 760), frame=True))
    assert max(drawn.shape[:2]) == 760
    different = (drawn != drawn[0, 0]).any(axis=2)
    assert 1 <= different.sum() <= 2
    assert figure.overlay(panel, PLAIN).size == size
