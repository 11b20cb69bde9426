"""The optimiser of a recipe, one step by hand."""

import subprocess
import sys
from pathlib import Path

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


def test_no_compiler_is_loaded_for_what_is_not_compiled():
    """PyTorch's own wrappers would import it, which takes as long as torch itself; a fresh interpreter shows it."""
    code = """
import sys, torch
from alexnet_viz.training.optimizer import make_optimizer
from alexnet_viz.training.recipe import preset

for kind in ("sgd", "adamw"):
    layer = torch.nn.Linear(1, 1)
    optimizer = make_optimizer(preset("quick").changed(optimizer=kind), layer)
    layer(torch.ones(1, 1)).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    optimizer.load_state_dict(optimizer.state_dict())
    assert torch.is_grad_enabled() and layer.weight.grad is None
print("torch._dynamo" in sys.modules)"""
    command, home = [sys.executable, "-c", code], Path(__file__).parents[2]
    assert subprocess.run(command, cwd=home, capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize(("kind", "nesterov"), [("sgd", True), ("sgd", False), ("adamw", False)])
def test_it_steps_and_saves_as_pytorchs_own(kind, nesterov, tiny):
    recipe = tiny.changed(optimizer=kind, nesterov=nesterov)
    mine, theirs = (nn.Linear(3, 2) for _ in range(2))
    theirs.load_state_dict(mine.state_dict())
    optimizer = make_optimizer(recipe, mine)
    own = type(optimizer).__base__(theirs.parameters())
    own.load_state_dict(optimizer.state_dict())  # the settings
    for _ in range(3):
        for layer, one in ((mine, optimizer), (theirs, own)):
            one.zero_grad()
            layer(torch.ones(1, 3)).square().sum().backward()
            one.step()
    assert all(torch.equal(p, q) for p, q in zip(mine.parameters(), theirs.parameters(), strict=True))
    (state, param_groups), (other_state, other_groups) = optimizer.state_dict().values(), own.state_dict().values()
    assert param_groups == other_groups
    assert all(torch.equal(state[i][key], other_state[i][key]) for i in other_state for key in other_state[i])
