"""What keeps a picture calm, as gradients at its pixels. Both are about 1 where a picture is as rough as noise."""

from __future__ import annotations

import torch
from torch import Tensor


def total_variation(pictures: Tensor) -> Tensor:
    """The gradient of Σ (difference of neighbouring pixels)² / 2, (B, 3, S, S): the squared form (β = 2).

    Mahendran, Vedaldi 2015, arXiv:1412.0035, equation 4.
    """
    gradient = torch.zeros_like(pictures)
    for axis in (2, 3):
        step = pictures.diff(dim=axis)
        length = step.shape[axis]
        gradient.narrow(axis, 1, length).add_(step)
        gradient.narrow(axis, 0, length).sub_(step)
    return gradient


def l2(pictures: Tensor) -> Tensor:
    """The gradient of Σ (pixel − grey)², (B, 3, S, S)."""
    return 2 * (pictures - 0.5)
