"""The network as it is trained: with its first weights, batch normalisation, and in its wrappers."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from alexnet_viz.errors import RecipeError
from alexnet_viz.network.variants import AlexNet, build, initialise
from alexnet_viz.network.weights import load
from alexnet_viz.training import batch_norm
from alexnet_viz.training.cpu_layers import for_cpu
from alexnet_viz.training.distributed import ProcessGroup
from alexnet_viz.training.recipe import Recipe


def make_network(recipe: Recipe, classes: int, device: torch.device, folder: Path | None = None) -> AlexNet:
    """The recipe's network with its first weights, on the device, in channels_last.

    ``folder`` is where ``start=run:ID`` looks. Raises RecipeError where the weights to start from do not fit,
    WeightsError where they cannot be found.
    """
    network = build(recipe.spec(classes))
    initialise(network, recipe.seed, recipe.init)
    if recipe.start:
        _copy_weights(network, recipe.start, folder)
    if recipe.batch_norm:
        batch_norm.insert(network)
    if device.type == "cpu":
        for_cpu(network)
    return network.to(device).to(memory_format=torch.channels_last)


@torch.no_grad()
def _copy_weights(network: AlexNet, choice: str, folder: Path | None) -> None:
    """Copy a choice's weights into the network; its fc8 stays as drawn where the number of classes differs."""
    weights = load(choice, runs=folder)[0].state_dict()
    for key, parameter in network.state_dict().items():
        if key in weights and weights[key].shape == parameter.shape:
            parameter.copy_(weights[key])
        elif not key.startswith("fc8."):
            shape = tuple(weights[key].shape) if key in weights else "none"
            raise RecipeError(
                f"start={choice} does not fit: its {key} has shape {shape}, this network needs "
                f"{tuple(parameter.shape)}. Set variant and fc_width to those of the weights."
            )


def wrap_model(recipe: Recipe, network: AlexNet, group: ProcessGroup, device: torch.device) -> nn.Module:
    """What a training step calls: the network, measurable, compiled and distributed as the recipe has it.

    Its parameters are the network's own. Over several processes each batch normalisation of the network becomes one
    over all of them, which PyTorch has for GPUs only: elsewhere a RecipeError.
    """
    if group.world_size > 1 and recipe.batch_norm:
        if device.type != "cuda":
            raise RecipeError("batch_norm over several processes needs GPUs: set processes=1, or batch_norm=false.")
        nn.SyncBatchNorm.convert_sync_batchnorm(network)
    model: nn.Module = MeasuredNetwork(network)
    if recipe.compile:
        model = cast(nn.Module, torch.compile(model))
    if group.world_size > 1:
        model = DistributedDataParallel(model, device_ids=[device] if device.type == "cuda" else None)
    return model


class MeasuredNetwork(nn.Module):
    """The network; asked to measure, it also gives each ReLU's share of units that were zero for the whole batch."""

    def __init__(self, network: AlexNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, measure: bool = False) -> tuple[Tensor, dict[str, Tensor]]:
        """(logits (B, classes), share () of dead units by ReLU's name; empty unless ``measure``)."""
        if not measure:
            return self.network(x), {}
        outputs = self.network.record(x)
        relus = {name: out.detach() for name, out in outputs.items() if name.startswith("relu")}
        dead = {name: (out.transpose(0, 1).flatten(1).amax(1) == 0).float().mean() for name, out in relus.items()}
        return outputs["fc8"], dead
