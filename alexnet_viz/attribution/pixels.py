"""Methods that follow the gradient back to the pixels; maps are summed over the colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alexnet_viz.attribution.found import Found

if TYPE_CHECKING:
    from alexnet_viz.attribution.session import Question


def saliency(ask: Question, absolute: bool) -> Found:
    """∂y/∂x, by default without its sign (Captum's default too; Simonyan et al. take the largest colour instead)."""
    gradient = ask.gradient()
    return Found((gradient.abs() if absolute else gradient).sum(1))


def input_x_gradient(ask: Question) -> Found:
    """x · ∂y/∂x."""
    return Found((ask.photo * ask.gradient()).sum(1))
