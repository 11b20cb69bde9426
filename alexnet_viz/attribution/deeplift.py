"""DeepLift's rescale rule on two recorded passes: the photo's and the baseline's (Shrikumar et al. 2017).

Captum's map misses the sum it should have on AlexNet, by a fifth up to several times, for two reasons that small
networks show one by one: a place that wins in two overlapping pooling windows gets one share instead of two, and a
pooling layer right behind a ReLU goes wrong even where windows do not overlap. Here the shares add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from alexnet_viz.attribution import captum_copy
from alexnet_viz.attribution.baselines import normalised
from alexnet_viz.attribution.chain import INPUT, Chain, Step, back, begin, pool_back, vjp
from alexnet_viz.attribution.raw_map import RawMap, completeness

if TYPE_CHECKING:
    from alexnet_viz.attribution.request import AttributionRequest


def deeplift(request: AttributionRequest, baseline: str, rule: str, seed: int) -> RawMap:
    """(x − b) · multipliers: adds up to y(x) − y(b)."""
    start = request.baseline(baseline, seed)
    values = _by_rule(request, start, rule)
    request.progress(1, 1)
    return RawMap(values.sum(1), completeness(values, request.value - request.value_of(start)))


def deeplift_shap(request: AttributionRequest, samples: int, baselines: str, rule: str, seed: int) -> RawMap:
    """DeepLift's mean over several baselines: ``noise``, or ``colours``, each one colour drawn at random."""
    generator = torch.Generator().manual_seed(seed)
    size = request.photo.shape[2:] if baselines == "noise" else (1, 1)
    drawn = (
        torch.rand((samples, 3, *size), generator=generator).to(request.photo).expand(-1, -1, *request.photo.shape[2:])
    )
    starts = normalised(drawn, request.preprocessing)
    total, change = torch.zeros_like(request.photo), 0.0
    for done in range(samples):
        start = starts[done : done + 1]
        total += _by_rule(request, start, rule) / samples
        change += (request.value - request.value_of(start)) / samples
        request.progress(done + 1, samples)
    return RawMap(total.sum(1), completeness(total, change))


def _by_rule(request: AttributionRequest, start: Tensor, rule: str) -> Tensor:
    if rule == "captum":
        return captum_copy.deeplift(request, start)
    reference = Chain(request.network, start, last=request.target.layer)
    return (request.photo - start) * back(
        request.chain, begin(request.chain, request.target), INPUT, rescale(reference)
    )[INPUT]


def rescale(reference: Chain) -> Step:
    """The step back for multipliers: Δ of the target shared out in proportion to Δ of each layer's input."""

    def step(chain: Chain, name: str, multiplier: Tensor) -> Tensor:
        before, layer = chain.before(name), chain.layers[name]
        x, x0, y, y0 = (where.outputs[layer_name] for layer_name in (before, name) for where in (chain, reference))
        change = x - x0
        match layer:
            case nn.ReLU():
                shared = multiplier * (y - y0) / torch.where(change == 0, 1, change)
                return torch.where(change == 0, vjp(chain, name, multiplier), shared)
            case nn.MaxPool2d():
                # The photo's largest value answers for what it adds, the baseline's for what is lost: places that
                # get a share differ between the two, so nothing is divided by zero.
                top = torch.maximum(y, y0)
                share = pool_back(layer, x, chain.winners[name], multiplier * (top - y0))
                share += pool_back(layer, x, reference.winners[name], multiplier * (y - top))
                return share / torch.where(change == 0, 1, change)
            case nn.LocalResponseNorm():
                return _along_the_line(layer, x0, x, multiplier)
            case _:
                return vjp(chain, name, multiplier)

    return step


def _along_the_line(layer: nn.Module, x0: Tensor, x: Tensor, gradient: Tensor, nodes: int = 8) -> Tensor:
    """A layer's mean step back between two inputs: what it gives, times x − x0, adds up to the change of its output.

    Rescaling value by value is not defined where a value depends on its neighbours, as in response normalisation.
    """
    places, weights = (
        x.new_tensor(values / 2)[:, None, None, None] for values in np.polynomial.legendre.leggauss(nodes)
    )
    with torch.enable_grad():
        leaf = torch.lerp(x0, x, places + 0.5).requires_grad_()
        return torch.autograd.grad(layer(leaf), leaf, weights * gradient)[0].sum(0, keepdim=True)
