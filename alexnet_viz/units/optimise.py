"""Optimised images: pictures that drive units, found by climbing the gradient from noise.

objective × parameterisation × transforms, as Lucid has them (Olah, Mordvintsev, Schubert 2017, Feature Visualization,
Distill), without its global state and hooks: the network is walked as far as the layer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from alexnet_viz.errors import UnitError
from alexnet_viz.inspection.model import Model
from alexnet_viz.network.device import full_precision
from alexnet_viz.units import regularisers
from alexnet_viz.units.canvas import Canvas, canvas_of, from_uint8, outputs_to, pooled, prepared, to_uint8
from alexnet_viz.units.choices import Choices
from alexnet_viz.units.objectives import CLASSES, Objective
from alexnet_viz.units.parameterisations import KINDS, Parameterisation, fast_side
from alexnet_viz.units.transforms import Transforms, cut, moved
from alexnet_viz.values import OptimisedImages

Gradient = Callable[[Tensor], Tensor]  # pictures (B, 3, S, S), 0 to 1 → the gradient to climb, of the same shape


def ascend(
    painting: Parameterisation,
    side: int,
    gradient: Gradient,
    choices: Choices,
    transforms: Transforms,
    fade: bool = False,
) -> Iterator[int]:
    """Climb, step by step: yields the number of steps done, from 0 on. The pictures are ``painting.pictures()``.

    The objective's gradient is brought to a root mean square of 1 a picture, so that regularisers mean the same for
    every unit. ``fade``: steps get shorter along a half cosine, for an aim that is to be met, not passed.
    """
    parameters = painting.parameters
    climber = Adam(parameters, choices.rate or painting.rate, painting.together)
    yield 0
    for done, move in enumerate(transforms.draw(choices.steps), 1):
        with full_precision, torch.enable_grad():
            parameters.requires_grad_()
            pictures = painting.pictures()
            seen = cut(pictures, side, *move[:2]) if transforms.only_shifts else moved(pictures, side, *move)
            shown = seen.detach()
            climb = unit_rms(gradient(shown))
            if choices.tv:
                climb = climb - choices.tv * regularisers.total_variation(shown)
            if choices.l2:
                climb = climb - choices.l2 * regularisers.l2(shown)
            (step,) = torch.autograd.grad(seen, parameters, climb)
            parameters.requires_grad_(False)
            climber.step(step, (1 + math.cos(math.pi * done / choices.steps)) / 2 if fade else 1)
        yield done


class Adam:
    """Steps upwards along the gradient's running mean over its running root mean square (Kingma, Ba 2014).

    ``together`` takes that root mean square over all of a picture's parameters, so that a step keeps the gradient's
    proportions. torch's own divides each parameter by its own, which makes hardly moving frequencies as strong as the
    others: noise, and on conv1, whose units are linear, nothing else.
    """

    def __init__(self, parameters: Tensor, rate: float, together: bool) -> None:
        self.parameters, self.rate = parameters, rate
        self.axes = tuple(range(1, parameters.ndim)) if together else ()
        self.mean, self.square, self.steps = torch.zeros_like(parameters), torch.zeros_like(parameters[:1]), 0

    @torch.no_grad()
    def step(self, gradient: Tensor, share: float = 1) -> None:
        self.steps += 1
        square = gradient.square()
        square = square.mean(self.axes, keepdim=True) if self.axes else square
        self.mean = torch.lerp(gradient, self.mean, 0.9)
        self.square = square if self.steps == 1 else torch.lerp(square, self.square, 0.99)
        scale = share * self.rate / (1 - 0.9**self.steps)
        self.parameters.addcdiv_(self.mean, self.square.sqrt().add_(1e-20), value=scale)


def unit_rms(gradient: Tensor) -> Tensor:
    """Each picture's gradient over its root mean square; zero stays zero."""
    return gradient / gradient.square().mean((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-20)


def optimise(
    model: Model, objectives: Sequence[Objective], choices: Choices | None = None, every: int = 8
) -> Iterator[OptimisedImages]:
    """Pictures that drive objectives of one layer, as they form: each ``every`` steps, the first and the last always.

    Whoever has seen enough stops asking. An objective that comes several times gets as many different pictures, pushed
    apart. On a CPU the same seed gives the same picture, whatever else is in the batch, to what a batch rounds
    differently. Raises UnitError.
    """
    choices = choices or Choices()
    canvas = check(model, objectives, choices)
    return _optimise(model, tuple(objectives), choices, canvas, max(1, every))


def optimised(model: Model, objectives: Sequence[Objective], choices: Choices | None = None) -> OptimisedImages:
    """The last of ``optimise``."""
    choices = choices or Choices()
    *_, last = optimise(model, objectives, choices, choices.steps)
    return last


def check(model: Model, objectives: Sequence[Objective], choices: Choices) -> Canvas:
    """The canvas of objectives that can be optimised together. Raises UnitError."""
    spec = model.info.spec
    if not objectives:
        raise UnitError("There is no unit to optimise a picture for: name one.")
    for objective in objectives:
        objective.check(spec)
    first = objectives[0]
    if any((other.layer, other.whole) != (first.layer, first.whole) for other in objectives):
        raise UnitError("Only units of one layer can be optimised together: ask for one layer after the other.")
    for objective in objectives:
        weights = model.network.get_submodule(first.layer).get_parameter("weight")
        channels = [channel for channel, weight in objective.terms if weight]
        if not bool(weights[channels].any()):
            raise UnitError(
                f"{objective.describe(model.info.categories)} is dead: all its weights are zero, so that no picture "
                "drives it. Choose another."
            )
    return canvas_of(spec, first.layer, first.whole, choices.size)


def _optimise(
    model: Model, objectives: tuple[Objective, ...], choices: Choices, canvas: Canvas, every: int
) -> Iterator[OptimisedImages]:
    network, how, whole = model.network, model.info.preprocessing, objectives[0].whole
    like = next(network.parameters())
    channels = network.get_submodule(canvas.layer).get_parameter("weight").shape[0]
    weights = torch.from_numpy(np.stack([objective.weights(channels) for objective in objectives])).to(like)
    numbers = _occurrences(objectives)
    transforms = Transforms.of(choices, canvas.side)
    side = fast_side(canvas.side + 2 * transforms.jitter)
    painting = KINDS[choices.parameterisation](numbers, side, choices.seed, like)
    names = tuple(objective.describe(model.info.categories) for objective in objectives)
    pairs = _same(objectives, like) if choices.diversity and any(numbers) else None

    def gradient(pictures: Tensor) -> Tensor:
        pictures.requires_grad_()
        output, before = outputs_to(network, prepared(pictures, how), canvas)
        value = (pooled(output, whole) * weights).sum()
        if pairs is None:
            return torch.autograd.grad(value, pictures)[0]
        (climb,) = torch.autograd.grad(value, pictures, retain_graph=True)
        (apart,) = torch.autograd.grad(_likeness(before, pairs), pictures)
        return unit_rms(climb) - choices.diversity * unit_rms(apart)

    @full_precision
    @torch.no_grad()
    def look(done: int) -> tuple[np.ndarray, np.ndarray]:
        pixels = to_uint8(cut(painting.pictures(), canvas.side))
        output, _ = outputs_to(network, prepared(from_uint8(pixels).to(like), how), canvas)
        return pixels.numpy(), (pooled(output, whole) * weights).sum(1).cpu().numpy()

    start = None
    for done in ascend(painting, canvas.side, gradient, choices, transforms):
        if done % every and done < choices.steps:
            continue
        pixels, values = look(done)
        start = values if start is None else start
        notes = _notes(objectives, values) if done == choices.steps else ()
        yield OptimisedImages(canvas.layer, names, pixels, values, start, done, choices.steps, notes)


def _occurrences(objectives: Sequence[Objective]) -> list[int]:
    """For each objective how often it came before."""
    seen: Counter[Objective] = Counter()
    numbers = []
    for objective in objectives:
        numbers.append(seen[objective])
        seen[objective] += 1
    return numbers


def _same(objectives: Sequence[Objective], like: Tensor) -> Tensor:
    """Which pairs are of one objective: 1 or 0, (N, N), 0 for each with itself."""
    rows = [[float(a == b and i != j) for j, b in enumerate(objectives)] for i, a in enumerate(objectives)]
    return like.new_tensor(rows)


def _likeness(maps: Tensor, pairs: Tensor) -> Tensor:
    """Σ over pairs of the cosine between the Gram matrices of two pictures' maps, (B, C, h, w).

    Which channels are active together, wherever that is: what artistic style transfer compares, and Olah, Mordvintsev,
    Schubert 2017 push apart for diversity.
    """
    flat = maps.flatten(2)
    grams = torch.nn.functional.normalize((flat @ flat.transpose(1, 2)).flatten(1), dim=1)
    return ((grams @ grams.T) * pairs).sum() / 2


def _notes(objectives: Sequence[Objective], values: np.ndarray) -> tuple[str, ...]:
    notes = []
    silent = [
        value
        for value, objective in zip(values, objectives, strict=True)
        if value <= 0 and all(weight > 0 for _, weight in objective.terms)
    ]
    if silent and objectives[0].layer != CLASSES:
        notes.append(
            f"{len(silent)} of {len(objectives)} stay at or below zero: behind their ReLU these units are silent, so "
            "far as this search found."
        )
    if objectives[0].layer == CLASSES:
        notes.append(
            "A class's optimised picture shows what raises its logit most, not what its photos look like: much of it "
            "is texture and noise to which no photo comes near."
        )
    return tuple(notes)
