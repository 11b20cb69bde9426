"""Layers as they are trained on a CPU: the same arithmetic as PyTorch's own, in less time."""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alexnet_viz.network.variants import AlexNet


def for_cpu(network: AlexNet) -> None:
    """Put these layers in the places of PyTorch's; the parameters stay the same ones."""
    conv1 = network.get_submodule("conv1")
    assert isinstance(conv1, nn.Conv2d)
    network.conv1 = FirstConv(conv1)
    for name, layer in list(network.named_children()):
        if isinstance(layer, nn.Dropout):
            network.add_module(name, Dropout(layer.p))
        elif isinstance(layer, nn.AdaptiveAvgPool2d):
            network.add_module(name, AvgPool(layer.output_size))


class FirstConv(nn.Conv2d):
    """The same layer, with the same parameters, for photos that need no gradient themselves.

    oneDNN's bf16 gradient for three channels, channels last, has its threads spin until all have come: 26 ms of one
    core's time, and up to 200 ms of two cores' where another program runs beside it. Channels first it has no barrier.
    """

    def __init__(self, conv: nn.Conv2d) -> None:
        kernel, stride, padding = (
            cast(tuple[int, int], pair) for pair in (conv.kernel_size, conv.stride, conv.padding)
        )
        super().__init__(conv.in_channels, conv.out_channels, kernel, stride, padding, device="meta")
        self.weight, self.bias = conv.weight, conv.bias

    def forward(self, x: Tensor) -> Tensor:
        return _Convolution.apply(x, self.weight, self.bias, self.stride, self.padding)


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, stride: tuple, padding: tuple) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return F.conv2d(x, weight, bias, stride, padding)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = (saved.to(gradient.dtype).contiguous() for saved in ctx.saved_tensors)
        _, dw, db = torch.ops.aten.convolution_backward(
            gradient, x, weight, [len(weight)], ctx.stride, ctx.padding, [1, 1], False, [0, 0], 1, [False, True, True]
        )
        return None, dw.float(), db.float(), None, None


class Dropout(nn.Dropout):
    """The same layer, its mask made of uniform numbers: a quarter of the time of PyTorch's own mask."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        kept = torch.rand(x.shape, device=x.device) >= self.p
        return x * kept.to(x.dtype).div_(1 - self.p)


class AvgPool(nn.AdaptiveAvgPool2d):
    """The same layer, which leaves a map that has its size already as it is: at 224 × 224 that is every map."""

    def forward(self, x: Tensor) -> Tensor:
        return x if x.shape[-2:] == (self.output_size, self.output_size) else super().forward(x)
