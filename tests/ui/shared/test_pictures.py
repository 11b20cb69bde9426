"""Pictures as files: encoded once, and what is in them."""

import io

import numpy as np
import pytest
from PIL import Image

from alexnet_viz.ui.shared.pictures import picture_file


@pytest.mark.parametrize(("mode", "kind"), [("RGB", "JPEG"), ("RGBA", "PNG")])
def test_a_picture_is_drawn_once_and_keeps_its_transparency(mode, kind):
    drawn, key = [], object()

    def draw():
        drawn.append(Image.linear_gradient("L").convert(mode))
        return drawn[-1]

    first, second = (picture_file(key, draw) for _ in range(2))
    assert first is second
    (image,) = drawn
    with Image.open(io.BytesIO(first)) as read:
        assert (read.format, read.mode) == (kind, mode)
        difference = np.abs(np.asarray(read, int) - np.asarray(image, int))
    assert difference.max() <= (3 if kind == "JPEG" else 0)  # a smooth gradient at quality 90
