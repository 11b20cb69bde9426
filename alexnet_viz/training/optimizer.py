"""The optimiser of a recipe."""

from __future__ import annotations

import torch
from torch import nn

from alexnet_viz.training.recipe import Recipe


def make_optimizer(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    """SGD with momentum, or AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101), over all of a network's parameters.

    AdamW's first coefficient is the recipe's momentum.
    """
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(
            network.parameters(),
            recipe.learning_rate,
            betas=(recipe.momentum, 0.999),
            weight_decay=recipe.weight_decay,
            fused=True,
        )
    return torch.optim.SGD(
        network.parameters(),
        recipe.learning_rate,
        recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=recipe.nesterov,
        fused=True,
    )


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """The learning rate of the steps that follow, for all parameters."""
    for parameters in optimizer.param_groups:
        parameters["lr"] = learning_rate
