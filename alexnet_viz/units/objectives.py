"""What an optimised image is to drive: a unit, a whole channel, a class, a direction, or what lies between two.

Every objective is a weighted sum of one layer's channels, before any ReLU, so that no unit starts dead; taken at the
layer's centre, or as the mean over its map. No torch here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from alexnet_viz.errors import ShapeError, UnitError
from alexnet_viz.network.layers import Step, steps
from alexnet_viz.values import NetworkSpec

CLASSES = "fc8"  # the layer whose outputs are the logits
LAST_HIDDEN = "fc7"  # the layer whose units' weights to the logits are their votes
_LONGEST = 4  # terms that are written out in a name


@dataclass(frozen=True)
class Objective:
    """Σ weight · channel over ``terms``, pairs (channel, weight), of a convolution or a fully connected layer.

    It is taken at the centre unit; ``whole``: as the mean over the layer's map.
    """

    layer: str
    terms: tuple[tuple[int, float], ...]
    whole: bool = False

    def __neg__(self) -> Objective:
        """What drives it down most."""
        return replace(self, terms=tuple((channel, -weight) for channel, weight in self.terms))

    def weights(self, channels: int) -> np.ndarray:
        """What each of the layer's channels counts, float32 (channels,)."""
        row = np.zeros(channels, np.float32)
        for channel, weight in self.terms:
            row[channel] += weight
        return row

    def check(self, spec: NetworkSpec) -> None:
        """Raise UnitError unless this network has the layer and all of the channels."""
        step = layer_step(spec, self.layer)
        for channel, _ in self.terms:
            if not 0 <= channel < step.layer.out:
                kind = "class" if self.layer == CLASSES else "channel" if step.layer.kind == "conv" else "unit"
                raise UnitError(f"{self.layer} has no {kind} {channel}: choose 0 to {step.layer.out - 1}.")
        if not any(weight for _, weight in self.terms):
            raise UnitError(f"All weights of this direction in {self.layer} are zero: give at least one that is not.")

    def describe(self, categories: Sequence[str] = ()) -> str:
        """In words; class numbers where there are no names.

        >>> interpolation(unit("conv5", 3), unit("conv5", 7), 0.25).describe()
        'conv5, 0.75 · unit 3 + 0.25 · unit 7'
        >>> (-class_logit(1)).describe(["cat", "dog"])
        'against dog'
        """
        if len(self.terms) > _LONGEST:
            return f"a direction in {self.layer}"
        if self.layer == CLASSES:
            names = [categories[c] if c < len(categories) else f"class {c}" for c, _ in self.terms]
        else:
            names = [f"{'channel' if self.whole else 'unit'} {channel}" for channel, _ in self.terms]
        if len(names) == 1:
            words = names[0] if self.layer == CLASSES else f"{self.layer}, {names[0]}"
            return f"against {words}" if self.terms[0][1] < 0 else words
        total = " + ".join(f"{weight:.3g} · {name}" for (_, weight), name in zip(self.terms, names, strict=True))
        return f"{self.layer}, {total}"


def unit(layer: str, channel: int) -> Objective:
    """The centre unit of a convolution's channel, or a unit of a fully connected layer."""
    return Objective(layer, ((channel, 1.0),))


def channel(layer: str, channel: int) -> Objective:
    """A convolution's whole channel: the mean over its map."""
    return Objective(layer, ((channel, 1.0),), whole=True)


def class_logit(index: int) -> Objective:
    """A class, by its logit; a probability would also rise where all others fall."""
    return unit(CLASSES, index)


def direction(layer: str, weights: Sequence[float] | np.ndarray, whole: bool = False) -> Objective:
    """A direction in a layer's space, a weight for each channel, scaled to length 1."""
    row = np.asarray(weights, np.float64)
    length = float(np.linalg.norm(row))
    if not math.isfinite(length) or not length:
        raise UnitError(f"A direction in {layer} needs finite weights that are not all zero.")
    return Objective(layer, tuple((int(i), float(row[i] / length)) for i in np.flatnonzero(row)), whole)


def interpolation(first: Objective, second: Objective, share: float) -> Objective:
    """(1 − share) · first + share · second, of one layer."""
    if (first.layer, first.whole) != (second.layer, second.whole):
        raise UnitError(f"{first.describe()} and {second.describe()} are not of one layer: nothing lies between them.")
    terms = [(channel, weight * (1 - share)) for channel, weight in first.terms]
    terms += [(channel, weight * share) for channel, weight in second.terms]
    return Objective(first.layer, tuple(terms), first.whole)


def parse(text: str) -> Objective:
    """A unit as LAYER:CHANNEL, as the shell and links write it. Raises UnitError.

    >>> parse("conv5:37")
    Objective(layer='conv5', terms=((37, 1.0),), whole=False)
    """
    layer, _, number = text.strip().partition(":")
    if not layer or not number.isdecimal() or len(number) > 9:
        raise UnitError(f"A unit is written LAYER:CHANNEL, such as conv5:37, not {text[:80]!r}.")
    return unit(layer, int(number))


def layer_step(spec: NetworkSpec, layer: str) -> Step:
    """A convolution or fully connected layer with its shapes. Raises UnitError for any other name."""
    fitting = {step.layer.name: step for step in _steps(spec) if step.layer.kind in ("conv", "fc")}
    if layer not in fitting:
        raise UnitError(f"There are no units in a layer {layer[:80]!r}: choose one of {', '.join(fitting)}.")
    return fitting[layer]


def _steps(spec: NetworkSpec) -> tuple[Step, ...]:
    try:
        return steps(spec)
    except ShapeError as error:
        raise UnitError(str(error)) from error
