"""A network's layers measured in a forward pass: shapes, parameters, multiply-adds, memory, receptive fields."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import nn

from alexnet_viz.network.layers import PRINTED_FC6_INPUTS, formulas, operation, steps
from alexnet_viz.network.variants import AlexNet
from alexnet_viz.values import Architecture, LayerInfo, NetworkSpec


def plan(spec: NetworkSpec, batch: int = 1) -> Architecture:
    """The architecture of a network that need not exist: its modules run on PyTorch's meta device, without memory.

    Shapes are what the modules themselves answer; there are no times. Raises ShapeError.

    >>> plan(NetworkSpec("torchvision")).params
    61100840
    """
    with torch.device("meta"):
        network = AlexNet(spec).eval()
        return measure(network, torch.empty(batch, 3, spec.input_size, spec.input_size))


@torch.inference_mode()
def measure(network: AlexNet, x: torch.Tensor) -> Architecture:
    """One forward pass over ``x`` (batch, 3, S, S), layer by layer, with every layer's shape and time."""
    infos = []
    for step, layer in zip(steps(network.spec), network, strict=True):
        start = time.perf_counter()
        y = layer(x)
        if y.is_cuda:
            torch.cuda.synchronize(y.device)
        elapsed = time.perf_counter() - start
        weights = layer.weight[0].numel() if isinstance(layer, nn.Conv2d | nn.Linear) else 0
        infos.append(
            LayerInfo(
                name=step.layer.name,
                kind=step.layer.kind,
                operation=operation(step.layer),
                input_shape=tuple(x.shape),
                output_shape=tuple(y.shape),
                params=sum(parameter.numel() for parameter in layer.parameters()),
                macs=y.numel() * weights,  # every output value is a sum over one row of weights
                activation_bytes=y.numel() * 4,
                receptive_field=step.receptive_field,
                jump=step.jump,
                kernel=step.layer.kernel,
                stride=step.layer.stride,
                padding=step.layer.padding,
                groups=step.layer.groups,
                formulas=formulas(step),
                time_ms=0.0 if y.is_meta else elapsed * 1000,
            )
        )
        x = y
    return Architecture(network.spec, infos[0].input_shape[0], tuple(infos))


@dataclass(frozen=True)
class PrintedFit:
    """Whether the textbook's classifier, Linear(256·6·6, …), fits behind its convolutions at one size and padding.

    ``sides`` lists (layer, side of its map); ``error`` is PyTorch's own message where the numbers stop fitting.
    """

    sides: tuple[tuple[str, int], ...]
    flatten: int
    expected: int
    error: str | None


def printed_fit(input_size: int, conv1_padding: int) -> PrintedFit:
    """Try the single-tower network as it is often printed, with its fc6 fixed to 9,216 inputs. Raises ShapeError."""
    spec = NetworkSpec("single-tower", input_size=input_size, conv1_padding=conv1_padding)
    done = steps(spec)
    sides = tuple((s.layer.name, s.output[1]) for s in done if s.layer.kind in ("conv", "pool"))
    flat = next(s.output[0] for s in done if s.layer.kind == "flatten")
    error = None
    try:  # zeros of one value's memory; the meta device has other words for the error than a reader will meet
        weight = torch.zeros(1, 1).expand(spec.fc_width, PRINTED_FC6_INPUTS)
        torch.nn.functional.linear(torch.zeros(1, flat), weight)
    except RuntimeError as problem:
        error = str(problem)
    return PrintedFit(sides, flat, PRINTED_FC6_INPUTS, error)
