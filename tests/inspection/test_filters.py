"""What is said of weights, against gratings of known angle and frequency, planted faults, and torch's own sums."""

import numpy as np
import pytest
import torch

from alexnet_viz.inspection.filters import (
    Filters,
    colour_split,
    colourfulness,
    filters,
    hue,
    kernel_order,
    noise_like,
    norm_grid,
    orientation,
    shrunk,
    slices,
    sources,
    spectrum,
    summary,
    votes,
)
from alexnet_viz.inspection.model import Model
from alexnet_viz.network.device import pick
from alexnet_viz.network.variants import build
from alexnet_viz.values import NetworkSpec


@pytest.fixture(scope="module")
def paper():
    network = build(NetworkSpec("paper", num_classes=5, fc_width=32), 0).eval().requires_grad_(False)
    return Model(network, None, pick("cpu"))


def grating(fx, fy, k=11):
    """Stripes of (fx, fy) cycles a pixel, the same in all colours."""
    y, x = np.mgrid[:k, :k]
    return np.repeat(np.cos(2 * np.pi * (fx * x + fy * y))[None], 3, 0).astype(np.float32)


@pytest.mark.parametrize(("fx", "fy", "angle"), [(0.25, 0, 90), (0, 0.25, 0), (0.2, 0.2, 45), (0.2, -0.2, 135)])
def test_orientation_is_that_of_the_stripes(fx, fy, angle):
    found = orientation(grating(fx, fy)[None])[0]
    assert min(abs(found - angle), 180 - abs(found - angle)) <= 6


@pytest.mark.parametrize(("colour", "degrees"), [((1, 0, 0), 0), ((0, 1, 0), 120), ((0, 0, 1), 240), ((1, 1, 0), 60)])
def test_hue_is_that_of_the_strongest_colour(colour, degrees):
    kernel = np.random.default_rng(0).normal(0, 0.1, (1, 1, 11, 11)).repeat(3, 1).astype(np.float32)  # grey noise
    kernel[0, :, 4, 7] = np.array(colour) * 0.8
    assert hue(kernel)[0] == pytest.approx(degrees, abs=1e-3)


def test_a_spectrum_peaks_at_the_gratings_frequency_and_keeps_the_energy():
    kernel = grating(0.25, 0.125)
    found = spectrum(kernel)
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert (abs(column - 16), abs(row - 16)) == (8, 4)  # of 32 bins a cycle
    assert (found.astype(float) ** 2).sum() == pytest.approx(32 * 32 * (kernel.astype(float) ** 2).sum(), rel=1e-5)


def test_orders_are_permutations_and_norms_fall(paper):
    of = filters(paper, "conv1")
    for by in ("index", "norm", "orientation", "hue"):
        assert sorted(kernel_order(of, by)) == list(range(96))
    norms = np.linalg.norm(of.weight.reshape(96, -1), axis=1)
    assert (np.diff(norms[kernel_order(of, "norm")]) <= 0).all()
    halves = kernel_order(of, "norm", halves=True)
    assert (np.sort(halves[:48]) == np.arange(48)).all()
    assert (np.diff(norms[halves[:48]]) <= 0).all()
    assert (np.diff(norms[halves[48:]]) <= 0).all()


@pytest.mark.parametrize(("layer", "unit"), [("conv2", 0), ("conv2", 200), ("conv4", 383), ("conv3", 7)])
def test_a_unit_is_connected_to_what_its_gradient_reaches(paper, layer, unit):
    of, module = filters(paper, layer), getattr(paper.network, layer)
    x = torch.randn(1, module.in_channels, 9, 9, requires_grad=True)
    (gradient,) = torch.autograd.grad(module(x)[0, unit, 4, 4], x)
    reached = gradient[0].abs().sum((1, 2)).nonzero().flatten().numpy()
    assert sources(of, unit).tolist() == reached.tolist()
    assert np.isfinite(norm_grid(of)[unit]).nonzero()[0].tolist() == reached.tolist()
    side = of.weight.shape[-1]
    at = slice(4 - side // 2, 4 + side // 2 + 1)
    for channel, kernel in zip(*slices(of, unit), strict=True):
        np.testing.assert_array_equal(gradient[0, channel, at, at].numpy(), kernel)
    strengths = np.linalg.norm(slices(of, unit)[1], axis=(1, 2))
    assert (np.diff(strengths) <= 0).all()


def test_fc6_is_folded_back_into_the_maps_that_it_reads(paper):
    of = filters(paper, "fc6")
    channels, maps = slices(of, 3, side=6)
    flat = np.empty((256, 6, 6), np.float32)
    flat[channels] = maps
    np.testing.assert_array_equal(flat.reshape(-1), of.weight[3])
    np.testing.assert_allclose(norm_grid(of, side=6)[3], np.linalg.norm(flat, axis=(1, 2)), rtol=1e-5)


def test_shrinking_keeps_the_mean_square_and_the_empty_blocks():
    grid = np.random.default_rng(1).random((512, 300)).astype(np.float32)
    small, block = shrunk(grid, 256)
    assert (small.shape, block) == ((256, 150), (2, 2))
    assert (small**2).mean() == pytest.approx((grid**2).mean(), rel=1e-4)
    grid[:256, :150] = np.nan
    assert np.isnan(shrunk(grid, 256)[0][:128, :75]).all()
    assert np.isfinite(shrunk(grid, 256)[0][128:]).all()
    assert shrunk(small, 256)[0] is small


def test_planted_faults_are_counted():
    weight = np.random.default_rng(2).normal(0, 1, (20, 4, 3, 3)).clip(0.1).astype(np.float32)
    weight[[3, 11]] = 1e-6
    weight[0, 0] = 0
    found = summary(Filters("conv2", weight, np.zeros(20, np.float32)))
    assert found.dead == (3, 11)
    assert found.near_zero == pytest.approx((2 * 36 + 9) / weight.size)
    assert found.counts.sum() == weight.size
    np.testing.assert_allclose(found.norms, np.linalg.norm(weight.reshape(20, -1), axis=1), rtol=1e-5)


def test_votes_are_the_largest_terms_of_torchs_sum(paper):
    of = filters(paper, "fc8")
    before = np.random.default_rng(3).random(32).astype(np.float32)
    numbers, values = votes(of, 2, before, top=32)
    assert (np.diff(values) <= 0).all()
    assert values.sum() + of.bias[2] == pytest.approx(float(paper.network.fc8(torch.from_numpy(before))[2]), rel=1e-5)
    numbers, values = votes(of, 2, top=3)
    assert numbers[0] == of.weight[2].argmax()
    assert numbers[-1] == of.weight[2].argmin()
    assert len(numbers) == 6


def test_noise_and_dead_kernels_are_told_from_filters():
    draw = np.random.default_rng(4)
    y, x = np.mgrid[:11, :11]
    gratings = [
        np.cos(2 * np.pi * (x * np.cos(a) + y * np.sin(a)) / period) for a in (0, 0.7, 2) for period in (3, 5, 9)
    ]
    colour, strength = draw.normal(0, 1, (9, 3, 1, 1)), draw.uniform(1, 3, (9, 1, 1, 1))
    kernels = strength * colour * np.stack(gratings)[:, None] + draw.normal(0, 0.2, (9, 3, 11, 11))
    noise, dead = draw.normal(0, 1, (5, 3, 11, 11)), 1e-4 * kernels[:1]
    found = noise_like(np.concatenate([kernels, noise, dead]).astype(np.float32))
    assert found.tolist() == [False] * 9 + [True] * 6
    assert 0.985 < noise_like(draw.normal(0, 1, (4000, 3, 11, 11))).mean() < 0.995


def test_colour_is_what_a_kernel_has_beside_brightness():
    grey = grating(0.25, 0)
    red = grey * np.array([1, 0, 0], np.float32)[:, None, None]
    opponent = grey * np.array([1, -1, 0], np.float32)[:, None, None]
    np.testing.assert_allclose(colourfulness(np.stack([grey, red, opponent, 0 * grey])), [0, 2 / 3, 1, 0], atol=1e-7)


def test_groups_of_grey_and_of_coloured_kernels_split_by_colour():
    rng = np.random.default_rng(0)
    grey = np.repeat(rng.standard_normal((48, 1, 11, 11)), 3, axis=1)
    colour = rng.standard_normal((48, 3, 11, 11))
    split = colour_split(np.concatenate([grey, colour]))
    assert split.first == pytest.approx(0, abs=1e-12)
    assert split.p == 1 / 10_000  # no random half is as far apart
    assert split.second == pytest.approx(2 / 3, abs=0.02)
    assert split.is_significant
    assert "the groups split by colour" in split.verdict
    first, second, both = split.notes
    assert "0%" in first
    assert f"{split.second:.0%}" in second
    assert both == split.verdict


def test_kernels_that_are_drawn_at_random_do_not_split_by_colour():
    """Of 200 networks without training about one in a hundred has p below 1 %, as the test is defined."""
    rng = np.random.default_rng(0)
    ps = np.array([colour_split(rng.standard_normal((96, 3, 11, 11)), permutations=199).p for _ in range(200)])
    assert (ps <= 0.01).sum() <= 8  # more than 8 of 200 has a chance of 2·10⁻⁴
    assert 0.4 < ps.mean() < 0.6  # p is spread evenly


def test_a_networks_own_random_weights_do_not_split(paper):
    assert not colour_split(filters(paper, "conv1").weight).is_significant
