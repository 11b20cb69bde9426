"""Maps of one layer: its channels weighted by what they mean for the target (the CAM family), and their kin.

A is the layer's output (1, C, h, w), g the target's gradient there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet_viz.attribution.chain import Chain
from alexnet_viz.attribution.raw_map import RawMap

if TYPE_CHECKING:
    from alexnet_viz.attribution.request import AttributionRequest

BATCH = 32


def grad_cam(request: AttributionRequest, rectify: bool) -> RawMap:
    """Σ_k mean(g_k) · A_k."""
    activation, gradient = _at_layer(request)
    return _weighted(activation, gradient.mean((2, 3), keepdim=True), rectify)


def grad_cam_pp(request: AttributionRequest, rectify: bool) -> RawMap:
    """Σ_k w_k · A_k with w_k = Σ α · max(g, 0), α = g² / (2g² + g³ · ΣA) = 1 / (2 + g · ΣA) (equation 19)."""
    activation, gradient = _at_layer(request)
    below = 2 + gradient * activation.sum((2, 3), keepdim=True)
    alpha = torch.where(below == 0, 0, 1 / torch.where(below == 0, 1, below))
    return _weighted(activation, (alpha * gradient.relu()).sum((2, 3), keepdim=True), rectify)


def layer_cam(request: AttributionRequest, rectify: bool) -> RawMap:
    """Σ_k max(g_k, 0) · A_k, place by place."""
    activation, gradient = _at_layer(request)
    return _finish((gradient.relu() * activation).sum(1), rectify)


def xgrad_cam(request: AttributionRequest, rectify: bool) -> RawMap:
    """Σ_k w_k · A_k with w_k = Σ(g_k · A_k) / ΣA_k."""
    activation, gradient = _at_layer(request)
    whole = activation.sum((2, 3), keepdim=True)
    share = (gradient * activation).sum((2, 3), keepdim=True) / torch.where(whole == 0, 1, whole)
    return _weighted(activation, share, rectify)


def score_cam(request: AttributionRequest, rectify: bool) -> RawMap:
    """Σ_k w_k · A_k, w the softmax of the target's value when only what channel k lights up is left of the photo."""
    activation = request.chain.outputs[request.layer]
    low, high = activation.amin((2, 3), keepdim=True), activation.amax((2, 3), keepdim=True)
    masks = ((activation - low) / torch.where(high == low, 1, high - low))[0][:, None]  # (C, 1, h, w)
    scores = []
    for part in masks.split(BATCH):
        whole = F.interpolate(part, request.photo.shape[2:], mode="bilinear", align_corners=False)
        scores.append(request.value_of_each(whole * request.photo))
        request.progress(sum(map(len, scores)), len(masks))
    return _weighted(activation, torch.cat(scores).softmax(0)[None, :, None, None], rectify)


def ablation_cam(request: AttributionRequest, rectify: bool) -> RawMap:
    """Σ_k w_k · A_k, w_k the share of the target's value that is lost when channel k is set to zero."""
    activation = request.chain.outputs[request.layer]
    lost = []
    for part in torch.arange(activation.shape[1], device=activation.device).split(BATCH):
        ablated = activation.repeat(len(part), 1, 1, 1)
        ablated[torch.arange(len(part)), part] = 0
        output = Chain(request.network, ablated, request.layer, request.target.layer).outputs[request.target.layer]
        lost.append(request.value - request.target.of(output))
        request.progress(int(part[-1]) + 1, activation.shape[1])
    share = torch.cat(lost) / (abs(request.value) or 1)
    return _weighted(activation, share[None, :, None, None], rectify)


def eigen_cam(request: AttributionRequest, rectify: bool) -> RawMap:
    """The layer's places on the axis along which its channels differ most, pointing to where they are active."""
    activation = request.chain.outputs[request.layer]
    places = activation[0].flatten(1).T.cpu().double()  # (h·w, C)
    centred = places - places.mean(0)
    axis = torch.linalg.svd(centred, full_matrices=False).Vh[0]
    projected = centred @ axis
    if projected @ centred.sum(1) < 0:
        projected = -projected
    return _finish(projected.reshape(1, *activation.shape[2:]).to(activation), rectify)


def gradient_x_activation(request: AttributionRequest) -> RawMap:
    """Σ_k g_k · A_k, place by place, with its sign."""
    activation, gradient = _at_layer(request)
    return RawMap((gradient * activation).sum(1))


def _at_layer(request: AttributionRequest) -> tuple[Tensor, Tensor]:
    return request.chain.outputs[request.layer], request.gradient(request.layer)


def _weighted(activation: Tensor, weights: Tensor, rectify: bool) -> RawMap:
    return _finish((weights * activation).sum(1), rectify)


def _finish(cam: Tensor, rectify: bool) -> RawMap:
    """The map, rectified if asked for; a note where that leaves nothing of a map that had something."""
    if not rectify:
        return RawMap(cam)
    blank = ("Negative everywhere: rectified, the map is blank. Switch rectifying off to see it.",)
    return RawMap(cam.relu(), notes=blank if (cam < 0).any() and not (cam > 0).any() else ())
