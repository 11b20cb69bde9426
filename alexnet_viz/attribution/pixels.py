"""Methods that follow the gradient back to the pixels; maps are summed over the colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from alexnet_viz.attribution.chain import gradients_at, vjp
from alexnet_viz.attribution.raw_map import RawMap, completeness

if TYPE_CHECKING:
    from alexnet_viz.attribution.request import AttributionRequest

BATCH = 25  # photos in one pass: their activations stay small beside the weights


def saliency(request: AttributionRequest, absolute: bool) -> RawMap:
    """∂y/∂x, by default without its sign (Captum's default too; Simonyan et al. take the largest colour instead)."""
    gradient = request.gradient()
    return RawMap((gradient.abs() if absolute else gradient).sum(1))


def input_x_gradient(request: AttributionRequest) -> RawMap:
    """x · ∂y/∂x."""
    return RawMap((request.photo * request.gradient()).sum(1))


def integrated_gradients(request: AttributionRequest, steps: int, baseline: str, seed: int) -> RawMap:
    """(x − b) · ∫ ∂y/∂x(b + α(x − b)) dα, by Gauss and Legendre's rule with ``steps`` places, as Captum does.

    conv1 is affine, so its outputs along the line lie on a line: it is computed for the two ends alone, and its way
    back once for the mean gradient. Adds up to y(x) − y(b) but for the convergence delta.
    """
    start = request.baseline(baseline, seed)
    first = request.network.get_submodule("conv1")
    with torch.no_grad():
        low, high = first(start), request.chain.outputs["conv1"]
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    total = torch.zeros_like(high)
    for part in np.array_split(np.arange(steps), -(-steps // BATCH)):
        alpha, weight = (high.new_tensor(values[part]) for values in ((nodes + 1) / 2, weights / 2))
        line = torch.lerp(low, high, alpha[:, None, None, None])
        total += torch.tensordot(weight, gradients_at(request.network, line, request.target, "conv1", "conv1"), 1)
        request.progress(int(part[-1]) + 1, steps)
    values = (request.photo - start) * vjp(request.chain, "conv1", total)
    return RawMap(values.sum(1), completeness(values, request.value - request.value_of(start)))


def smoothgrad(request: AttributionRequest, samples: int, noise: float, absolute: bool, seed: int) -> RawMap:
    """The mean gradient over noisy copies of the photo."""
    total = torch.zeros_like(request.photo)
    for gradient, _ in _noisy(request, samples, noise, seed):
        total += gradient.sum(0, keepdim=True) / samples
    return RawMap((total.abs() if absolute else total).sum(1), notes=_flat(request, noise))


def vargrad(request: AttributionRequest, samples: int, noise: float, seed: int) -> RawMap:
    """The gradient's variance over noisy copies of the photo."""
    rows = torch.cat([gradient for gradient, _ in _noisy(request, samples, noise, seed)])
    return RawMap(rows.var(0, keepdim=True, correction=0).sum(1), notes=_flat(request, noise))


def gradient_shap(request: AttributionRequest, samples: int, noise: float, baseline: str, seed: int) -> RawMap:
    """The mean of (x + ε − b) · ∂y/∂x at random places between the baseline and noisy copies of the photo."""
    start = request.baseline(baseline, seed)
    total = torch.zeros_like(request.photo)
    for gradient, noisy in _noisy(request, samples, noise, seed, start):
        total += ((noisy - start) * gradient).sum(0, keepdim=True) / samples
    return RawMap(total.sum(1), completeness(total, request.value - request.value_of(start)), _flat(request, noise))


def _noisy(
    request: AttributionRequest, samples: int, noise: float, seed: int, start: Tensor | None = None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of gradients and the noisy photos they belong to.

    With ``start`` the gradient is taken at a uniformly random place between it and the noisy photo. The noise comes
    from a generator of its own: torch's global one is shared by all visitors.
    """
    generator = torch.Generator().manual_seed(seed)
    deviation = noise * _range(request)
    for done in range(0, samples, BATCH):
        size = (min(BATCH, samples - done), *request.photo.shape[1:])
        noisy = request.photo + deviation * torch.randn(size, generator=generator).to(request.photo)
        at = noisy
        if start is not None:
            at = torch.lerp(start, noisy, torch.rand((size[0], 1, 1, 1), generator=generator).to(noisy))
        yield gradients_at(request.network, at, request.target), noisy
        request.progress(done + size[0], samples)


def _range(request: AttributionRequest) -> float:
    return float(request.photo.max() - request.photo.min())


def _flat(request: AttributionRequest, noise: float) -> tuple[str, ...]:
    few = noise and _range(request) == 0
    return ("The photo has one value everywhere: noise as a share of its range is no noise.",) if few else ()
