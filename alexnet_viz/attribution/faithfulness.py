"""How faithful a map is: deletion and insertion, infidelity, sensitivity, agreement with other maps, the pointing game.

Everything here asks the network through a plain function of inputs, so nothing is hooked and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from alexnet_viz.attribution import baselines
from alexnet_viz.attribution.targets import CLASSES, Target
from alexnet_viz.inspection.model import Model
from alexnet_viz.inspection.predictions import softmax
from alexnet_viz.progress import CountProgress
from alexnet_viz.values import PixelCurve, sample_map, spread

Score = Callable[[np.ndarray], np.ndarray]  # normalised inputs (B, 3, S, S) → a number each (B,)
Explain = Callable[[np.ndarray], np.ndarray]  # one normalised input (3, S, S) → its map (h, w)
# --- what is watched -------------------------------------------------------------------------------


def value(model: Model, target: Target) -> Score:
    """The target's own value: a logit, the difference of two, or a unit's value."""

    def target_value(batch: np.ndarray) -> np.ndarray:
        if target.layer == CLASSES:
            return target.of(model.logits(batch))
        with torch.inference_mode():
            outputs = model.network.record(model.tensor(batch), target.layer)
            return target.of(outputs[target.layer]).float().cpu().numpy()

    return target_value


def share(model: Model, target: Target, tensor: np.ndarray) -> Score:
    """A score that is easy to read: a class's probability; of two classes the first's share of both; 0 to 1.

    Of a single output, whose softmax is always 1, the sigmoid of its logit.

    A unit's value is taken over its value for the photo itself, ``tensor`` (3, S, S), where that is not zero.
    """
    if target.layer != CLASSES:
        target_value = value(model, target)
        whole = float(target_value(tensor[None])[0]) or 1.0
        return lambda batch: target_value(batch) / whole
    if target.against is not None or model.info.spec.num_classes == 1:
        return lambda batch: 1 / (1 + np.exp(-target.of(model.logits(batch)).astype(np.float64)))
    return lambda batch: softmax(model.logits(batch))[:, target.index]


# --- deletion and insertion ------------------------------------------------------------------------


def on_input(values: np.ndarray, size: int, placement: tuple[float, float] | None = None) -> np.ndarray:
    """A map (h, w) on the input's own pixels (S, S), interpolated between its cells' centres.

    ``placement`` as in Attribution; without it the map covers the input evenly.
    """
    if values.shape == (size, size):
        return values
    centres = np.arange(size) + 0.5
    return sample_map(values, centres, centres, placement or spread(values, size))


def random_map(size: int, seed: int = 0) -> np.ndarray:
    """Noise (S, S): the map that knows nothing."""
    return np.random.default_rng(seed).random((size, size), dtype=np.float32)


def centre_map(size: int) -> np.ndarray:
    """A centred Gaussian (S, S): where photographers put things, a map that knows nothing of the network."""
    way = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
    return np.exp(-(way[:, None] ** 2 + way[None] ** 2) / 0.08)


def blurred(tensor: np.ndarray, sigma: float = 5.0, width: int = 11) -> np.ndarray:
    """A normalised input (3, S, S) under a Gaussian of ``width`` pixels; the defaults are Petsiuk et al.'s."""
    return baselines.blurred(torch.from_numpy(tensor)[None], sigma, width // 2)[0].numpy()


def ranks(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """Each pixel's place, 0 for the strongest; equal pixels in an order drawn once, so that none has a direction."""
    shuffled = np.random.default_rng(seed).permutation(values.size)
    order = shuffled[np.argsort(-values.ravel()[shuffled], kind="stable")]
    place = np.empty(values.size, np.int64)
    place[order] = np.arange(values.size)
    return place.reshape(values.shape)


def pixel_curve(
    name: str,
    score: Score,
    start: np.ndarray,
    end: np.ndarray,
    values: np.ndarray,
    steps: int = 32,
    batch: int = 16,
    progress: CountProgress | None = None,
) -> PixelCurve:
    """The score while the pixels of ``start`` become those of ``end``, both (3, S, S), the map's strongest first.

    Deletion goes from the photo to grey (zeros: the mean colour), insertion from the blurred photo to the photo
    (Petsiuk, Das, Saenko 2018, RISE, arXiv:1806.07421, section 4.3).
    """
    place = ranks(on_input(values, start.shape[-1]))
    counts = np.round(np.linspace(0, place.size, steps + 1)).astype(np.int64)
    scores = []
    for first in range(0, len(counts), batch):
        changed = place[None] < counts[first : first + batch, None, None]  # (B, S, S)
        scores.append(score(np.where(changed[:, None], end, start)))
        if progress:
            progress(min(first + batch, len(counts)), len(counts))
    return PixelCurve(name, counts / place.size, np.concatenate(scores).astype(np.float64))


def deletion(name: str, score: Score, tensor: np.ndarray, values: np.ndarray, **how: Any) -> PixelCurve:
    """The photo's strongest pixels turn grey: a good map makes the score fall fast, so a small area is good."""
    return pixel_curve(name, score, tensor, np.zeros_like(tensor), values, **how)


def insertion(name: str, score: Score, tensor: np.ndarray, values: np.ndarray, **how: Any) -> PixelCurve:
    """The strongest pixels come back into a blurred photo: a good map lets the score rise fast: large is good."""
    return pixel_curve(name, score, blurred(tensor), tensor, values, **how)


# --- infidelity and sensitivity ----------------------------------------------------------------------


def infidelity(
    score: Score, tensor: np.ndarray, values: np.ndarray, samples: int = 64, seed: int = 0, batch: int = 16
) -> float:
    """The share of the score's changes that the map does not predict: 0 the best, 1 as good as an empty map.

    Random squares of the photo are made darker or brighter, all colours alike (so that a map summed over the colours
    suffices); the map predicts each change by its sum over the square, up to one factor for all. captum.metrics'
    infidelity, normalised (Yeh et al. 2019, arXiv:1901.09392), over the mean squared change. NaN where nothing changes.
    """
    from captum.metrics import infidelity as measure

    x = torch.from_numpy(tensor)[None]
    spread = torch.from_numpy(on_input(values, tensor.shape[-1])).expand(1, 3, -1, -1) / 3

    scores: list[torch.Tensor] = []

    def forward(inputs: torch.Tensor) -> torch.Tensor:
        scores.append(torch.from_numpy(np.asarray(score(inputs.numpy()), np.float32)))
        return scores[-1]

    def measured(forward: Callable[[torch.Tensor], torch.Tensor], attribution: torch.Tensor, normalize: bool) -> float:
        draw = np.random.default_rng(seed)  # the same squares both times

        def perturbed(inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            change = torch.from_numpy(_squares(draw, inputs.shape[0], inputs.shape[-1])).expand_as(inputs)
            return change, inputs - change

        return float(
            measure(
                forward,
                perturbed,
                x,
                attribution,
                n_perturb_samples=samples,
                max_examples_per_batch=batch,
                normalize=normalize,
            )
        )

    whole = measured(forward, torch.zeros_like(spread), normalize=False)
    if whole == 0:
        return float("nan")
    largest = float(spread.abs().max())
    again = iter(scores)  # the squares are the same, and so are their scores: the network need not run again
    scaled = spread / largest if largest else spread
    return measured(lambda _: next(again), scaled, normalize=largest > 0) / whole


def _squares(draw: np.random.Generator, count: int, size: int) -> np.ndarray:
    """Squares of a tenth to a third of the side, each darker or brighter by up to one standard deviation."""
    changes = np.zeros((count, 1, size, size), np.float32)
    for change in changes:
        side = int(draw.integers(max(1, size // 10), max(2, size // 3)))
        top, left = draw.integers(0, size - side + 1, 2)
        change[0, top : top + side, left : left + side] = draw.uniform(-1, 1)
    return changes


def sensitivity(explain: Explain, tensor: np.ndarray, radius: float = 0.02, samples: int = 8, seed: int = 0) -> float:
    """How far the map moves, at most, under noise too weak to see: the change's norm over the map's own.

    Noise is uniform within ±``radius`` of normalised values (0.02 is about one step of 255). captum.metrics'
    max-sensitivity (Yeh et al. 2019), one map a sample.
    """
    from captum.metrics import sensitivity_max

    generator = torch.Generator().manual_seed(seed)

    def shaken(inputs: torch.Tensor) -> torch.Tensor:
        noise = torch.rand(inputs.shape, generator=generator) * 2 - 1
        return inputs + radius * noise

    def maps(inputs: torch.Tensor | tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        inputs = inputs[0] if isinstance(inputs, tuple) else inputs
        with torch.enable_grad():  # the metric runs without gradients, an explanation needs them
            maps = torch.stack([torch.from_numpy(explain(photo.numpy())) for photo in inputs])
        return (maps,)  # of a bare tensor Captum 0.9 would take the norm of each row

    x = torch.from_numpy(tensor)[None]
    return float(sensitivity_max(maps, x, shaken, n_perturb_samples=samples, max_examples_per_batch=1))


# --- agreement between maps ------------------------------------------------------------------------


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """The rank correlation of two maps of one shape, ties at their mean rank; NaN where a map is all one value.

    >>> spearman(np.array([[1, 2], [3, 4]]), np.array([[9, 8], [7, 6]]))
    -1.0
    """
    first, second = (_mean_ranks(values) for values in (a, b))
    first, second = first - first.mean(), second - second.mean()
    norm = np.sqrt((first @ first) * (second @ second))
    return float(first @ second / norm) if norm > 0 else float("nan")


def _mean_ranks(values: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata  # half a second of import, needed for comparing maps alone

    return rankdata(values.ravel())


def agreement(maps: Sequence[np.ndarray], size: int, share: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """All pairs' Spearman and top-share IoU, both (n, n), on the input's pixels; NaN for a map of one value."""
    same = [on_input(values, size) for values in maps]
    placed = np.stack([_mean_ranks(values) for values in same])
    top = np.stack([ranks(values).ravel() < max(1, round(size * size * share)) for values in same]).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.atleast_2d(np.corrcoef(placed))
    shared = top @ top.T
    overlap = shared / (top.sum(1)[:, None] + top.sum(1)[None] - shared)
    flat = np.array([values.min() == values.max() for values in same])
    overlap[flat], overlap[:, flat] = np.nan, np.nan
    return correlation, overlap


# --- the pointing game -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Pointing:
    """Where a map points, for a box drawn by a person.

    ``hit``: its strongest pixel, at ``peak`` (x, y on the input), lies in the box, or within ``slack`` pixels of it;
    ``energy``: the box's share of the map's positive sum (Wang et al. 2020, Score-CAM), ``area`` the box's share of
    the input: what energy a map that knows nothing would have there. NaN energy where nothing is positive.
    """

    hit: bool
    peak: tuple[int, int]
    energy: float
    area: float
    slack: int


def pointing(values: np.ndarray, box: tuple[float, float, float, float], size: int, slack: int = 15) -> Pointing:
    """The pointing game (Zhang et al. 2018, arXiv:1608.00507) for a box (left, top, right, bottom) on the input."""
    values = on_input(values, size)
    y, x = (int(i) for i in np.unravel_index(np.argmax(values), values.shape))
    left, top, right, bottom = box
    hit = left - slack <= x + 0.5 <= right + slack and top - slack <= y + 0.5 <= bottom + slack
    centres = np.arange(size) + 0.5
    columns, rows = (centres >= left) & (centres < right), (centres >= top) & (centres < bottom)
    inside = rows[:, None] & columns[None]
    positive = np.maximum(values, 0)
    whole = float(positive.sum())
    energy = float(positive[inside].sum()) / whole if whole > 0 else float("nan")
    return Pointing(bool(hit), (x, y), energy, float(inside.mean()), slack)


# --- by hand ---------------------------------------------------------------------------------------


def painted(tensor: np.ndarray, mask: np.ndarray, fill: str, mean: Sequence[float], std: Sequence[float]) -> np.ndarray:
    """A normalised input (3, S, S) whose masked pixels, bool (S, S), are filled: ``grey``, ``black`` or ``blur``."""
    if fill == "blur":
        instead = blurred(tensor, sigma=8.0, width=33)
    else:
        level = {"grey": 0.5, "black": 0.0}[fill]
        instead = ((level - np.array(mean, np.float32)) / np.array(std, np.float32))[:, None, None]
    return np.where(mask, instead, tensor).astype(np.float32)
