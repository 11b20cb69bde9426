"""The three AlexNets as modules: a chain of named layers, recorded by walking it."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TypeVar

import torch
from torch import Tensor, nn

from alexnet_viz.network.layers import LRN, Layer, Step, steps
from alexnet_viz.values import NetworkSpec

T = TypeVar("T")
TORCHVISION_KEYS = {
    "features.0": "conv1",
    "features.3": "conv2",
    "features.6": "conv3",
    "features.8": "conv4",
    "features.10": "conv5",
    "classifier.1": "fc6",
    "classifier.4": "fc7",
    "classifier.6": "fc8",
}


class AlexNet(nn.Sequential):
    """An AlexNet whose children carry the field's names, conv1 … fc8; (batch, 3, S, S) to logits (batch, classes).

    No ReLU works in place: an in-place one would overwrite the convolution's output that a viewer wants to see.
    """

    spec: NetworkSpec

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__(OrderedDict((step.layer.name, _module(step, spec)) for step in steps(spec)))
        self.spec = spec

    def record(self, x: Tensor, upto: str | None = None) -> dict[str, Tensor]:
        """Every layer's output by name, in order, in one forward pass without hooks; ``upto`` ends it after a layer.

        Nothing is left on the network, so any number of threads can record on it at once.
        """
        outputs = {}
        for name, layer in self.named_children():
            outputs[name] = x = layer(x)
            if name == upto:
                break
        return outputs


def build(spec: NetworkSpec, seed: int | None = None) -> AlexNet:
    """A network in float32 on the CPU; with a seed its weights are drawn by ``initialise``, without they are unset."""
    with torch.device("meta"):
        network = AlexNet(spec)
    # As to_empty(device="cpu") does, whose empty_like of a meta tensor imports sympy: half a second of each process.
    network.load_state_dict({k: torch.empty(v.shape) for k, v in network.state_dict().items()}, assign=True)
    if seed is not None:
        initialise(network, seed)
    return network


@torch.no_grad()
def initialise(network: AlexNet, seed: int, scheme: str = "pytorch") -> None:
    """Draw all weights and biases from a generator of their own, in the chain's order.

    ``pytorch``: U(−1/√fan_in, 1/√fan_in), as nn.Conv2d and nn.Linear do. ``paper``: weights N(0, 0.01), biases 1 in
    conv2, conv4, conv5, fc6 and fc7, else 0 (Krizhevsky et al. 2012, section 5). ``he``: weights N(0, √(2/fan_in)),
    biases 0 (He et al. 2015, arXiv:1502.01852), which lets signals keep their size through the ReLUs.
    """
    generator = torch.Generator().manual_seed(seed)
    for name, layer in network.named_children():
        if not isinstance(layer, (nn.Conv2d, nn.Linear)):
            continue
        if scheme == "paper":
            layer.weight.normal_(0, 0.01, generator=generator)
            layer.get_parameter("bias").fill_(float(name in ("conv2", "conv4", "conv5", "fc6", "fc7")))
        elif scheme == "he":
            layer.weight.normal_(0, math.sqrt(2 / layer.weight[0].numel()), generator=generator)
            layer.get_parameter("bias").zero_()
        else:
            bound = 1 / math.sqrt(layer.weight[0].numel())
            layer.weight.uniform_(-bound, bound, generator=generator)
            layer.get_parameter("bias").uniform_(-bound, bound, generator=generator)


def from_torchvision(state: dict[str, T]) -> dict[str, T]:
    """torchvision's key names (features.0.weight …) to ours (conv1.weight …); other keys stay."""
    renamed = {}
    for key, value in state.items():
        module, _, parameter = key.rpartition(".")
        renamed[f"{TORCHVISION_KEYS[module]}.{parameter}" if module in TORCHVISION_KEYS else key] = value
    return renamed


def _module(step: Step, spec: NetworkSpec) -> nn.Module:
    layer: Layer = step.layer
    match layer.kind:
        case "conv":
            return nn.Conv2d(step.input[0], layer.out, layer.kernel, layer.stride, layer.padding, groups=layer.groups)
        case "relu":
            return nn.ReLU(inplace=False)
        case "norm":
            return nn.LocalResponseNorm(LRN.size, LRN.alpha, LRN.beta, LRN.k)
        case "pool":
            return nn.MaxPool2d(layer.kernel, layer.stride)
        case "avgpool":
            return nn.AdaptiveAvgPool2d(layer.out)
        case "flatten":
            return nn.Flatten()
        case "dropout":
            return nn.Dropout(spec.dropout)
        case "fc":
            return nn.Linear(step.input[0], layer.out)
    raise ValueError(f"no module of kind {layer.kind}")
