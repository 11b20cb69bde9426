"""Training undone layer by layer, on a copy that nobody else sees change."""

import numpy as np
import pytest
import torch

from alexnet_viz.attribution.randomisation import cascade
from alexnet_viz.attribution.targets import Target
from alexnet_viz.network.variants import build
from alexnet_viz.values import NetworkSpec

NETWORK = build(NetworkSpec("torchvision", num_classes=10, fc_width=32, input_size=96), seed=3).eval()
PHOTO = np.random.default_rng(0).normal(size=(3, 96, 96)).astype(np.float32)
TARGET = Target.of_class(3)


def test_every_stage_is_there_the_map_loses_the_training_and_the_network_stays():
    before = {name: value.clone() for name, value in NETWORK.state_dict().items()}
    done = []
    stages = cascade(NETWORK, PHOTO, "input-x-gradient", TARGET, progress=lambda *step: done.append(step))
    assert [one.layer for one in stages] == [None, "fc8", "fc7", "fc6", "conv5", "conv4", "conv3", "conv2", "conv1"]
    assert done == [(i, 9) for i in range(1, 10)]
    assert stages[0].spearman == pytest.approx(1)
    assert abs(stages[-1].spearman) < 0.5
    for name, value in NETWORK.state_dict().items():
        assert torch.equal(value, before[name])


def test_another_seed_draws_other_layers():
    one, same, other = (cascade(NETWORK, PHOTO, "saliency", TARGET, seed=seed)[1].attribution for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.values, same.values)
    assert not np.array_equal(one.values, other.values)


def test_a_stop_comes_out_at_once():
    class Enough(Exception):
        pass

    def stop(done, total):
        raise Enough

    with pytest.raises(Enough):
        cascade(NETWORK, PHOTO, "saliency", TARGET, progress=stop)
