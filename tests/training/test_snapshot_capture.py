"""Snapshots as they are taken during a run."""

import numpy as np
import pytest

from alexnet_viz.network.variants import build
from alexnet_viz.training import data
from alexnet_viz.training.snapshots import read_photo, read_snapshot, snapshot_steps


def test_the_film_shows_the_same_photo_while_the_filters_change(fit, tiny):
    path, _ = fit(tiny)
    assert snapshot_steps(path) == (0, 3, 12)
    first, last = read_snapshot(path, 0), read_snapshot(path, 12)
    assert first.conv1.shape == (64, 3, 11, 11)
    assert np.abs(last.conv1 - first.conv1).max() > 0
    assert {name: maps.shape[0] for name, maps in last.maps.items()} == {f"relu{n}": 16 for n in range(1, 6)}
    assert last.kernels["conv2"].shape == (8, 16, 5, 5)
    assert last.probabilities.sum() == pytest.approx(1, abs=1e-3)
    pixels, label = read_photo(path)
    assert pixels.shape == (67, 67, 3)
    np.testing.assert_array_equal(first.conv1, build_conv1(tiny))
    assert label == data.load(tiny).val.labels[0]


def build_conv1(recipe):
    network = build(recipe.spec(4), recipe.seed)
    return network.conv1.weight.detach().numpy().astype(np.float16).astype(np.float32)
