"""What stands for "nothing there": images of the network's input to compare with, or to hide parts behind."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet_viz.errors import AttributionError
from alexnet_viz.values import Preprocessing

BLUR_SHARE = 1 / 16  # the Gaussian's σ as a share of the input's side


def baseline(kind: str, photo: Tensor, how: Preprocessing, other: Tensor | None, seed: int = 0) -> Tensor:
    """A baseline like ``photo``, (1, 3, S, S), normalised. Raises AttributionError where the other photo is missing.

    ``black``: all pixels 0; ``mean``: the training photos' mean colour, which is zero after normalising; ``blur``:
    the photo through a Gaussian of S/16 pixels; ``noise``: every colour value uniform in [0, 1]; ``photo``: another.
    """
    match kind:
        case "black":
            return normalised(torch.zeros_like(photo), how)
        case "mean":
            return torch.zeros_like(photo)
        case "blur":
            return blurred(photo, photo.shape[-1] * BLUR_SHARE)
        case "noise":
            generator = torch.Generator().manual_seed(seed)
            return normalised(torch.rand(photo.shape, generator=generator).to(photo), how)
        case _:
            if other is None:
                raise AttributionError("The baseline “photo” needs another photo: choose one.")
            return other


def normalised(pixels: Tensor, how: Preprocessing) -> Tensor:
    """Colours in [0, 1], (B, 3, …), to the network's input values."""
    mean, std = (pixels.new_tensor(values)[:, None, None] for values in (how.mean, how.std))
    return (pixels - mean) / std


def blurred(photo: Tensor, sigma: float, radius: int | None = None) -> Tensor:
    """Through a Gaussian of ``sigma`` pixels, cut off at ``radius`` (None: 3σ); the border repeats the edge."""
    radius = max(1, round(3 * sigma)) if radius is None else radius
    x = torch.arange(-radius, radius + 1, dtype=photo.dtype, device=photo.device)
    kernel = torch.exp(-(x**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).expand(3, 1, 1, -1)
    padded = F.pad(photo, [radius] * 4, mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel, groups=3), kernel.transpose(2, 3), groups=3)
