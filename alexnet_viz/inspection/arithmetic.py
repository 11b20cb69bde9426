"""Every value of the network taken apart into the numbers it is made of, in float64, beside what PyTorch computed."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F

from alexnet_viz.inspection.fields import box, window
from alexnet_viz.network.layers import LRN, Layer, Step, steps
from alexnet_viz.network.variants import AlexNet
from alexnet_viz.values import Contributions, NetworkSpec, Trace, Unit, Value, Waypoint

PHOTO = "photo"


@lru_cache(maxsize=64)
def walk(spec: NetworkSpec) -> tuple[Step, ...]:
    """The network's layers and, last, the softmax over its logits."""
    chain = steps(spec)
    logits = chain[-1].output
    softmax = Layer("softmax", "softmax")
    return (*chain, Step(softmax, logits, logits, chain[-1].receptive_field, chain[-1].jump))


def output(trace: Trace, layer: str) -> np.ndarray:
    """A layer's output in a trace, float32; also of ``photo`` and ``softmax``."""
    if layer == PHOTO:
        return trace.input
    if layer == "softmax":
        return torch.softmax(torch.from_numpy(next(reversed(trace.outputs.values()))), 0).numpy()
    return trace.outputs[layer]


def unit(network: AlexNet, trace: Trace, layer: str, channel: int) -> Unit:
    """What the values of one channel of a layer are made of, for the photo of a trace."""
    chain = walk(network.spec)
    at = next(i for i, step in enumerate(chain) if step.layer.name == layer)
    step, below = chain[at], chain[at - 1].layer.name if at else PHOTO
    read, kind = output(trace, below), step.layer.kind
    first, last, weights, bias = channel, channel + 1, None, 0.0
    if kind in ("conv", "fc"):
        parameters = network.get_submodule(layer)
        weights = parameters.get_parameter("weight")[channel].float().cpu().numpy()
        bias = float(parameters.get_parameter("bias")[channel])
        group = channel // (step.output[0] // step.layer.groups)
        first, last = group * len(weights), (group + 1) * len(weights)
    elif kind == "norm":
        reach = LRN.size // 2
        first, last = max(0, channel - reach), channel + reach + 1
    elif kind == "softmax":
        first, last = 0, len(read)
    elif kind == "flatten":
        first = channel // step.input[1] ** 2
        last = first + 1
    return Unit(
        layer,
        kind,
        channel,
        step.output[0],
        below,
        first,
        read[first:last],
        output(trace, layer)[channel],
        weights,
        bias,
        step.layer.kernel,
        step.layer.stride,
        step.layer.padding,
        asdict(LRN) if kind == "norm" else None,
    )


def value(unit: Unit, step: Step, y: int = 0, x: int = 0) -> Value:
    """One value of a unit, at row ``y`` and column ``x`` of its map, taken apart; ``step`` is its layer in ``walk``."""
    seen, (row, column) = _window(unit, step, y, x)
    exact = seen.astype(np.float64)
    winner = None
    terms, bias = exact, unit.bias
    match unit.kind:
        case "conv" | "fc":
            assert unit.weights is not None
            terms = exact * unit.weights
            total = terms.sum() + bias
        case "relu":
            total = max(0.0, exact.item())
        case "pool":
            winner = int(exact.argmax())
            total = exact.max()
        case "avgpool":
            terms = exact / exact.size
            total = terms.sum()
        case "norm":
            terms, bias = LRN.alpha / LRN.size * exact**2, LRN.k
            winner = unit.channel - unit.first
            total = exact.flat[winner] / (bias + terms.sum()) ** LRN.beta
        case "softmax":
            terms, winner = np.exp(exact - exact.max()), unit.channel
            total = terms[winner] / terms.sum()
        case _:  # flatten and dropout hand on what they got
            total = exact.item()
    torchs = unit.output[y, x] if unit.output.ndim else unit.output
    return Value((unit.first, row, column), seen, terms, bias, float(np.float32(total)), float(torchs), winner)


def _window(unit: Unit, step: Step, y: int, x: int) -> tuple[np.ndarray, tuple[int, int]]:
    """The cells that a value reads, with the padding's zeros, and the row and column of the first."""
    if unit.kind == "flatten":
        y, x = divmod(unit.channel % unit.inputs[0].size, unit.inputs.shape[2])
    elif unit.inputs.ndim == 1:
        return unit.inputs, (0, 0)
    if unit.kind in ("conv", "pool", "avgpool"):
        (top, bottom), (left, right) = window(step, y), window(step, x)
    else:
        (top, bottom), (left, right) = (y, y), (x, x)
    padded = np.pad(unit.inputs, ((0, 0), (unit.padding,) * 2, (unit.padding,) * 2)) if unit.padding else unit.inputs
    rows = slice(top + unit.padding, bottom + unit.padding + 1)
    return padded[:, rows, left + unit.padding : right + unit.padding + 1], (top, left)


@torch.inference_mode()
def contributions(unit: Unit, top: int | None = None) -> Contributions:
    """Each input channel's part in a convolution's or fully connected unit's whole map, the strongest ``top`` apart."""
    inputs, weights = torch.from_numpy(unit.inputs), torch.from_numpy(unit.weights)
    if inputs.dim() == 1:
        partials = (inputs * weights).numpy()
    else:
        each = F.conv2d(inputs[None], weights[:, None], None, unit.stride, unit.padding, groups=len(inputs))
        partials = each[0].numpy()
    strengths = np.abs(partials).reshape(len(partials), -1).mean(axis=1)
    order = np.argsort(-strengths, kind="stable")
    shown, others = order[:top], order[len(order[:top]) :]
    rest = partials[others].sum(axis=0, dtype=np.float64).astype(np.float32)
    return Contributions(unit.first + shown, strengths[shown], partials[shown], rest, len(others), unit.bias)


def backtrace(network: AlexNet, trace: Trace, layer: str, channel: int, y: int = 0, x: int = 0) -> tuple[Waypoint, ...]:
    """The strongest path from a value down to the photo, the value itself first.

    At each layer it takes the cell that puts in most in the direction of the value: the largest term where the value
    is not negative, the most negative one otherwise; the padding's zeros are left out.
    """
    chain = walk(network.spec)
    at = next(i for i, step in enumerate(chain) if step.layer.name == layer)
    first = output(trace, layer)[(channel, y, x) if len(chain[at].output) == 3 else channel]
    path = [Waypoint(layer, channel, y, x, float(first), float(first), _seen(network.spec, layer, channel, y, x))]
    for step in reversed(chain[: at + 1]):
        this_unit = unit(network, trace, step.layer.name, channel)
        this_value = value(this_unit, step, y, x)
        place = _strongest(this_unit, this_value)
        channel = this_value.origin[0] + place[0]
        y, x = (this_value.origin[1] + place[1], this_value.origin[2] + place[2]) if len(place) == 3 else (0, 0)
        seen = _seen(network.spec, this_unit.below, channel, y, x)
        term, read = float(this_value.terms[place]), float(this_value.window[place])
        path.append(Waypoint(this_unit.below, int(channel), int(y), int(x), read, term, seen))
    return tuple(path)


def _strongest(unit: Unit, value: Value) -> tuple[int, ...]:
    """The index into a value's window at which the path goes on."""
    if value.winner is not None:
        return tuple(int(i) for i in np.unravel_index(value.winner, value.terms.shape))
    pull = value.terms if value.torch >= 0 else -value.terms
    if pull.ndim == 3 and unit.padding:
        side = unit.inputs.shape[1]
        rows, columns = (start + np.arange(unit.kernel) for start in value.origin[1:])
        inside = ((rows >= 0) & (rows < side))[:, None] & (columns >= 0) & (columns < side)
        pull = np.where(inside, pull, -np.inf)
    return tuple(int(i) for i in np.unravel_index(pull.argmax(), pull.shape))


def _seen(spec: NetworkSpec, layer: str, channel: int, y: int, x: int) -> tuple[int, int, int, int]:
    if layer == PHOTO:
        return x, y, x + 1, y + 1
    name = steps(spec)[-1].layer.name if layer == "softmax" else layer  # the softmax sees what its logits see
    return box(spec, name, y, x, unit=channel)
