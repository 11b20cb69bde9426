"""The photo cut into parts: a plain grid, or superpixels that follow its colours."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def grid(side: int, count: int) -> Tensor:
    """About ``count`` equal squares, numbered row by row: int64 (S, S)."""
    cells = max(1, round(math.sqrt(count)))
    line = torch.arange(side) * cells // side
    return line[:, None] * cells + line[None]


def superpixels(photo: Tensor, count: int, compactness: float = 1.0, rounds: int = 8) -> Tensor:
    """About ``count`` parts of similar colour: int64 (S, S), numbered from 0 without gaps.

    k-means over colour and place from a grid of starting points (SLIC, Achanta et al. 2012), over the whole photo.
    ``compactness`` weighs place against colour; a photo of one colour falls into the grid.
    """
    side = photo.shape[-1]
    part = grid(side, count).flatten()
    step = side / math.sqrt(int(part.max()) + 1)
    place = torch.stack(torch.meshgrid(*[torch.arange(side)] * 2, indexing="ij")).flatten(1) / step
    colour = photo.cpu().float().flatten(1)
    colour = (colour - colour.mean(1, keepdim=True)) / colour.std().clamp(min=1e-6)
    points = torch.cat([colour, compactness * place]).T.contiguous()  # (S·S, 5)
    for _ in range(rounds):
        number = torch.bincount(part)
        centres = torch.zeros((len(number), 5)).index_add_(0, part, points) / number[:, None]
        part = torch.cdist(points, centres).argmin(1)
        part = torch.unique(part, return_inverse=True)[1]
    return part.reshape(side, side)
