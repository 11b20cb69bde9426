"""The target's value with a patch of the photo hidden, for many patches, computed only where the patch is felt.

A patch of 32 pixels changes 11 of conv1's 55 rows. Layer by layer the touched window is cut out of the photo's own
recorded maps, with its surroundings, and computed afresh; the fully connected layers see whole maps again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alexnet_viz.attribution.chain import INPUT, pool
from alexnet_viz.attribution.raw_map import RawMap

if TYPE_CHECKING:
    from alexnet_viz.attribution.chain import Chain
    from alexnet_viz.attribution.request import AttributionRequest

BATCH = 64
Place = tuple[int, int]  # row, column


def occlusion(request: AttributionRequest, window: int, stride: int, baseline: str, seed: int) -> RawMap:
    """What hiding a square takes from the target, for each pixel the mean over the squares that cover it."""
    fill = request.baseline(baseline, seed)
    side = request.photo.shape[-1]
    starts = range(0, max(0, -(-(side - window) // stride)) * stride + 1, stride)
    places = [(y, x) for y in starts for x in starts]
    total, count = (torch.zeros_like(request.photo[:, 0]) for _ in range(2))
    for done in range(0, len(places), BATCH):
        part = places[done : done + BATCH]
        lost = request.value - request.target.of(hidden(request.chain, fill, part, window, request.target.layer))
        for (y, x), effect in zip(part, lost, strict=True):
            total[:, y : y + window, x : x + window] += effect
            count[:, y : y + window, x : x + window] += 1
        request.progress(done + len(part), len(places))
    notes = ("Squares as large as this leave one place: the map is flat.",) if len(places) == 1 else ()
    return RawMap(total / count.clamp(min=1), notes=notes)


@torch.no_grad()
def hidden(chain: Chain, fill: Tensor, places: list[Place], window: int, last: str) -> Tensor:
    """``last``'s output for the chain's one photo with a square of ``fill`` at each of the places, (B, …)."""
    photo = chain.outputs[INPUT]
    side = photo.shape[-1]
    size = min(window, side)
    at = [(min(y, side - size), min(x, side - size)) for y, x in places]  # where the touched windows begin
    x = _cut(photo, at, size)
    for copy, (top, left), (y, x0) in zip(x, at, places, strict=True):
        copy[:, y - top :, x0 - left :] = fill[0, :, y : top + size, x0 : left + size]
    maps = True  # x holds windows of maps, not whole outputs
    for name in chain.between(INPUT, last)[::-1]:
        layer, whole = chain.layers[name], chain.outputs[chain.before(name)]
        match layer:
            case nn.Conv2d():
                x, at, size = _grown(x, at, size, whole, layer.kernel_size[0], layer.stride[0], int(layer.padding[0]))
                x = F.conv2d(x, layer.weight, layer.bias, layer.stride, 0, layer.dilation, layer.groups)
            case nn.MaxPool2d(kernel_size=int(kernel), stride=int(stride)):
                x, at, size = _grown(x, at, size, whole, kernel, stride, 0)
                x, _ = pool(layer, x)
            case nn.ReLU() | nn.LocalResponseNorm():
                x = layer(x)
            case nn.Dropout():
                pass
            case _:
                x, maps = layer(_put_back(x, at, whole) if maps else x), False
    return _put_back(x, at, chain.outputs[last]) if maps else x


def _grown(
    x: Tensor, at: list[Place], size: int, whole: Tensor, kernel: int, stride: int, padding: int
) -> tuple[Tensor, list[Place], int]:
    """The windows with all that the next layer's touched outputs look at; where those begin, and their side."""
    side = whole.shape[-1] + 2 * padding
    outputs = (side - kernel) // stride + 1
    touched = min(outputs, (size + kernel - 2) // stride + 1)

    def first(start: int) -> int:
        return max(0, min(-(-(start + padding - kernel + 1) // stride), outputs - touched))

    begin = [(first(y), first(x)) for y, x in at]
    need = (touched - 1) * stride + kernel
    grown = _cut(F.pad(whole, [padding] * 4), [(y * stride, x * stride) for y, x in begin], need)
    for larger, window, (y, x0), (top, left) in zip(grown, x, at, begin, strict=True):
        y, x0 = y + padding - top * stride, x0 + padding - left * stride
        larger[:, y : y + size, x0 : x0 + size] = window[:, : need - y, : need - x0]
    return grown, begin, touched


def _cut(whole: Tensor, at: list[Place], size: int) -> Tensor:
    """Square windows of one photo's maps: (1, C, h, w) → (B, C, size, size)."""
    return torch.stack([whole[0, :, y : y + size, x : x + size] for y, x in at])


def _put_back(x: Tensor, at: list[Place], whole: Tensor) -> Tensor:
    """Whole maps (B, C, h, w): the photo's own with each window in its place."""
    maps = whole.repeat(len(x), 1, 1, 1)
    size = x.shape[-1]
    for map, window, (top, left) in zip(maps, x, at, strict=True):
        map[:, top : top + size, left : left + size] = window
    return maps
