"""AlexNet's layers as plain numbers, and the arithmetic of their shapes. No torch here: it holds before anything runs.

Output side of a convolution or pooling (Dumoulin & Visin 2016, arXiv:1603.07285): ⌊(n + 2p − k)/s⌋ + 1.
Receptive field (Araujo, Norris, Sim 2019, Distill): r ← r + (k − 1)·j, j ← j·s, from r = j = 1 at the photo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from alexnet_viz.errors import ShapeError
from alexnet_viz.values import LayerKind, NetworkSpec

ADAPTIVE_SIDE = 6  # torchvision pools conv5's maps to 6×6 whatever the photo's size
PRINTED_FC6_INPUTS = 256 * 6 * 6  # fc6 as it is often printed


@dataclass(frozen=True)
class ResponseNorm:
    """b = a / (k + α/n · Σ a²)^β over n = ``size`` neighbouring channels, as nn.LocalResponseNorm takes them.

    Krizhevsky et al. 2012, section 3.3, write α for what is α/n here: theirs is 1e-4.
    """

    size: int = 5
    alpha: float = 5e-4
    beta: float = 0.75
    k: float = 2.0


LRN = ResponseNorm()


@dataclass(frozen=True)
class Layer:
    """One layer before any size is known. ``out``: channels (conv), units (fc) or the side of a map (avgpool)."""

    name: str
    kind: LayerKind
    out: int = 0
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    groups: int = 1


@dataclass(frozen=True)
class Step:
    """A layer at one input size: shapes without the batch, (channels, side, side) or (units,).

    ``receptive_field`` and ``jump``, the step between neighbouring units, are pixels of the input.
    """

    layer: Layer
    input: tuple[int, ...]
    output: tuple[int, ...]
    receptive_field: int
    jump: int


def chain(spec: NetworkSpec) -> tuple[Layer, ...]:
    """The layers of a network in the field's (Caffe's) names, from conv1 to fc8.

    ``torchvision`` follows Krizhevsky 2014 (arXiv:1404.5997) and drops out *before* fc6 and fc7 (drop5, drop6);
    ``paper`` and ``single-tower`` follow Krizhevsky, Sutskever, Hinton 2012 and drop out after them (drop6, drop7).
    """
    own = spec.variant == "torchvision"
    groups = 2 if spec.variant == "paper" else 1
    norm = spec.variant == "paper"
    widths = (64, 192, 384, 256, 256) if own else (96, 256, 384, 384, 256)
    pool = {"kernel": 3, "stride": 2}
    layers = [Layer("conv1", "conv", widths[0], 11, 4, spec.conv1_padding), Layer("relu1", "relu")]
    layers += [Layer("norm1", "norm")] * norm + [Layer("pool1", "pool", **pool)]
    layers += [Layer("conv2", "conv", widths[1], 5, 1, 2, groups), Layer("relu2", "relu")]
    layers += [Layer("norm2", "norm")] * norm + [Layer("pool2", "pool", **pool)]
    layers += [Layer("conv3", "conv", widths[2], 3, 1, 1), Layer("relu3", "relu")]
    layers += [Layer("conv4", "conv", widths[3], 3, 1, 1, groups), Layer("relu4", "relu")]
    layers += [Layer("conv5", "conv", widths[4], 3, 1, 1, groups), Layer("relu5", "relu")]
    layers += [Layer("pool5", "pool", **pool)]
    layers += [Layer("avgpool", "avgpool", out=ADAPTIVE_SIDE)] * own + [Layer("flatten", "flatten")]
    for number, width in ((6, spec.fc_width), (7, spec.fc_width)):
        fully = [Layer(f"fc{number}", "fc", width), Layer(f"relu{number}", "relu")]
        drop = Layer(f"drop{number - own}", "dropout")
        layers += [drop, *fully] if own else [*fully, drop]
    return (*layers, Layer("fc8", "fc", spec.num_classes))


def output_side(side: int, kernel: int, stride: int, padding: int) -> int:
    """⌊(n + 2p − k)/s⌋ + 1; zero or less where the window does not fit.

    >>> output_side(224, kernel=11, stride=4, padding=2)  # conv1 of torchvision's AlexNet
    55
    """
    return (side + 2 * padding - kernel) // stride + 1


def steps(spec: NetworkSpec) -> tuple[Step, ...]:
    """Every layer with its shapes at the spec's input size; ShapeError names the layer at which the map vanishes.

    >>> conv5 = next(step for step in steps(NetworkSpec("paper")) if step.layer.name == "conv5")
    >>> conv5.output, conv5.receptive_field, conv5.jump
    ((256, 13, 13), 163, 16)
    """
    shape: tuple[int, ...] = (3, spec.input_size, spec.input_size)
    field, jump, side = 1, 1, spec.input_size
    result = []
    for layer in chain(spec):
        before = shape
        if layer.kind in ("conv", "pool"):
            side = output_side(shape[1], layer.kernel, layer.stride, layer.padding)
            if side < 1:
                raise ShapeError(
                    f"An input of {spec.input_size}×{spec.input_size} does not fit: at {layer.name} the map of "
                    f"{shape[1]}×{shape[1]} (padding {layer.padding}) is smaller than the window of "
                    f"{layer.kernel}×{layer.kernel}. Use at least {smallest_input(spec)} pixels."
                )
            shape = (layer.out or shape[0], side, side)
            field, jump = field + (layer.kernel - 1) * jump, jump * layer.stride
        elif layer.kind == "avgpool":
            window, step = _adaptive_window(side, layer.out)
            field, jump, side = field + (window - 1) * jump, jump * step, layer.out
            shape = (shape[0], side, side)
        elif layer.kind == "flatten":
            shape = (math.prod(shape),)
        elif layer.kind == "fc":
            field, side = field + (side - 1) * jump, 1  # fc6 equals a convolution over the whole map
            shape = (layer.out,)
        result.append(Step(layer, before, shape, field, jump))
    return tuple(result)


def smallest_input(spec: NetworkSpec) -> int:
    """The smallest input side at which every map of the network still has a pixel.

    >>> smallest_input(NetworkSpec("torchvision"))
    63
    """
    side = 1
    for layer in reversed([x for x in chain(spec) if x.kind in ("conv", "pool")]):
        side = max(1, (side - 1) * layer.stride + layer.kernel - 2 * layer.padding)
    return side


def _adaptive_window(side: int, out: int) -> tuple[int, int]:
    """Widest window and mean step of PyTorch's adaptive pooling: cell i averages ⌊i·n/m⌋ … ⌈(i+1)·n/m⌉."""
    windows = [math.ceil((i + 1) * side / out) - i * side // out for i in range(out)]
    return max(windows), max(1, side // out)


def formulas(step: Step) -> tuple[str, ...]:
    """The arithmetic of one layer with its numbers put in: output side, parameters, multiply-adds (one photo)."""
    layer, before, after = step.layer, step.input, step.output
    if layer.kind in ("conv", "pool"):
        lines = [
            f"output side = ⌊(n + 2p − k)/s⌋ + 1 = ⌊({before[1]} + 2·{layer.padding} − {layer.kernel})/{layer.stride}⌋ "
            f"+ 1 = {after[1]}"
        ]
        if layer.kind == "pool":
            overlap = layer.kernel - layer.stride
            return (*lines, f"each value = the largest of {layer.kernel}×{layer.kernel} (windows overlap by {overlap})")
        each = before[0] // layer.groups
        kernel = f"{each}·{layer.kernel}·{layer.kernel}"
        shared = (
            f" (groups = {layer.groups}: each kernel sees {each} of {before[0]} channels)" if layer.groups > 1 else ""
        )
        weights = each * layer.kernel**2
        return (
            *lines,
            f"parameters = {after[0]}·({kernel} + 1) = {after[0] * (weights + 1):,}{shared}",
            f"multiply-adds = {after[0]}·{after[1]}·{after[2]}·({kernel}) = {math.prod(after) * weights:,}",
        )
    if layer.kind == "fc":
        return (
            f"parameters = {after[0]:,}·({before[0]:,} + 1) = {after[0] * (before[0] + 1):,}",
            f"multiply-adds = {after[0]:,}·{before[0]:,} = {after[0] * before[0]:,}",
        )
    if layer.kind == "norm":
        return (
            f"b = a / ({LRN.k:g} + {LRN.alpha / LRN.size:g}·Σ a²)^{LRN.beta:g}, the sum over {LRN.size} neighbouring "
            "channels at the same place",
        )
    if layer.kind == "avgpool":
        return (f"each of {after[1]}×{after[2]} cells = the mean of its share of {before[1]}×{before[2]}",)
    if layer.kind == "flatten":
        return (f"{before[0]}·{before[1]}·{before[2]} = {after[0]:,}",)
    if layer.kind == "dropout":
        return ("the identity when the network answers; in training it silences units at random",)
    return ("max(0, x), value by value",)


def operation(layer: Layer) -> str:
    """What a layer does, in a few words: ``11×11 conv, stride 4, padding 2``."""
    match layer.kind:
        case "conv":
            groups = f", {layer.groups} groups" if layer.groups > 1 else ""
            return f"{layer.kernel}×{layer.kernel} conv, stride {layer.stride}, padding {layer.padding}{groups}"
        case "pool":
            return f"{layer.kernel}×{layer.kernel} max pool, stride {layer.stride}"
        case "avgpool":
            return f"adaptive average pool to {layer.out}×{layer.out}"
        case "norm":
            return f"local response normalisation, n = {LRN.size}"
        case "fc":
            return "fully connected"
        case "relu":
            return "ReLU"
        case _:
            return layer.kind
