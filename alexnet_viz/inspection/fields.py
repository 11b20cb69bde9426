"""Where a value looks: its window on the layer below, and its receptive field on the network's input.

Exact cell by cell, also where torchvision's adaptive pooling takes windows of unequal width. No torch here.
"""

from __future__ import annotations

from alexnet_viz.network.layers import Step, steps
from alexnet_viz.values import NetworkSpec


def window(step: Step, index: int) -> tuple[int, int]:
    """First and last cell of a layer's input that its output's cell ``index`` reads, along one side of the map.

    Not clipped: a cell below 0, or past the map's end, is a zero of the padding.
    """
    layer = step.layer
    if layer.kind in ("conv", "pool"):
        first = index * layer.stride - layer.padding
        return first, first + layer.kernel - 1
    if layer.kind == "avgpool":  # PyTorch: from ⌊i·n/m⌋ to before ⌈(i + 1)·n/m⌉
        side, out = step.input[1], layer.out
        return index * side // out, -(-(index + 1) * side // out) - 1
    return index, index


def box(spec: NetworkSpec, layer: str, y: int = 0, x: int = 0, *, unit: int = 0) -> tuple[int, int, int, int]:
    """The receptive field of a layer's cell in row ``y``, column ``x``: (left, top, right, bottom) in input pixels.

    Right and bottom lie one past the last pixel; what would lie outside the photo is cut off. A fully connected layer
    sees the whole input that its maps reach; on ``flatten``, and a dropout right behind it, ``unit`` says which pixel.
    """
    chain = list(steps(spec))
    chain = chain[: next(i for i, step in enumerate(chain) if step.layer.name == layer) + 1]
    rows, columns = (y, y), (x, x)
    for step in reversed(chain):
        side = step.input[-1] if len(step.input) == 3 else 0
        if step.layer.kind == "fc":
            unit = -1  # all of them
        elif step.layer.kind == "flatten":
            place = unit % side**2
            rows, columns = ((place // side,) * 2, (place % side,) * 2) if unit >= 0 else ((0, side - 1),) * 2
        elif side:
            rows, columns = (
                (max(0, window(step, a)[0]), min(side - 1, window(step, b)[1])) for a, b in (rows, columns)
            )
    return columns[0], rows[0], columns[1] + 1, rows[1] + 1


def placement(spec: NetworkSpec, layer: str) -> tuple[float, float]:
    """Where a layer's map lies on the input: the left edge of its first cell, and a cell's edge, in input pixels.

    Every cell is drawn around the middle of its receptive field, before that is cut off at the photo's border; so a
    deep map covers a little less than the input. Under adaptive pooling with unequal windows it is the even spread.
    """
    middle, jump = 0.5, 1.0
    for step in steps(spec):
        if step.layer.kind in ("conv", "pool", "avgpool"):
            first, last = (sum(window(step, i)) / 2 for i in (0, step.output[1] - 1))
            middle += first * jump
            jump *= (last - first) / (step.output[1] - 1) if step.output[1] > 1 else 1
        if step.layer.name == layer:
            break
    return middle - jump / 2, jump
