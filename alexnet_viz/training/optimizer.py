"""The optimiser of a recipe."""

from __future__ import annotations

import inspect
from typing import TypeVar, cast

import torch
from torch import nn

from alexnet_viz.training.recipe import Recipe

T = TypeVar("T", bound=torch.optim.Optimizer)


def make_optimizer(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    """SGD with momentum, or AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101), over all of a network's parameters.

    AdamW's first coefficient is the recipe's momentum.
    """
    if recipe.optimizer == "adamw":
        return _plain(torch.optim.AdamW)(
            network.parameters(),
            recipe.learning_rate,
            betas=(recipe.momentum, 0.999),
            weight_decay=recipe.weight_decay,
            fused=True,
        )
    return _plain(torch.optim.SGD)(
        network.parameters(),
        recipe.learning_rate,
        recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=recipe.nesterov,
        fused=True,
    )


def _plain(optimizer: type[T]) -> type[T]:
    """The same optimiser without what PyTorch wraps around its methods to keep torch.compile out of them.

    The first call of any of these imports the compiler: 3 seconds before the first step of every process that trains.
    """
    names = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")
    methods = {name: inspect.unwrap(getattr(optimizer, name)) for name in names}
    step = torch.no_grad()(inspect.unwrap(optimizer.step))
    return cast(type[T], type(optimizer.__name__, (optimizer,), {**methods, "step": step}))


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """The learning rate of the steps that follow, for all parameters."""
    for parameters in optimizer.param_groups:
        parameters["lr"] = learning_rate
