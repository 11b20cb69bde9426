"""Captum's own methods, each call on a network of its own.

Captum hooks into the layers while it works, and hooks of two calls on one network get into each other: maps that are
silently wrong, forward passes that fail. A structural copy shares the weights' memory and takes about 2 ms.
"""

from __future__ import annotations

import copy
import threading
import warnings
from collections import OrderedDict
from typing import TYPE_CHECKING

import torch
from captum import attr
from captum.attr._utils.lrp_rules import Alpha1_Beta0_Rule, EpsilonRule
from torch import Tensor, nn

from alexnet_viz.attribution.raw_map import RawMap, completeness
from alexnet_viz.attribution.targets import Target
from alexnet_viz.errors import AttributionError
from alexnet_viz.network.variants import AlexNet

if TYPE_CHECKING:
    from alexnet_viz.attribution.request import AttributionRequest

# Captum says so at every call of Guided Backprop and DeepLift, whatever it is given.
_NOISE = ("Setting backward hooks on ReLU activations", r"Setting forward, backward hooks and attributes on non-linear")
_guard = threading.Lock()


class Scored(nn.Module):
    """A copy of a network up to the target's layer, for Captum to do with as it likes: (B, 3, S, S) → (B,).

    The copy shares the weights' memory, not the Parameter objects, which LRP replaces. Of a fully connected target
    layer only the target's own row stays, so that relevance starts from the target's value. Dropout is left out.
    """

    def __init__(self, network: AlexNet, target: Target) -> None:
        super().__init__()
        names = [name for name, _ in network.named_children()]
        kept = OrderedDict(
            (name, layer)
            for name, layer in list(network.named_children())[: names.index(target.layer) + 1]
            if not isinstance(layer, nn.Dropout)
        )
        memo = {id(p): nn.Parameter(p.data, requires_grad=False) for p in network.parameters()}
        self.layers = copy.deepcopy(nn.Sequential(kept), memo).eval()
        self.target = target
        last = self.layers[-1]
        if isinstance(last, nn.Linear):
            row = nn.Linear(last.in_features, 1, device="meta").requires_grad_(False)
            row.weight, row.bias = (nn.Parameter(target.of(p[None]), False) for p in (last.weight, last.bias))
            self.layers[-1], self.target = row, Target(0)
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return self.target.of(self.layers(x))


def guided_backprop(request: AttributionRequest) -> RawMap:
    """The gradient with negative parts dropped at every ReLU, on the way forth and back."""
    return _modified(request, attr.GuidedBackprop)


def deconvolution(request: AttributionRequest) -> RawMap:
    """The gradient with negative parts dropped at every ReLU on the way back alone."""
    return _modified(request, attr.Deconvolution)


def _modified(request: AttributionRequest, method: type) -> RawMap:
    with torch.enable_grad():
        _quiet()
        return RawMap(method(Scored(request.network, request.target)).attribute(_leaf(request)).detach().sum(1))


def guided_grad_cam(request: AttributionRequest) -> RawMap:
    """Guided Backprop times Grad-CAM, rectified and stretched over the pixels."""
    with torch.enable_grad():
        _quiet()
        scored = Scored(request.network, request.target)
        method = attr.GuidedGradCam(scored, scored.layers.get_submodule(request.layer))
        return RawMap(method.attribute(_leaf(request), interpolate_mode="bilinear").detach().sum(1))


def deeplift(request: AttributionRequest, start: Tensor) -> Tensor:
    """Captum's DeepLift, as it is: (1, 3, S, S)."""
    with torch.enable_grad():
        _quiet()
        return (
            attr.DeepLift(Scored(request.network, request.target))
            .attribute(_leaf(request), start.contiguous())
            .detach()
        )


def lrp(request: AttributionRequest, rule: str) -> RawMap:
    """Layer-wise relevance propagation: the target's value handed back in proportion to what each input added.

    ``epsilon`` in every layer, or ``composite``: only positive parts (α1β0) in the convolutions, epsilon behind them.
    """
    notes: tuple[str, ...] = ()
    with torch.enable_grad():
        scored = Scored(request.network, request.target)
        for layer in scored.layers:
            match layer:
                case nn.LocalResponseNorm():
                    raise AttributionError(
                        "LRP has no rule for response normalisation, which the network of 2012 has: choose DeepLift, "
                        "which also hands the answer back layer by layer and holds on this network."
                    )
                case nn.Conv2d() if rule == "composite":
                    layer.rule = Alpha1_Beta0_Rule()
                case nn.Flatten():
                    layer.rule = EpsilonRule()
        if request.target.y is None and request.chain.outputs[request.target.layer].dim() == 4:
            notes = ("Every place of the channel's map starts with the same share of relevance.",)
        values = attr.LRP(scored).attribute(_leaf(request)).detach()
    return RawMap(values.sum(1), completeness(values, request.value), notes)


def conductance(request: AttributionRequest, steps: int, baseline: str, seed: int) -> RawMap:
    """Integrated gradients that flow through each place of the layer, summed over its channels."""
    start = request.baseline(baseline, seed)
    with torch.enable_grad():
        scored = Scored(request.network, request.target)
        method = attr.LayerConductance(scored, scored.layers.get_submodule(request.layer))
        values = method.attribute(_leaf(request), start.contiguous(), n_steps=steps, internal_batch_size=16).detach()
    request.progress(1, 1)
    return RawMap(values.sum(1), completeness(values, request.value - request.value_of(start)))


def _leaf(request: AttributionRequest) -> Tensor:
    return request.photo.clone().requires_grad_()


def _quiet() -> None:
    """Ignore two sentences of Captum's. ``warnings.catch_warnings`` would swap the filters under other threads."""
    with _guard:
        known = {getattr(entry[1], "pattern", None) for entry in warnings.filters}
        for text in _NOISE:
            if text not in known:
                warnings.filterwarnings("ignore", text, UserWarning)
