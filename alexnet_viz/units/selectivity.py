"""How a unit's exemplars hang together: how selective it is by class, and how alike its photos are. No torch here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alexnet_viz.values import Exemplars


@dataclass(frozen=True)
class ClassSelectivity:
    """``index`` from 0 (no class stands out) to 1 (it answers to one class alone); ``strongest`` are (class, mean).

    Of each class the mean over its photos of the unit's largest value, or of 0 where that is negative, the largest
    means first.
    """

    index: float
    strongest: tuple[tuple[int, float], ...]


def class_selectivity(found: Exemplars, layer: str, unit: int, top: int = 3) -> ClassSelectivity | None:
    """(μ − μ′) / (μ + μ′), μ the largest of the classes' means and μ′ the mean of all others'.

    Morcos et al. 2018, arXiv:1803.06959. None where the collection has fewer than two classes with photos.
    """
    classes = np.flatnonzero(found.class_counts)
    if len(classes) < 2:
        return None
    means = found.layers[layer].class_sums[unit, classes].astype(np.float64) / found.class_counts[classes]
    order = np.argsort(-means, kind="stable")
    largest, others = means[order[0]], means[order[1:]].mean()
    index = (largest - others) / (largest + others) if largest + others else 0.0
    return ClassSelectivity(float(index), tuple((int(classes[i]), float(means[i])) for i in order[:top]))


def similarity(vectors: np.ndarray) -> float | None:
    """The mean cosine of all pairs of vectors (N, D): 1 where all are alike. None for fewer than two that are not zero.

    Over the fc7 of a unit's exemplars, behind ReLU, it says how much of one kind they are: the monosemanticity score of
    Pach et al. 2025 (arXiv:2504.02821), each pair counted alike.
    """
    vectors = vectors.astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1)
    vectors = vectors[lengths > 0] / lengths[lengths > 0, None]
    count = len(vectors)
    if count < 2:
        return None
    return float(((vectors @ vectors.T).sum() - count) / (count * (count - 1)))
