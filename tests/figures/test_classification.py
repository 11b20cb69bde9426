"""The answer's figures: pure functions of values, and true to scale."""

import re

import numpy as np
import pytest

from alexnet_viz.figures.classification import bars, crop_on_photo, on_ground, whole_photo
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.values import Photo, Prediction, Preprocessing


def test_bars_show_every_class_with_its_probability():
    html = bars((Prediction("tabby", 281, 0.75, 9.0), Prediction("<b>lynx</b>", 287, 0.25, -8.0)), "dark")
    assert re.findall(r"width:([\d.]+)%", html) == ["75.00", "25.00"]
    assert ">tabby<" in html
    assert "75.0%" in html
    assert "&lt;b&gt;lynx&lt;/b&gt;" in html  # text of others stays text
    assert "probability 0.2500, logit \N{MINUS SIGN}8.000, class 287" in html


@pytest.mark.parametrize("size", [(600, 400), (400, 600), (64, 64), (3000, 40), (9, 300)])
def test_the_crop_is_drawn_where_the_network_looks(size):
    """Inside the frame the photo is untouched, outside it is dimmed, and nothing is stretched."""
    width, height = size
    photo = Photo("x", np.full((height, width, 3), 200, np.uint8), size, "PNG", "")
    inputs = preprocess(photo, Preprocessing())
    drawn = np.asarray(crop_on_photo(photo, inputs.geometry)).astype(int)
    assert abs(drawn.shape[1] / drawn.shape[0] - width / height) <= max(width, height) / min(width, height) * 0.05
    left, top, right, bottom = inputs.geometry.box
    sx, sy = drawn.shape[1] / width, drawn.shape[0] / height
    middle = drawn[int((top + bottom) / 2 * sy), int((left + right) / 2 * sx)]
    assert middle.tolist() == [200, 200, 200]
    if left * sx > 3:
        assert drawn[drawn.shape[0] // 2, 0].max() < 200


@pytest.mark.parametrize("size", [(8, 8000), (8000, 8), (8, 70_000), (70_000, 9)])
def test_a_very_thin_photo_has_a_picture_too(size):
    """Its crop is less than a pixel of the picture, and its page no longer than others."""
    width, height = size
    photo = Photo("x", np.full((height, width, 3), 200, np.uint8), size, "PNG", "")
    inputs = preprocess(photo, Preprocessing())
    assert inputs.pixels.shape == (224, 224, 3)
    drawn = crop_on_photo(photo, inputs.geometry)
    assert (max(drawn.size), min(drawn.size)) == (900, 1)
    assert 1 <= (np.asarray(drawn) == 255).all(axis=2).sum() <= 3  # the frame
    assert whole_photo(photo).size == drawn.size
    ground = on_ground(drawn)
    assert ground.size == ((450, 900) if height > width else (900, 112))
    assert (np.asarray(ground)[..., 3] > 0).sum() == 900
    assert on_ground(drawn.resize((300, 200))).size == (300, 200)
