"""Does a map depend on what the network has learned? Cascading randomisation (Adebayo et al. 2018, arXiv:1810.03292).

Layers lose their weights one after another, fc8 first and conv1 last; after each the map is made again for the same
photo and target. A map that hardly changes does not show what was learned.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from alexnet_viz.attribution.faithfulness import spearman
from alexnet_viz.attribution.session import Session
from alexnet_viz.attribution.targets import Target
from alexnet_viz.inspection.model import Model
from alexnet_viz.network.variants import AlexNet
from alexnet_viz.progress import CountProgress
from alexnet_viz.settings import Value
from alexnet_viz.values import RandomisationStage


def cascade(
    model: Model | AlexNet,
    tensor: np.ndarray,
    key: str,
    target: Target,
    layer: str | None = None,
    settings: Mapping[str, Value] | None = None,
    progress: CountProgress | None = None,
    other: np.ndarray | None = None,
    seed: int = 0,
) -> tuple[RandomisationStage, ...]:
    """The map as it is, then after each layer that lost its weights. Raises AttributionError; Stopped.

    The shared network stays as it is: a copy takes new weights, drawn by He's rule with biases of zero, so that signals
    keep their size all the way up.
    """
    network = model.network if isinstance(model, Model) else model
    stages: list[RandomisationStage] = []
    total = 1 + len(_with_weights(network))
    for name, changed in _randomised(network, seed):
        asked = replace(model, network=changed) if isinstance(model, Model) else changed
        attribution = Session(asked, tensor, other).attribute(key, target, layer, settings)
        first = stages[0].attribution.values if stages else attribution.values
        stages.append(RandomisationStage(name, attribution, spearman(first, attribution.values)))
        if progress:
            progress(len(stages), total)
    return tuple(stages)


def _with_weights(network: AlexNet) -> dict[str, nn.Conv2d | nn.Linear]:
    return {name: layer for name, layer in network.named_children() if isinstance(layer, nn.Conv2d | nn.Linear)}


def _randomised(network: AlexNet, seed: int) -> Iterator[tuple[str | None, AlexNet]]:
    """The network itself, then a copy whose layers are drawn anew, one more each time, from the top down."""
    yield None, network
    generator = torch.Generator().manual_seed(seed)
    changed = copy.deepcopy(network, {id(p): nn.Parameter(p.data, False) for p in network.parameters()})
    for name, layer in reversed(_with_weights(changed).items()):
        drawn = torch.randn(layer.weight.shape, generator=generator) * math.sqrt(2 / layer.weight[0].numel())
        layer.weight = nn.Parameter(drawn.to(layer.weight), False)
        layer.bias = nn.Parameter(drawn.new_zeros(len(drawn)).to(layer.weight), False)
        yield name, changed
