"""The whole forward pass at a glance: each layer's strongest channels, and how much each gets from those before it."""

from __future__ import annotations

import numpy as np

from alexnet_viz.inspection.arithmetic import PHOTO, contributions, output, unit, walk
from alexnet_viz.network.variants import AlexNet
from alexnet_viz.values import Column, Trace


def ranking(trace: Trace, layer: str) -> np.ndarray:
    """All channels of a layer, strongest first: by the mean of what their ReLU lets through, logits by themselves.

    The layers of one stage (conv1, relu1, pool1 …) share one order, so that a channel keeps its row.
    """
    values = output(trace, layer)
    relu = f"relu{'5' if layer == 'avgpool' else layer[-1]}"
    if relu in trace.outputs and len(trace.outputs[relu]) == len(values):
        values = trace.outputs[relu]
    strength = values.reshape(len(values), -1).mean(axis=1)
    return np.argsort(-strength, kind="stable")


def overview(network: AlexNet, trace: Trace, top: int, include: tuple[str, int] | None = None) -> tuple[Column, ...]:
    """Photo to softmax, ``top`` channels a layer; ``include`` a (layer, channel) that shall be among its stage's."""
    if include and include[0] in ("flatten", "drop5"):  # a flattened unit belongs to the map that it was a pixel of
        include = "pool5", include[1] * len(output(trace, "pool5")) // len(output(trace, "flatten"))
    colours = np.arange(3)
    columns = [Column(PHOTO, "conv", trace.input.shape, "", colours, trace.input, np.abs(trace.input).max(), True)]
    shown, source, flat = {PHOTO: colours}, PHOTO, False
    for step in walk(network.spec):
        name, kind = step.layer.name, step.layer.kind
        values, below = output(trace, name), source
        flat = (flat or kind == "flatten") and kind != "fc"
        near = include if include and _stage(include[0]) == _stage(name) else None
        picked = shown[source] if flat else _picked(trace, name, top, near)
        feeds, feeders = None, ()
        if kind in ("conv", "fc"):
            feeds, feeders = _feeds(network, trace, name, picked, source, shown[source])
        if not flat:
            shown[name], source, maps = picked, name, values[picked]
        else:  # a map's values one below the other; the unit that stands for them is the largest
            maps = values.reshape(len(output(trace, source)), -1, 1)[picked]
            picked = picked * maps.shape[1] + maps.argmax(axis=1)[:, 0]
        columns.append(
            Column(
                name,
                kind,
                step.output,
                below,
                picked,
                maps,
                float(np.abs(values).max()),
                bool(values.min() < 0),
                feeds,
                feeders,
            )
        )
    return tuple(columns)


def _stage(layer: str) -> str:
    return {"avgpool": "5", "softmax": "8"}.get(layer, layer[-1])


def _picked(trace: Trace, layer: str, top: int, include: tuple[str, int] | None) -> np.ndarray:
    order = ranking(trace, layer)
    picked = order[:top]
    if include and include[1] < len(order) and include[1] not in picked:
        picked = np.append(order[: top - 1], include[1])
    return picked


def _feeds(
    network: AlexNet, trace: Trace, layer: str, picked: np.ndarray, source: str, shown: np.ndarray
) -> tuple[np.ndarray, tuple]:
    """Signed strengths from the source's shown channels, and each unit's three strongest inputs of all."""
    maps = output(trace, source)
    feeds, feeders = np.zeros((len(picked), len(shown)), np.float32), []
    for row, channel in enumerate(picked):
        parts = contributions(unit(network, trace, layer, int(channel)))
        strengths, sums = np.zeros((2, len(maps)), np.float32)
        if len(parts.channels) > len(maps):  # fc6 reads flattened maps: a channel's pixels count together
            pixels = np.zeros(len(parts.channels), np.float32)
            pixels[parts.channels] = parts.partials
            sums = pixels.reshape(len(maps), -1).sum(axis=1)
            strengths = np.abs(sums)
        else:
            strengths[parts.channels] = parts.strengths
            sums[parts.channels] = parts.partials.reshape(len(parts.partials), -1).sum(axis=1)
        feeds[row] = np.where(sums < 0, -strengths, strengths)[shown]
        feeders.append(tuple((int(i), float(strengths[i])) for i in np.argsort(-strengths, kind="stable")[:3]))
    return feeds, tuple(feeders)
