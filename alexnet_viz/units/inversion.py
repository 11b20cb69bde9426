"""What a layer still knows of a photo: a picture made from noise whose activations there equal the photo's.

Mahendran, Vedaldi 2015, arXiv:1412.0035. Exaggerated activations give the caricature; the far end is DeepDream
(Mordvintsev, Olah, Tyka 2015), which begins with the photo itself and makes whatever the layer sees in it stronger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from alexnet_viz.errors import UnitError
from alexnet_viz.inspection.model import Model
from alexnet_viz.network.device import full_precision
from alexnet_viz.units.canvas import Canvas, from_uint8, outputs_to, prepared, to_uint8
from alexnet_viz.units.choices import DREAM, INVERSION, Choices
from alexnet_viz.units.objectives import layer_step
from alexnet_viz.units.optimise import ascend
from alexnet_viz.units.parameterisations import KINDS, Fourier, fast_side
from alexnet_viz.units.transforms import Transforms, cut
from alexnet_viz.values import Inversion

Manner = Literal["inversion", "caricature", "dream"]
_RATE = 0.08  # for frequencies, each by itself


def manner_of(exaggeration: str) -> tuple[Manner, float]:
    """The manner and the gain that one of ``EXAGGERATION``'s options stands for.

    >>> [manner_of(option) for option in ("1", "3", "dream")]
    [('inversion', 1.0), ('caricature', 3.0), ('dream', 1.0)]
    """
    if exaggeration == DREAM:
        return "dream", 1.0
    return ("inversion" if exaggeration == "1" else "caricature"), float(exaggeration)


def invert(
    model: Model,
    pixels: np.ndarray,
    layer: str,
    choices: Choices = INVERSION,
    manner: Manner = "inversion",
    gain: float = 3.0,
    every: int = 8,
) -> Iterator[Inversion]:
    """A picture for the activations that the photo ``pixels``, uint8 (S, S, 3), has at a layer, as it forms.

    ``inversion``: activations equal to the photo's; ``caricature``: ``gain`` times as large; ``dream``: as large as
    they get, from the photo on, for as many steps as were chosen. Nothing is shifted, scaled or turned: an inversion
    has to be exact. Raises UnitError.
    """
    side = model.info.spec.input_size
    layer_step(model.info.spec, layer)
    if pixels.shape != (side, side, 3) or pixels.dtype != np.uint8:
        raise UnitError(f"This network sees photos of {side}×{side} pixels: prepare the photo for it first.")
    return _invert(model, pixels, layer, choices, manner, gain, max(1, every))


def inverted(
    model: Model,
    pixels: np.ndarray,
    layer: str,
    choices: Choices = INVERSION,
    manner: Manner = "inversion",
    gain: float = 3.0,
) -> Inversion:
    """The last of ``invert``."""
    *_, last = invert(model, pixels, layer, choices, manner, gain, choices.steps)
    return last


def _invert(
    model: Model, pixels: np.ndarray, layer: str, choices: Choices, manner: Manner, gain: float, every: int
) -> Iterator[Inversion]:
    network, how = model.network, model.info.preprocessing
    like = next(network.parameters())
    canvas = Canvas(layer, len(pixels), padded=True)
    photo = from_uint8(torch.from_numpy(pixels.copy())[None]).to(like)

    def features(pictures: Tensor) -> Tensor:
        return outputs_to(network, prepared(pictures, how), canvas)[0].flatten(1)

    with full_precision, torch.no_grad():
        own = features(photo)
    size = own.norm().clamp_min(1e-20)
    target = own * (gain if manner == "caricature" else 1)
    whole = fast_side(canvas.side)
    painting = KINDS[choices.parameterisation]([0], whole, choices.seed, like)
    if manner != "dream" and isinstance(painting, Fourier):
        painting.rate, painting.together = _RATE, False  # weak frequencies have to be met, too
    if manner == "dream":
        edges = (whole - canvas.side) // 2, whole - canvas.side - (whole - canvas.side) // 2
        painting.start_from(torch.nn.functional.pad(photo, (*edges, *edges), mode="replicate"))

    def gradient(pictures: Tensor) -> Tensor:
        pictures.requires_grad_()
        seen = features(pictures)
        value = seen.square().sum() if manner == "dream" else -(seen - target).square().sum()
        return torch.autograd.grad(value, pictures)[0]

    @full_precision
    @torch.no_grad()
    def look(done: int) -> Inversion:
        shown = to_uint8(cut(painting.pictures(), canvas.side))
        seen = features(from_uint8(shown).to(like))
        length = seen.norm().clamp_min(1e-20)
        error, cosine = float((seen - own).norm() / size), float((seen * own).sum() / length / size)
        return Inversion(layer, shown[0].numpy(), error, error, cosine, float(length / size), done, choices.steps)

    first = None
    still = Transforms(0, 0, 0, choices.seed)
    for done in ascend(painting, canvas.side, gradient, choices, still, fade=manner != "dream"):
        if done % every and done < choices.steps:
            continue
        inversion = look(done)
        first = first or inversion
        yield replace(inversion, start=first.error)
