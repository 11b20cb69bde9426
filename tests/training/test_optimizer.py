"""The optimiser of a recipe, one step by hand."""

import pytest
import torch
from torch import nn

from alexnet_viz.training.optimizer import make_optimizer, set_learning_rate


@pytest.fixture
def layer():
    layer = nn.Linear(1, 1, bias=False)
    nn.init.constant_(layer.weight, 2.0)
    layer.weight.grad = torch.full((1, 1), 0.5)
    return layer


def test_sgd_with_nesterov_momentum_and_weight_decay(layer, tiny):
    recipe = tiny.changed(optimizer="sgd", learning_rate=0.1, momentum=0.9, weight_decay=0.01, nesterov=True)
    make_optimizer(recipe, layer).step()
    gradient = 0.5 + 0.01 * 2  # its momentum begins as the gradient itself
    assert layer.weight.item() == pytest.approx(2 - 0.1 * (gradient + 0.9 * gradient))


def test_adamw_with_its_decay_beside_the_gradient(layer, tiny):
    recipe = tiny.changed(optimizer="adamw", nesterov=False, learning_rate=0.1, momentum=0.8, weight_decay=0.01)
    optimizer = make_optimizer(recipe, layer)
    optimizer.step()
    assert layer.weight.item() == pytest.approx(2 - 0.1 * 0.01 * 2 - 0.1)  # the first step has the length of the rate
    assert optimizer.param_groups[0]["betas"] == (0.8, 0.999)


def test_the_learning_rate_of_the_next_step_can_be_set(layer, tiny):
    optimizer = make_optimizer(tiny.changed(momentum=0.0, nesterov=False, weight_decay=0.0), layer)
    set_learning_rate(optimizer, 0.25)
    optimizer.step()
    assert layer.weight.item() == 2 - 0.25 * 0.5
