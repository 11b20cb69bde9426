"""Maps of one layer: its channels weighted by what they mean for the target (the CAM family), and their kin.

A is the layer's output (1, C, h, w), g the target's gradient there. A new method is a function here with its card above
it. torch is imported where it is needed only, since the pages list the cards before it has come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from alexnet_viz.attribution.method import RECTIFY, Method
from alexnet_viz.attribution.raw_map import RawMap
from alexnet_viz.settings import Setting

if TYPE_CHECKING:
    from torch import Tensor

    from alexnet_viz.attribution.request import AttributionRequest

BATCH = 32
METHODS: list[Method] = []


def _card(
    key: str,
    title: str,
    asks: str,
    cost: str,
    settings: tuple[Setting, ...],
    reference: str,
    traps: tuple[str, ...],
    **more: bool,
) -> Callable[[Callable], Callable]:
    """List a function as the layer method of a card; ``more`` are Method's own fields."""

    def decorate(function: Callable) -> Callable:
        name = f"cams.{function.__name__}"
        METHODS.append(Method(key, title, asks, cost, settings, reference, traps, name, layered=True, **more))
        return function

    return decorate


def _cam(key: str, title: str, asks: str, cost: str, reference: str, *traps: str, slow: bool = False) -> Callable:
    """List a function as a CAM: its map, rectified, has one sign."""
    return _card(key, title, asks, cost, (RECTIFY,), reference, traps, signed=False, slow=slow)


@_cam(
    "grad-cam",
    "Grad-CAM",
    "Where are the channels active that speak for the answer?",
    "1 forward + 1 backward to the layer",
    "Selvaraju et al. 2017, arXiv:1610.02391",
    "Coarse: conv5 has 13×13 places; the smooth overlay is interpolation.",
    "One weight a channel: on early layers it mixes parts that speak for and against.",
    "Rectified, a map that is negative everywhere turns blank.",
)
def grad_cam(request: AttributionRequest, rectify: bool) -> RawMap:
    """Σ_k mean(g_k) · A_k."""
    activation, gradient = _at_layer(request)
    return _weighted(activation, gradient.mean((2, 3), keepdim=True), rectify)


@_cam(
    "grad-cam++",
    "Grad-CAM++",
    "As Grad-CAM, with more weight on places where the gradient is positive: several objects of one kind?",
    "1 forward + 1 backward to the layer",
    "Chattopadhay et al. 2018, arXiv:1710.11063",
    "Only positive gradients count, so that maps of different classes look alike.",
    "Its weights assume activations without negative values: take a ReLU's output.",
)
def grad_cam_pp(request: AttributionRequest, rectify: bool) -> RawMap:
    """Σ_k w_k · A_k with w_k = Σ α · max(g, 0), α = g² / (2g² + g³ · ΣA) = 1 / (2 + g · ΣA) (equation 19)."""
    activation, gradient = _at_layer(request)
    below = 2 + gradient * activation.sum((2, 3), keepdim=True)
    alpha = (below != 0) / below.masked_fill(below == 0, 1)
    return _weighted(activation, (alpha * gradient.relu()).sum((2, 3), keepdim=True), rectify)


@_cam(
    "layer-cam",
    "LayerCAM",
    "Which single places of this layer are active and speak for the answer?",
    "1 forward + 1 backward to the layer",
    "Jiang et al. 2021, doi:10.1109/TIP.2021.3089943",
    "Works on early layers, where it comes near to input × gradient and its noise.",
    "Only positive gradients count.",
)
def layer_cam(request: AttributionRequest, rectify: bool) -> RawMap:
    """Σ_k max(g_k, 0) · A_k, place by place."""
    activation, gradient = _at_layer(request)
    return _finish((gradient.relu() * activation).sum(1), rectify)


@_cam(
    "xgrad-cam",
    "XGrad-CAM",
    "As Grad-CAM, with weights that best share out the answer among the channels?",
    "1 forward + 1 backward to the layer",
    "Fu et al. 2020, arXiv:2008.02312",
    "Divides by each channel's sum: before a ReLU that sum can be near zero, and the map is noise.",
)
def xgrad_cam(request: AttributionRequest, rectify: bool) -> RawMap:
    """Σ_k w_k · A_k with w_k = Σ(g_k · A_k) / ΣA_k."""
    activation, gradient = _at_layer(request)
    whole = activation.sum((2, 3), keepdim=True)
    share = (gradient * activation).sum((2, 3), keepdim=True) / whole.masked_fill(whole == 0, 1)
    return _weighted(activation, share, rectify)


@_cam(
    "score-cam",
    "Score-CAM",
    "How strong is the answer when only what a channel lights up is left of the photo?",
    "256 forward at conv5 (channels)",
    "Wang et al. 2020, arXiv:1910.01279",
    "A softmax over logits often leaves one channel: its map is then the whole answer.",
    "Masked photos are like none the network was trained on.",
    slow=True,
)
def score_cam(request: AttributionRequest, rectify: bool) -> RawMap:
    """Σ_k w_k · A_k, w the softmax of the target's value when only what channel k lights up is left of the photo."""
    import torch
    import torch.nn.functional as F

    activation = request.chain.outputs[request.layer]
    low, high = activation.amin((2, 3), keepdim=True), activation.amax((2, 3), keepdim=True)
    masks = ((activation - low) / torch.where(high == low, 1, high - low))[0][:, None]  # (C, 1, h, w)
    scores = []
    for part in masks.split(BATCH):
        whole = F.interpolate(part, request.photo.shape[2:], mode="bilinear", align_corners=False)
        scores.append(request.value_of_each(whole * request.photo))
        request.progress(sum(map(len, scores)), len(masks))
    return _weighted(activation, torch.cat(scores).softmax(0)[None, :, None, None], rectify)


@_cam(
    "ablation-cam",
    "Ablation-CAM",
    "How much of the answer is lost when a channel is silenced?",
    "256 forward from the layer on (channels)",
    "Desai, Ramaswamy 2020, doi:10.1109/WACV45572.2020.9093360",
    "Channels that replace each other all look unimportant.",
    slow=True,
)
def ablation_cam(request: AttributionRequest, rectify: bool) -> RawMap:
    """Σ_k w_k · A_k, w_k the share of the target's value that is lost when channel k is set to zero."""
    import torch

    from alexnet_viz.attribution.chain import Chain

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


@_cam(
    "eigen-cam",
    "EigenCAM",
    "Where do the layer's channels differ most from their mean?",
    "1 forward",
    "Muhammad, Yeasin 2020, arXiv:2008.00299",
    "It does not know the target: every class gets the same map.",
    "The axis has no direction of its own; here it points to where the channels are active.",
)
def eigen_cam(request: AttributionRequest, rectify: bool) -> RawMap:
    """The layer's places on the axis along which its channels differ most, pointing to where they are active."""
    import torch

    activation = request.chain.outputs[request.layer]
    places = activation[0].flatten(1).T.cpu().double()  # (h·w, C)
    centred = places - places.mean(0)
    axis = torch.linalg.svd(centred, full_matrices=False).Vh[0]
    projected = centred @ axis
    if projected @ centred.sum(1) < 0:
        projected = -projected
    return _finish(projected.reshape(1, *activation.shape[2:]).to(activation), rectify)


@_card(
    "gradient-x-activation",
    "Gradient × activation",
    "How much of the answer would each place of the layer carry, were the rest linear?",
    "1 forward + 1 backward to the layer",
    (),
    "Ancona, Ceolini, Öztireli, Gross 2017, arXiv:1711.06104",
    ("Channels that speak for and against at one place cancel.",),
)
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
