"""The picture that a layer's unit sees, and the network as far as that layer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alexnet_viz.errors import UnitError
from alexnet_viz.network.variants import AlexNet
from alexnet_viz.units.objectives import layer_step
from alexnet_viz.values import NetworkSpec, Preprocessing


@dataclass(frozen=True)
class Canvas:
    """A square of ``side`` pixels on which units of a layer are looked at.

    ``padded``: the network runs as it is, with zeros around every convolution's input. Otherwise the convolutions run
    without padding, and the square is the receptive field, so that the layer has exactly one unit a channel: the same
    number as that of a unit in the middle of a large photo, at half the work.
    """

    layer: str
    side: int
    padded: bool


def canvas_of(spec: NetworkSpec, layer: str, whole: bool = False, size: int | None = None) -> Canvas:
    """The canvas of a layer's centre unit, or of its ``whole`` map on ``size`` pixels (None: the network's input).

    Where a unit's receptive field is larger than the network's input, the unit always sees the padding: the canvas is
    the input. Raises UnitError.
    """
    step = layer_step(spec, layer)
    if step.layer.kind == "fc":
        return Canvas(layer, spec.input_size, padded=True)
    if whole:
        side = size or spec.input_size
        if side < step.receptive_field < spec.input_size:
            raise UnitError(f"A unit of {layer} sees {step.receptive_field} pixels: choose a size of at least that.")
        return Canvas(layer, side, padded=True)
    if step.receptive_field > spec.input_size:
        return Canvas(layer, spec.input_size, padded=True)
    return Canvas(layer, step.receptive_field, padded=False)


def prepared(pictures: Tensor, how: Preprocessing) -> Tensor:
    """Pictures (B, 3, S, S), RGB from 0 to 1, as the weights want them."""
    mean, std = (pictures.new_tensor(value)[:, None, None] for value in (how.mean, how.std))
    return (pictures - mean) / std


def outputs_to(network: AlexNet, x: Tensor, canvas: Canvas) -> tuple[Tensor, Tensor]:
    """The layer's output for prepared pictures (B, 3, S, S), and the last map (B, C, h, w) before it.

    The network's own modules in their order; layers above are not computed.
    """
    last = x
    for name, module in network.named_children():
        if isinstance(module, nn.Conv2d) and not canvas.padded:
            y = F.conv2d(x, module.weight, module.bias, module.stride, 0, module.dilation, module.groups)
        else:
            y = module(x)
        if name == canvas.layer:
            return y, last
        x = y
        last = y if y.ndim == 4 else last
    raise ValueError(f"no layer {canvas.layer}")


def pooled(output: Tensor, whole: bool) -> Tensor:
    """A layer's output as one number a channel: (B, C, h, w) or (B, units) → (B, C)."""
    if output.ndim == 2:
        return output
    return output.mean((2, 3)) if whole else output[:, :, output.shape[2] // 2, output.shape[3] // 2]


@torch.no_grad()
def to_uint8(pictures: Tensor) -> Tensor:
    """(B, 3, S, S), 0 to 1 → uint8 (B, S, S, 3) on the CPU."""
    return (pictures.detach().clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu()


def from_uint8(pixels: Tensor) -> Tensor:
    """The way back: uint8 (B, S, S, 3) → float32 (B, 3, S, S)."""
    return pixels.permute(0, 3, 1, 2).float() / 255
