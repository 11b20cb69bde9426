"""One layer's output for one photo, summed up channel by channel; and the softmax step by step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alexnet_viz.inspection.predictions import softmax
from alexnet_viz.values import Trace


@dataclass(frozen=True, eq=False)
class ChannelStats:
    """Of each channel (or unit), float32 (channels,): largest and mean value, and the share above zero."""

    peak: np.ndarray
    mean: np.ndarray
    active: np.ndarray


def channel_stats(output: np.ndarray) -> ChannelStats:
    """Of a layer's output, (channels, h, w) or (units,)."""
    flat = output.reshape(len(output), -1)
    return ChannelStats(flat.max(1), flat.mean(1), (flat > 0).mean(1, dtype=np.float32))


def order(stats: ChannelStats, by: str) -> np.ndarray:
    """Channel numbers sorted ``by`` index, peak or mean (largest first), or sparsity (fewest active values first)."""
    if by == "index":
        return np.arange(len(stats.peak))
    keys = {"peak": -stats.peak, "mean": -stats.mean, "sparsity": stats.active}
    return np.argsort(keys[by], kind="stable")


def peaks(trace: Trace, output: np.ndarray, span: str) -> np.ndarray | float:
    """How far a colour scale reaches: the largest |value| of each ``unit`` (n,), the ``layer`` or the ``network``.

    A unit that is a single number takes its layer's: on a scale of its own it would say nothing but its sign.
    """
    if span == "unit" and output.ndim > 1:
        return np.abs(output.reshape(len(output), -1)).max(1)
    return float(max(np.abs(values).max() for values in (trace.outputs.values() if span == "network" else (output,))))


def peak_position(channel: np.ndarray) -> tuple[int, int]:
    """Row and column of a map's largest value, the first of equal ones."""
    y, x = np.unravel_index(channel.argmax(), channel.shape)
    return int(y), int(x)


@dataclass(frozen=True)
class SoftmaxStep:
    """One class on its way through the softmax: z, z − max, exp(z − max), and that over the sum of all."""

    label: str
    index: int
    logit: float
    shifted: float
    exponential: float
    probability: float


def softmax_steps(logits: np.ndarray, labels: tuple[str, ...], top: int = 10) -> tuple[tuple[SoftmaxStep, ...], float]:
    """The ``top`` classes step by step, and Σ exp(z − max) over all classes, in float64."""
    z = logits.astype(np.float64)
    exponentials, probabilities = np.exp(z - z.max()), softmax(logits)
    chosen = np.argsort(-z, kind="stable")[:top]
    rows = tuple(
        SoftmaxStep(
            labels[i], int(i), float(z[i]), float(z[i] - z.max()), float(exponentials[i]), float(probabilities[i])
        )
        for i in chosen
    )
    return rows, float(exponentials.sum())
