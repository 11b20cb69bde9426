"""The playground's arithmetic against PyTorch, and its reasons where nothing fits."""

import itertools

import numpy as np
import pytest
import torch.nn.functional as F
from torch import ones

from alexnet_viz.errors import ShapeError
from alexnet_viz.inspection.playground import Window, check, slide


def test_the_formula_is_pytorchs_for_every_small_window():
    for size, kernel, stride, padding, dilation in itertools.product((1, 5, 12), (1, 2, 3, 5), (1, 3), (0, 2), (1, 3)):
        window = Window(size, kernel, stride, padding, dilation)
        try:
            found = F.conv2d(ones(1, 1, size, size), ones(1, 1, kernel, kernel), None, stride, padding, dilation)
        except RuntimeError:
            assert window.side == 0
            with pytest.raises(ShapeError, match="does not fit"):
                check(window)
            continue
        assert window.side == found.shape[-1]
        assert 0 <= window.unread < stride


def test_a_sum_by_hand():
    inputs = np.arange(16, dtype=np.float32).reshape(4, 4)
    kernel = np.array([[1, 0], [0, -1]], np.float32)
    np.testing.assert_array_equal(slide(inputs, kernel, Window(4, 2)), np.full((3, 3), -5))
    np.testing.assert_array_equal(slide(inputs, kernel, Window(4, 2, stride=2, mode="pool")), [[5, 7], [13, 15]])
    dilated = slide(inputs, kernel, Window(4, 2, dilation=3))
    np.testing.assert_array_equal(dilated, [[inputs[0, 0] - inputs[3, 3]]])


def test_reasons_name_the_numbers():
    with pytest.raises(ShapeError, match=r"spans 5 cells \(3 cells, 2 apart\), but the input has only 4\."):
        check(Window(4, 3, dilation=2))
    with pytest.raises(ShapeError, match=r"with its padding 6"):
        check(Window(4, 7, padding=1))
    with pytest.raises(ShapeError, match="more than half its window"):
        check(Window(6, 3, padding=2, mode="pool"))
    with pytest.raises(RuntimeError, match="half"):  # PyTorch says no as well
        F.max_pool2d(ones(1, 1, 6, 6), 3, 1, 2)
