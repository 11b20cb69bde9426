"""Hiding parts: against Captum and against doing it by hand; stopping on the way."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
import torch
from captum import attr

from alexnet_viz.attribution.baselines import BLUR_SHARE, baseline, blurred
from alexnet_viz.attribution.occlusion import hidden
from alexnet_viz.attribution.session import Session
from alexnet_viz.attribution.superpixels import grid, superpixels
from alexnet_viz.attribution.targets import Target
from alexnet_viz.errors import Stopped
from alexnet_viz.values import Preprocessing
from tests.attribution.conftest import SIDE, fresh, photo, shared


@pytest.mark.parametrize(
    ("window", "stride", "target"),
    [(32, 32, Target(3)), (50, 37, Target.contrast(3, 5)), (100, 64, Target.unit("conv3", 5))],
    ids=str,
)
def test_occlusion_is_captums(network, session, x, window, stride, target):
    found = session.attribute("occlusion", target, settings={"window": window, "stride": stride}).values

    def value(batch):
        return target.of(network.record(batch)[target.layer])

    expected = attr.Occlusion(value).attribute(
        x.detach(), (3, window, window), strides=(3, stride, stride), baselines=0, perturbations_per_eval=16
    )
    expected = expected[0, 0].numpy()
    np.testing.assert_allclose(found, expected, atol=2e-5 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("window", [1, 4, 15, 64, 127, 300])
def test_hidden_squares_anywhere_are_whole_passes(network, session, window):
    """Corners, edges and odd places, every size: the touched windows hold all that changes."""
    side = network.spec.input_size
    fill = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(0))
    places = [(0, 0), (0, side - 1), (side - 1, 0), (side - 7, side - 7), (3, 101), (101, 3), (77, 90), (side // 2, 5)]
    photos = session.photo.repeat(len(places), 1, 1, 1)
    for one, (y, x) in zip(photos, places, strict=True):
        one[:, y : y + window, x : x + window] = fill[0, :, y : y + window, x : x + window]
    expected = network.record(photos)
    for last in ("conv2", "pool5", "fc8"):
        found = hidden(session.chain, fill, places, window, last)
        torch.testing.assert_close(found, expected[last], rtol=1e-4, atol=1e-4)


def test_feature_ablation_by_hand(network, session):
    found = session.attribute("feature-ablation", Target(3), settings={"parts": "grid", "count": 4}).values
    half = grid(network.spec.input_size, 4)
    for part in range(4):
        hidden_part = torch.where(half == part, torch.zeros(()), session.photo)
        lost = network(session.photo)[0, 3] - network(hidden_part)[0, 3]
        np.testing.assert_allclose(found[half == part], float(lost), atol=1e-4)


def test_kernel_shap_gives_shapley_values(network, session):
    """Four parts: all 16 combinations by hand."""
    side = network.spec.input_size
    mask = grid(side, 4)
    subsets = {s: None for size in range(5) for s in combinations(range(4), size)}
    for kept in subsets:
        shown = torch.isin(mask, torch.tensor(kept, dtype=torch.long))
        subsets[kept] = float(network(session.photo * shown)[0, 3])
    found = session.attribute("kernel-shap", Target(3), settings={"parts": "grid", "count": 4, "samples": 200})
    for part in range(4):
        others = [s for s in subsets if part not in s]
        exact = sum((subsets[tuple(sorted((*s, part)))] - subsets[s]) / (4 * comb(3, len(s))) for s in others)
        assert found.values[mask == part].mean() == pytest.approx(exact, abs=0.02 * abs(subsets[0, 1, 2, 3]) + 0.02)
    assert found.checks["missed"] < 1e-3
    few = session.attribute("kernel-shap", Target(3), settings={"parts": "grid", "count": 9, "samples": 10})
    assert any("are few" in note for note in few.notes)


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_lime_finds_the_part_that_counts_also_where_logits_are_small(scale):
    """Captum's default lasso gives zero everywhere at the small scale."""
    network = fresh()
    network.fc8.weight.mul_(scale)
    network.fc8.bias.mul_(scale)
    session = Session(network, photo())
    settings = {"parts": "grid", "count": 4, "samples": 60}
    found = session.attribute("lime", Target(3), settings=settings).values
    shap = session.attribute("kernel-shap", Target(3), settings=settings).values
    assert found.any()
    assert np.corrcoef(found.ravel(), shap.ravel())[0, 1] > 0.9


def test_rise_finds_what_the_target_looks_at():
    """A unit of conv3 looks at a place of its own."""
    session = Session(shared(), photo())
    y, x = 1, 5
    found = session.attribute("rise", Target.unit("conv3", 2, y, x), settings={"samples": 300, "baseline": "black"})
    strongest = np.abs(found.values)
    top, left = np.unravel_index(strongest.argmax(), strongest.shape)
    assert abs(top - (y + 0.5) * SIDE / 7) < 35
    assert abs(left - (x + 0.5) * SIDE / 7) < 35


@pytest.mark.parametrize("key", ["lime", "kernel-shap", "rise", "smoothgrad", "gradient-shap", "deeplift-shap"])
def test_the_same_seed_draws_the_same(key):
    settings = {"samples": 24}
    session = Session(shared(), photo())
    one, again, other = (
        session.attribute(key, Target(3), settings={**settings, "seed": seed}).values for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0


def test_superpixels_follow_colours_and_cover_the_photo():
    picture = torch.zeros(3, 64, 64)
    picture[:, 20:50, 10:31] = 2.0
    parts = superpixels(picture, 9)
    assert parts.shape == (64, 64)
    assert set(parts.unique().tolist()) == set(range(int(parts.max()) + 1))
    inside = set(parts[20:50, 10:31].unique().tolist())
    outside = torch.ones(64, 64, dtype=torch.bool)
    outside[20:50, 10:31] = False
    assert not inside & set(parts[outside].unique().tolist())
    plain = superpixels(torch.full((3, 60, 60), 2.2), 9)
    assert (plain == grid(60, 9)).float().mean() > 0.9  # a tie at a border may go either way


def test_baselines():
    how, x = Preprocessing(), torch.from_numpy(photo().copy())[None]
    mean, std = torch.tensor(how.mean)[:, None, None], torch.tensor(how.std)[:, None, None]
    torch.testing.assert_close(baseline("black", x, how, None) * std + mean, torch.zeros_like(x), atol=1e-6, rtol=0)
    assert not baseline("mean", x, how, None).any()
    noise = baseline("noise", x, how, None, 3) * std + mean
    assert 0 <= noise.min() < 0.01
    assert 0.99 < noise.max() <= 1.001
    assert baseline("photo", x, how, x + 1).equal(x + 1)
    flat = torch.full((1, 3, 40, 40), 0.7)
    torch.testing.assert_close(blurred(flat, 40 * BLUR_SHARE), flat)
    assert baseline("blur", x, how, None).std() < x.std()


@pytest.mark.parametrize(
    "key",
    [
        "integrated-gradients",
        "smoothgrad",
        "deeplift-shap",
        "occlusion",
        "feature-ablation",
        "lime",
        "kernel-shap",
        "rise",
        "score-cam",
        "ablation-cam",
        "conductance",
    ],
)
def test_progress_is_told_and_can_stop(key):
    session = Session(shared(), photo())
    told = []

    def stop_at_once(done, total):
        told.append((done, total))
        raise Stopped

    with pytest.raises(Stopped):
        session.attribute(key, Target(3), progress=stop_at_once)
    ((done, total),) = told
    assert 0 < done <= total
