"""Training undone layer by layer, on a network that nobody else sees change."""

import numpy as np
import pytest
import torch

from alexnet_viz.attribution.cascade import LAYERS, cascade, randomised
from alexnet_viz.attribution.faithfulness import spearman
from alexnet_viz.attribution.targets import Target
from alexnet_viz.inspection.model import Model
from alexnet_viz.network.device import pick
from alexnet_viz.network.variants import build
from alexnet_viz.values import NetworkSpec, Preprocessing, WeightsInfo

SPEC = NetworkSpec("torchvision", num_classes=10, fc_width=32, input_size=96)
MODEL = Model(
    build(SPEC, seed=3).eval(),
    WeightsInfo("id", "test", "", SPEC, tuple(map(str, range(10))), Preprocessing.for_size(96), ""),
    pick("cpu"),
)
PHOTO = np.random.default_rng(0).normal(size=(3, 96, 96)).astype(np.float32)


def test_only_the_layers_from_the_top_down_are_random_and_the_model_stays():
    before = {name: value.clone() for name, value in MODEL.network.state_dict().items()}
    half = randomised(MODEL, "conv5")
    for name, value in MODEL.network.state_dict().items():
        assert torch.equal(value, before[name])
        own = half.network.state_dict()[name]
        if name.partition(".")[0] in LAYERS[:4]:
            assert not torch.equal(own, value)
            assert own.abs().max() <= 1 / np.sqrt(MODEL.network.get_submodule(name.partition(".")[0]).weight[0].numel())
        else:
            assert own.data_ptr() == value.data_ptr()  # no second copy of the weights
    assert half.info is MODEL.info


def test_a_layer_draws_the_same_however_far_the_cascade_goes_and_another_seed_draws_others():
    one, two = (randomised(MODEL, layer).network.fc8.weight for layer in ("fc8", "conv1"))
    assert torch.equal(one, two)
    assert not torch.equal(one, randomised(MODEL, "fc8", seed=1).network.fc8.weight)


def test_every_step_is_there_and_the_map_loses_the_training():
    done = []
    found = cascade(MODEL, PHOTO, "saliency", Target.of_class(3), progress=lambda *step: done.append(step))
    assert tuple(found) == LAYERS
    assert done == [(i, 8) for i in range(1, 9)]
    kept = [spearman(found["fc8"].values, one.values) for one in found.values()]
    assert kept[0] == pytest.approx(1)
    assert kept[-1] < 0.9


def test_a_stop_comes_out_at_once():
    class Enough(Exception):
        pass

    def stop(done, total):
        raise Enough

    with pytest.raises(Enough):
        cascade(MODEL, PHOTO, "saliency", Target.of_class(3), progress=stop)
