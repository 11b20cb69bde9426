"""Measures of a map against plain loops and against networks whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from alexnet_viz.attribution import faithfulness as f
from alexnet_viz.attribution.targets import Target
from alexnet_viz.inspection.model import Model, get
from alexnet_viz.network.variants import build
from alexnet_viz.values import NetworkSpec, PixelCurve, sample_map, spread

RNG = np.random.default_rng(3)
SIZE = 24
PHOTO = RNG.normal(size=(3, SIZE, SIZE)).astype(np.float32)
WEIGHT = RNG.normal(size=(SIZE, SIZE)).astype(np.float32)


def linear(batch):
    """A network whose truth is known: every colour of a pixel counts by the pixel's weight."""
    return (batch * WEIGHT).sum((1, 2, 3))


def bent(batch):
    return np.tanh(batch[:, 0] * 0.3).sum((1, 2)) + (batch[:, 1] ** 2).mean((1, 2))


@pytest.mark.parametrize("shape", [(SIZE, SIZE), (5, 7)])
@pytest.mark.parametrize("batch", [1, 4, 100])
def test_deletion_and_insertion_are_the_plain_loop(shape, batch):
    values = RNG.normal(size=shape).astype(np.float32)
    centres = np.arange(SIZE) + 0.5
    whole = sample_map(values, centres, centres, spread(values, SIZE)).ravel()
    ranked = np.argsort(-whole, kind="stable")
    if shape != (SIZE, SIZE):  # the corners of a small map are held: equal pixels, in an order of their own
        ranked = np.argsort(f.ranks(whole), kind="stable")
        assert (np.diff(whole[ranked]) <= 0).all()
    soft = f.blurred(PHOTO)
    for curve, start, end in (
        (f.deletion("d", bent, PHOTO, values, steps=7, batch=batch), PHOTO, np.zeros_like(PHOTO)),
        (f.insertion("i", bent, PHOTO, values, steps=7, batch=batch), soft, PHOTO),
    ):
        expected, area = [], 0.0
        for step in range(8):
            changed = start.copy()
            for pixel in ranked[: round(SIZE * SIZE * step / 7)]:
                changed[:, pixel // SIZE, pixel % SIZE] = end[:, pixel // SIZE, pixel % SIZE]
            expected.append(bent(changed[None])[0])
        for before, after, low, high in zip(curve.share, curve.share[1:], expected, expected[1:], strict=False):
            area += (after - before) * (low + high) / 2
        np.testing.assert_allclose(curve.score, expected, rtol=1e-5)
        assert curve.area == pytest.approx(area, rel=1e-5)


def test_the_true_map_beats_noise_and_noise_beats_its_opposite():
    true = (PHOTO * WEIGHT).sum(0)
    areas = [f.deletion("", linear, PHOTO, values).area for values in (true, f.random_map(SIZE), -true)]
    assert areas == sorted(areas)
    assert areas[0] < areas[1] < areas[2]


def test_equal_pixels_have_no_direction():
    place = f.ranks(np.zeros((SIZE, SIZE), np.float32))
    assert sorted(place.ravel()) == list(range(SIZE * SIZE))
    first = place < SIZE * SIZE // 2
    assert 0.3 < first[: SIZE // 2].mean() < 0.7


def test_a_stop_leaves_at_once():
    class Stopped(Exception):
        pass

    def stop(done, total):
        raise Stopped(done)

    with pytest.raises(Stopped, match="4"):
        f.deletion("", bent, PHOTO, WEIGHT, steps=31, batch=4, progress=stop)


def test_the_area_is_the_mean_of_a_constant_score():
    curve = PixelCurve("", np.array([0, 0.1, 1.0]), np.array([0.25, 0.25, 0.25]))
    assert curve.area == pytest.approx(0.25)


def test_blur_keeps_a_flat_photo_and_spreads_a_dot():
    flat = np.full((3, SIZE, SIZE), 0.7, np.float32)
    np.testing.assert_allclose(f.blurred(flat), flat, atol=1e-6)
    dot = np.zeros((3, SIZE, SIZE), np.float32)
    dot[1, 12, 12] = 1
    soft = f.blurred(dot)
    assert soft.sum() == pytest.approx(1, abs=1e-5)
    assert not soft[0].any()
    kernel = np.exp(-(np.arange(-5, 6) ** 2) / 50)
    kernel /= kernel.sum()
    np.testing.assert_allclose(soft[1, 7:18, 7:18], np.outer(kernel, kernel), atol=1e-6)


def test_infidelity_is_nothing_for_the_truth_and_one_for_an_empty_map():
    assert f.infidelity(linear, PHOTO, WEIGHT * 1000) == pytest.approx(0, abs=1e-3)
    assert f.infidelity(linear, PHOTO, np.zeros_like(WEIGHT)) == pytest.approx(1)
    assert 0.2 < f.infidelity(linear, PHOTO, f.random_map(SIZE)) <= 1
    assert np.isnan(f.infidelity(lambda batch: np.zeros(len(batch)), PHOTO, WEIGHT))


def test_infidelity_is_the_plain_sum():
    draw = np.random.default_rng(0)
    changes = f._squares(draw, 20, SIZE)
    foretold = (changes[:, 0] * WEIGHT).sum((1, 2)).astype(np.float64)
    seen = bent(PHOTO[None]) - bent(PHOTO - np.repeat(changes, 3, 1))
    beta = (foretold * seen).mean() / (foretold**2).mean()
    expected = ((beta * foretold - seen) ** 2).mean() / (seen**2).mean()
    assert f.infidelity(bent, PHOTO, WEIGHT, samples=20, batch=20) == pytest.approx(expected, rel=1e-3)


def test_infidelity_scores_each_square_once():
    scored = []

    def counted(batch):
        scored.extend(photo.tobytes() for photo in batch if not np.array_equal(photo, PHOTO))
        return bent(batch)

    f.infidelity(counted, PHOTO, WEIGHT, samples=20, batch=8)
    assert len(scored) == len(set(scored)) == 20


def test_sensitivity_is_the_largest_change_over_the_maps_own_norm():
    def explain(tensor):
        assert torch.is_grad_enabled()
        return tensor.sum(0) ** 2

    found = f.sensitivity(explain, PHOTO, radius=0.1, samples=5)
    generator = torch.Generator().manual_seed(0)
    own = explain(PHOTO)
    with torch.enable_grad():
        moves = [
            np.linalg.norm(
                explain(PHOTO + 0.1 * (torch.rand(1, *PHOTO.shape, generator=generator) * 2 - 1)[0].numpy()) - own
            )
            for _ in range(5)
        ]
    assert found == pytest.approx(max(moves) / np.linalg.norm(own), rel=1e-4)
    assert f.sensitivity(lambda tensor: WEIGHT, PHOTO) == 0


def test_spearman_is_scipys_with_ties():
    from scipy.stats import spearmanr

    a, b = RNG.integers(0, 5, (2, 9, 9)).astype(np.float32)
    assert f.spearman(a, b) == pytest.approx(spearmanr(a.ravel(), b.ravel()).statistic)
    assert f.spearman(a, a) == pytest.approx(1)
    assert f.spearman(a, -a) == pytest.approx(-1)
    assert np.isnan(f.spearman(a, np.ones_like(a)))


def test_agreement_compares_maps_of_different_shapes_and_leaves_flat_ones_out():
    small = RNG.normal(size=(6, 6)).astype(np.float32)
    correlation, overlap = f.agreement([small, f.on_input(small, SIZE), np.zeros((3, 3), np.float32)], SIZE)
    assert correlation[0, 1] == pytest.approx(1)
    assert overlap[1, 0] == pytest.approx(1)
    assert np.isnan(correlation[2]).all()
    assert np.isnan(overlap[:, 2]).all()


def test_pointing():
    values = np.zeros((SIZE, SIZE), np.float32)
    values[10:12, 4:6], values[20, 20], values[0, 0] = 1, 2, -9
    hit = f.pointing(values, (18, 18, 24, 24), SIZE, slack=0)
    assert hit.hit
    assert hit.peak == (20, 20)
    assert hit.energy == pytest.approx(2 / 6)
    assert hit.area == pytest.approx(36 / SIZE**2)
    assert not f.pointing(values, (0, 8, 8, 14), SIZE, slack=0).hit
    assert f.pointing(values, (0, 8, 8, 14), SIZE, slack=15).hit
    assert np.isnan(f.pointing(-abs(values), (0, 8, 8, 14), SIZE).energy)


def test_painting_changes_the_masked_pixels_alone():
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.25, 0.5)
    mask = np.zeros((SIZE, SIZE), bool)
    mask[3:9, 5:7] = True
    for fill, level in (("grey", 0.5), ("black", 0.0), ("blur", None)):
        result = f.painted(PHOTO, mask, fill, mean, std)
        np.testing.assert_array_equal(result[:, ~mask], PHOTO[:, ~mask])
        if level is None:
            assert np.abs(result[:, mask]).mean() < np.abs(PHOTO[:, mask]).mean()
        else:
            for colour in range(3):
                np.testing.assert_allclose(result[colour][mask], (level - mean[colour]) / std[colour], rtol=1e-6)


def test_a_map_is_sampled_at_its_cells_centres():
    values = np.array([[0.0, 1.0], [2.0, 4.0]], np.float32)
    at = np.array([2.0, 6.0])
    even = spread(values, 8)
    np.testing.assert_allclose(sample_map(values, at, at, even), values)
    np.testing.assert_allclose(sample_map(values, np.array([4.0]), np.array([4.0]), even), [[7 / 4]])
    np.testing.assert_allclose(sample_map(values, np.array([-1.0, 9.0]), np.array([3.9]), even, smooth=False), [[0, 1]])
    np.testing.assert_allclose(sample_map(values, np.array([3.99, 4.0]), np.array([4.0]), even, smooth=False), [[2, 4]])


def test_what_is_watched_is_the_networks_own():
    from alexnet_viz.attribution.targets import Target
    from alexnet_viz.inspection.model import get

    model = get("random")
    batch = np.random.default_rng(0).normal(size=(2, 3, 224, 224)).astype(np.float32)
    logits = model.logits(batch).astype(np.float64)
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(f.value(model, Target.of_class(5))(batch), logits[:, 5], rtol=1e-6)
    np.testing.assert_allclose(f.share(model, Target.of_class(5), batch[0])(batch), chances[:, 5], rtol=1e-5)
    both = f.share(model, Target.contrast(5, 9), batch[0])(batch)
    np.testing.assert_allclose(both, chances[:, 5] / (chances[:, 5] + chances[:, 9]), rtol=1e-5)
    unit = Target.unit("conv3", 7, 4, 4)
    with torch.inference_mode():
        truth = model.network.record(torch.from_numpy(batch))["conv3"][:, 7, 4, 4].numpy()
    np.testing.assert_allclose(f.value(model, unit)(batch), truth, rtol=1e-6)
    np.testing.assert_allclose(f.share(model, unit, batch[0])(batch), truth / truth[0], rtol=1e-5)


def test_the_share_of_a_single_output_is_the_sigmoid_of_its_logit():
    network = build(NetworkSpec("torchvision", 1, fc_width=8, input_size=64), seed=1).eval()
    info = replace(get("random").info, spec=network.spec, categories=("yes",))
    model = Model(network, info, get("random").device)
    batch = RNG.normal(size=(3, 3, 64, 64)).astype(np.float32)
    logits = model.logits(batch)[:, 0]
    np.testing.assert_allclose(f.share(model, Target(0), batch[0])(batch), 1 / (1 + np.exp(-logits)), rtol=1e-6)
    assert len(set(logits)) == 3
