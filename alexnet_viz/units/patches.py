"""The part of a photo that a unit sees, and which of its pixels drove the unit there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from alexnet_viz.attribution.baselines import blurred
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.inspection.fields import placement
from alexnet_viz.inspection.model import Model
from alexnet_viz.network.device import full_precision
from alexnet_viz.network.layers import Step
from alexnet_viz.units.canvas import Canvas, outputs_to
from alexnet_viz.units.collection import Collection
from alexnet_viz.units.objectives import layer_step
from alexnet_viz.values import Patch, Preprocessed

KEPT = 0.8  # share of the attribution that a patch's mask holds
_BLUR = 24  # the attribution is blurred by this part of what the unit sees (σ), or single pixels would be shown
_GREY = 128


def patches(
    model: Model, collection: Collection, layer: str, unit: int, photos: Sequence[int], cells: Sequence[int]
) -> list[Patch]:
    """What a unit sees of each photo at a cell (row · width + column) of its layer's map.

    The mask is of gradient × input of the unit's value there (Shrikumar et al. 2016), its absolute value blurred.
    Raises ImageError or DataError where a photo can no longer be read.
    """
    if not photos:
        return []
    step = layer_step(model.info.spec, layer)
    inputs = [preprocess(collection.read(int(number)), model.info.preprocessing) for number in photos]
    maps = _attributions(model, inputs, step, unit, cells)
    return [_patch(model, seen, step, int(cell), map) for seen, cell, map in zip(inputs, cells, maps, strict=True)]


def _attributions(
    model: Model, inputs: Sequence[Preprocessed], step: Step, unit: int, cells: Sequence[int]
) -> np.ndarray:
    """|gradient × input| of the unit at its cell on each input, blurred: float32 (B, S, S)."""
    side = model.info.spec.input_size
    with full_precision, torch.enable_grad():
        x = model.tensor(np.stack([seen.tensor for seen in inputs])).requires_grad_()
        output, _ = outputs_to(model.network, x, Canvas(step.layer.name, side, padded=True))
        values: Tensor = output[:, unit].reshape(len(inputs), -1)
        chosen = values.gather(1, torch.as_tensor(np.array(cells, np.int64)[:, None]).to(values.device)).sum()
        (gradient,) = torch.autograd.grad(chosen, x)
    sees = min(step.receptive_field, side)
    return blurred((gradient * x.detach()).abs(), max(1.0, sees / _BLUR)).sum(1).cpu().numpy()


def _patch(model: Model, seen: Preprocessed, step: Step, cell: int, attribution: np.ndarray) -> Patch:
    spec = model.info.spec
    if step.layer.kind == "fc" or step.receptive_field >= spec.input_size:
        return Patch(seen.pixels, _strongest(attribution))
    edge, jump = placement(spec, step.layer.name)
    side, width = step.receptive_field, step.output[2]
    top, left = (round(edge + (place + 0.5) * jump - side / 2) for place in divmod(cell, width))
    return Patch(_cut(seen.pixels, top, left, side, _GREY), _strongest(_cut(attribution, top, left, side, 0)))


def _cut(image: np.ndarray, top: int, left: int, side: int, beyond: int) -> np.ndarray:
    """A square of an image (H, W, …) that may reach beyond its edges."""
    square = np.full((side, side, *image.shape[2:]), beyond, image.dtype)
    y, x = max(0, top), max(0, left)
    part = image[y : top + side, x : left + side]
    square[y - top : y - top + len(part), x - left : x - left + part.shape[1]] = part
    return square


def _strongest(attribution: np.ndarray) -> np.ndarray:
    """The fewest pixels that together hold ``KEPT`` of the attribution: bool, as large."""
    values = np.sort(attribution, axis=None)[::-1]
    held = np.cumsum(values, dtype=np.float64)
    return attribution >= values[min(int(np.searchsorted(held, KEPT * held[-1])), len(values) - 1)]
