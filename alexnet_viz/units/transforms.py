"""Transformation robustness: at each step the picture is shifted, scaled and turned a little.

What drives a unit only at one place and angle then does not last (Olah, Mordvintsev, Schubert 2017). All pictures of a
batch are moved alike, so that a unit's picture is the same alone and in a batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet_viz.units.choices import Choices

JITTER_SHARE = 16  # a picture is shifted by at most this part of its side: conv1 sees 11 pixels


@dataclass(frozen=True)
class Transforms:
    """``jitter`` in pixels, ``scale`` as a share, ``rotate`` in degrees; each is drawn evenly from −it to +it."""

    jitter: int
    scale: float
    rotate: float
    seed: int

    @staticmethod
    def of(choices: Choices, side: int) -> Transforms:
        """What was chosen, for a canvas of ``side`` pixels."""
        return Transforms(min(choices.jitter, round(side / JITTER_SHARE)), choices.scale, choices.rotate, choices.seed)

    def draw(self, steps: int) -> list[tuple[float, float, float, float]]:
        """(right, down, factor, radians) for each step."""
        generator = torch.Generator().manual_seed(self.seed)
        evenly = torch.rand((steps, 4), generator=generator, dtype=torch.float64) * 2 - 1
        reach = torch.tensor([self.jitter, self.jitter, self.scale, math.radians(self.rotate)], dtype=torch.float64)
        return [(x, y, 1 + factor, angle) for x, y, factor, angle in (evenly * reach).tolist()]

    @property
    def only_shifts(self) -> bool:
        return not self.scale and not self.rotate


def cut(pictures: Tensor, side: int, right: float = 0, down: float = 0) -> Tensor:
    """The square of ``side`` pixels in the middle, or so many whole pixels beside it."""
    left, top = ((pictures.shape[i] - side) // 2 + round(d) for i, d in ((3, right), (2, down)))
    return pictures[:, :, top : top + side, left : left + side]


def moved(pictures: Tensor, side: int, right: float, down: float, factor: float, angle: float) -> Tensor:
    """The square of ``side`` pixels that (B, 3, P, P) shows shifted, scaled around its middle and turned; bilinear.

    Beyond the picture's edge lies its mirror image.
    """
    whole = pictures.shape[2]
    reach = side / whole / factor
    cos, sin = math.cos(angle) * reach, math.sin(angle) * reach
    # The middle as ``cut`` has it, in the coordinates of grid_sample: −1 to 1 from edge to edge.
    middle = 2 * ((whole - side) // 2 + side / 2) / whole - 1
    x, y = middle + 2 * right / whole, middle + 2 * down / whole
    theta = pictures.new_tensor([[cos, -sin, x], [sin, cos, y]]).expand(len(pictures), 2, 3)
    grid = F.affine_grid(theta, [len(pictures), 3, side, side], align_corners=False)
    return F.grid_sample(pictures, grid, "bilinear", "reflection", align_corners=False)
