"""A run's weights along the way as pictures, and as one that plays."""

import io

import numpy as np
import pytest
from PIL import Image

from alexnet_viz.figures.scrubber import KINDS, SIDE, animated, strips
from alexnet_viz.values import Geometry, Moment, Photo

PHOTO = Photo("photo", np.full((40, 60, 3), 90, np.uint8), (60, 40), "PNG", "")
GEOMETRY = Geometry((60, 40), (48, 32), (8, 0), 32)


def moment(step, strength, kernel=True):
    return Moment(
        step,
        np.full((3, 11, 11), strength, np.float32) if kernel else None,
        np.array([[0, strength], [0, 0]], np.float32),
        np.array([[0, 0], [strength, 0]], np.float32),
        (0.0, 16.0),
        "cat",
        (("cat", strength), ("dog", 1 - strength)),
    )


MOMENTS = [moment(0, 0.25), moment(50, 1.0)]


def test_filter_and_map_grow_on_one_scale_and_the_map_lies_where_the_value_is():
    filters, maps, cams = strips(MOMENTS, "conv1, channel 3", PHOTO, GEOMETRY)
    assert [strip.title for strip in (filters, maps, cams)] == ["Filter", "Map", "Grad-CAM"]
    assert [picture.getpixel((9, 9)) for picture in filters.pictures] == [(159,) * 3, (255,) * 3]
    weak, strong = (np.asarray(picture).astype(int) for picture in maps.pictures)
    assert (weak[:, : SIDE // 2] == weak[-1, 0]).all()
    assert np.abs(strong[0, -1] - strong[-1, 0]).sum() > np.abs(weak[0, -1] - weak[-1, 0]).sum() > 0
    assert {picture.size for picture in cams.pictures} == {(SIDE, SIDE * 2 // 3)}


def test_a_deeper_channel_has_no_filter_and_a_picture_that_is_not_made_yet_is_grey():
    deep = [moment(0, 0.5, kernel=False), moment(1, 0.6, kernel=False)]
    red = np.zeros((32, 32, 3), np.uint8) + np.array([200, 0, 0], np.uint8)
    maps, pictures, _ = strips(deep, "conv4, channel 3", PHOTO, GEOMETRY, [red, None])
    assert (maps.title, pictures.title) == ("Map", "Optimised picture")
    assert [picture.getpixel((5, 5)) for picture in pictures.pictures] == [(200, 0, 0), (128, 128, 128)]


@pytest.mark.parametrize("kind", KINDS)
def test_all_moments_are_one_picture_that_plays(kind):
    data = animated(MOMENTS, strips(MOMENTS, "conv1, channel 3", PHOTO, GEOMETRY), "a run \n: conv1", "cat", kind)
    with Image.open(io.BytesIO(data)) as played:
        assert played.format == kind.upper()
        assert played.n_frames == 2
        assert played.width == 4 * (SIDE + 16) + 16
        first = np.asarray(played.convert("RGB")).astype(int)
        played.seek(1)
        assert np.abs(np.asarray(played.convert("RGB")) - first).sum() > 0
