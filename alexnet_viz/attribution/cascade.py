"""Cascading randomisation (Adebayo et al. 2018, arXiv:1810.03292): what is left of a map when training is undone.

Layer after layer, from fc8 down to conv1, loses its trained weights. A map that stays the same shows the photo and the
architecture, not what the network learned.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from alexnet_viz.attribution.methods import Setting
from alexnet_viz.attribution.session import Progress, Session
from alexnet_viz.attribution.targets import Target
from alexnet_viz.inspection.model import Model
from alexnet_viz.values import Attribution

LAYERS = ("fc8", "fc7", "fc6", "conv5", "conv4", "conv3", "conv2", "conv1")


def randomised(model: Model, down_to: str, seed: int = 0) -> Model:
    """The same network with weights and biases from fc8 down to a layer drawn anew: U(−1/√fan_in, 1/√fan_in).

    The layers below share the trained parameters' storage; the model itself stays as it is. The same seed draws the
    same weights for a layer, however far down the cascade goes.
    """
    shared = {id(p): nn.Parameter(p.data, requires_grad=False) for p in model.network.parameters()}
    network = copy.deepcopy(model.network, shared)
    for number, name in enumerate(LAYERS[: LAYERS.index(down_to) + 1]):
        layer = network.get_submodule(name)
        generator = torch.Generator().manual_seed(seed * len(LAYERS) + number)
        bound = 1 / math.sqrt(layer.weight[0].numel())
        for kind in ("weight", "bias"):
            old = getattr(layer, kind)
            drawn = torch.empty(old.shape).uniform_(-bound, bound, generator=generator).to(old)
            setattr(layer, kind, nn.Parameter(drawn, requires_grad=False))
    return replace(model, network=network)


def cascade(
    model: Model,
    tensor: np.ndarray,
    key: str,
    target: Target,
    layer: str | None = None,
    knobs: Mapping[str, Setting] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Attribution]:
    """A method's map of a photo (3, S, S) after each step: by the layer down to which all is random.

    Raises AttributionError, and whatever ``progress`` raises to stop.
    """
    found = {}
    for number, name in enumerate(LAYERS):
        found[name] = Session(randomised(model, name, seed), tensor).attribute(key, target, layer, knobs)
        if progress:
            progress(number + 1, len(LAYERS))
    return found
