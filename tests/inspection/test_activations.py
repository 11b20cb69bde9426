"""Channel statistics, ranges and the softmax's steps, against numpy and torch."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from alexnet_viz.inspection.activations import channel_stats, order, peak_position, peaks, softmax_steps
from alexnet_viz.values import Trace


@pytest.fixture
def output():
    return np.random.default_rng(0).normal(0, 1, (6, 5, 5)).astype(np.float32)


def test_stats_are_each_channels_own(output):
    found = channel_stats(output)
    for i, channel in enumerate(output):
        assert found.peak[i] == channel.max()
        assert found.mean[i] == pytest.approx(channel.mean(), abs=1e-6)
        assert found.active[i] == pytest.approx((channel > 0).mean())
    assert channel_stats(output[:, 0, 0]).peak.tolist() == output[:, 0, 0].tolist()


@pytest.mark.parametrize(
    ("by", "values"),
    [
        ("peak", lambda c: -c.max()),
        ("mean", lambda c: -c.mean()),
        ("sparsity", lambda c: (c > 0).mean()),
    ],
)
def test_orders_sort(output, by, values):
    found = order(channel_stats(output), by)
    keys = [values(output[i].astype(np.float64)) for i in found]
    assert sorted(found) == list(range(6))
    assert all(a <= b + 1e-6 for a, b in pairwise(keys))
    assert order(channel_stats(output), "index").tolist() == list(range(6))


def test_a_range_is_the_channels_the_layers_or_the_networks(output):
    trace = Trace(np.zeros((3, 8, 8), np.float32), {"conv1": output, "fc8": np.array([-9.0, 1.0], np.float32)})
    np.testing.assert_array_equal(peaks(trace, output, "unit"), np.abs(output).max(axis=(1, 2)))
    assert peaks(trace, output, "layer") == np.abs(output).max()
    assert peaks(trace, output, "network") == 9.0
    assert peaks(trace, np.array([2.0, -3.0]), "unit") == 3.0  # single numbers share a scale


def test_the_peak_is_where_it_is():
    channel = np.zeros((4, 7))
    channel[2, 5] = channel[3, 0] = 1
    assert peak_position(channel) == (2, 5)


def test_the_softmaxs_steps_end_in_torchs_softmax():
    logits = np.random.default_rng(1).normal(0, 9, 40).astype(np.float32)
    rows, total = softmax_steps(logits, tuple(map(str, range(40))), top=40)
    expected = torch.from_numpy(logits).double().softmax(0).numpy()
    assert [row.logit for row in rows] == sorted((float(z) for z in logits), reverse=True)
    for row in rows:
        assert row.shifted == row.logit - rows[0].logit
        assert row.exponential / total == pytest.approx(row.probability, rel=1e-12)
        assert row.probability == pytest.approx(expected[row.index], rel=1e-9)
    assert sum(row.exponential for row in rows) == pytest.approx(total)
