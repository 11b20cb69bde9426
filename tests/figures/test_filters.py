"""Weights as pictures: what is drawn is what is there."""

import numpy as np
import pytest

from alexnet_viz.figures.filters import (
    colour_figure,
    kernel_tiles,
    norm_figure,
    spectrum_figure,
    vote_bars,
    weight_histogram,
)
from alexnet_viz.figures.palette import levels, scale


def test_zero_is_mid_grey_and_the_scale_is_each_kernels_or_common():
    kernels = np.zeros((2, 3, 11, 11), np.float32)
    kernels[0, 0, 0, 0], kernels[1, 2, 5, 5] = 1.0, -0.25
    each, common = kernel_tiles(kernels), kernel_tiles(kernels, common=True)
    assert each.shape == (2, 11, 11, 3)
    assert each[0, 0, 0].tolist() == [255, 128, 128]
    assert each[1, 5, 5].tolist() == [128, 128, 0]
    assert common[1, 5, 5].tolist() == [128, 128, 96]
    assert (kernel_tiles(kernels * 0) == 128).all()


@pytest.mark.parametrize("signed", [True, False])
def test_levels_are_values_to_half_a_step_and_zero_has_one_colour(signed):
    values = np.random.default_rng(0).normal(0, 2, (5, 7, 7)).astype(np.float32)
    values = values if signed else np.abs(values)
    values[2] = 0
    peak = np.abs(values).max()
    found = levels(values, peak, signed).astype(float)
    back = (found - 128) / 127 * peak if signed else found / 255 * peak
    assert np.abs(back - values).max() <= peak / (254 if signed else 510) + 1e-6
    assert (found[2] == (128 if signed else 0)).all()
    own = levels(values, np.abs(values).max(axis=(1, 2), keepdims=True), signed)
    assert (own[2] == found[2]).all()


def test_the_signed_scale_is_white_in_the_middle_and_as_dark_on_both_sides():
    colours = scale(signed=True).astype(int)
    assert colours[128].min() >= 240
    assert colours[1].sum() < 300
    assert colours[255].sum() < 300
    assert colours[1, 2] > colours[1, 0]  # blue below zero
    assert colours[255, 0] > colours[255, 2]  # red above
    lightness = scale(signed=False) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) >= -0.5).all()


def test_charts_say_their_units_and_hold_the_values():
    histogram = weight_histogram([("a", (np.array([1, 3]), np.array([-1.0, 0, 1])))])
    assert histogram.layout.xaxis.title.text == "weight"
    assert list(histogram.data[0].y) == [0.25, 0.75, 0.75]
    grid = np.array([[1, np.nan], [np.nan, 2]], np.float32)
    norms = norm_figure(grid, (4, 2))
    assert (norms.data[0].dy, norms.data[0].dx) == (4, 2)
    assert norms.data[0].colorbar.title.text == "norm"
    assert spectrum_figure(np.ones((32, 32))).data[0].x0 == -0.5
    bars = vote_bars(["one", "two"], np.array([0.5, -0.2]), "weight")
    assert [bar.name for bar in bars.data] == ["for", "against"]
    assert list(bars.data[1].x) == [-0.2]


def test_conv1s_kernels_stand_by_the_colour_that_they_read_most():
    norms = np.array([[1, 1, 3], [2, 1, 1], [3, 1, 1], [0, 0, 0], [1, 2, 1]], np.float32)
    figure = colour_figure(norms)
    assert [bar.name for bar in figure.data] == ["red", "green", "blue"]
    assert figure.data[0].customdata[:, 0].tolist() == [2, 1, 3, 4, 0]  # a dead kernel reads nothing
    shares = np.array([bar.y for bar in figure.data])
    np.testing.assert_allclose(shares.sum(axis=0), [1, 1, 0, 1, 1])
    np.testing.assert_allclose(shares[0, 0], 9 / 11)
