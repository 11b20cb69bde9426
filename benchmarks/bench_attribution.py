"""Attributions against the libraries that people use, on the torchvision network with 1000 classes, one photo.

Captum gets the same frozen network, its ReLUs not in place. torch-cam and grad-cam get it as their manuals show: as
it was built, so that a way back also visits the parameters. Without names all pairs run, which takes some minutes:
``python -m benchmarks.bench_attribution integrated occlusion`` runs those two.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytorch_grad_cam
import torch
import torchcam.methods
from captum import attr
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from alexnet_viz.attribution.baselines import normalised
from alexnet_viz.attribution.session import Session, attribute
from alexnet_viz.attribution.targets import Target
from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.images.samples import sample
from alexnet_viz.network.variants import build, initialise
from alexnet_viz.values import NetworkSpec, Preprocessing
from benchmarks.side_by_side import side_by_side

LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5")
BEST = Target.of_class(281)
CLASSES = [Target.of_class(i) for i in (281, 282, 285, 287, 7)]


def network():
    one = build(NetworkSpec(), seed=0).eval().requires_grad_(False)
    initialise(one, 0, "he")
    return one


Work = Callable[[], Any]
Pair = tuple[str, Work, Work, int]  # title, ours, the other, rounds


def contests() -> dict[str, list[Pair]]:
    """What is measured, by name."""
    warnings.simplefilter("ignore")
    tensor = preprocess(decode(*sample("cat")), Preprocessing()).tensor
    x = torch.from_numpy(tensor.copy())[None]
    leaf = x.clone().requires_grad_()
    ours, theirs = network(), network()
    usual = network().requires_grad_(True)
    grad_cam = attr.LayerGradCam(theirs, theirs.conv5)

    def captums_cam(index: int = 281):
        return grad_cam.attribute(leaf, target=index)

    def one_cam():
        with torchcam.methods.GradCAM(usual, usual.conv5) as extractor:
            return extractor(281, usual(x))

    def other_cam():
        with pytorch_grad_cam.GradCAM(usual, [usual.conv5]) as cam:
            return cam(x, [ClassifierOutputTarget(281)])

    def our_cam():
        return attribute(ours, tensor, "grad-cam", BEST, "conv5")

    def bare():
        with torch.inference_mode():
            return ours(x)

    def seven():
        session = Session(ours, tensor)
        for key in ("saliency", "input-x-gradient"):
            session.attribute(key, BEST)
        for layer in LAYERS:
            session.attribute("grad-cam", BEST, layer)
            session.attribute("layer-cam", BEST, layer)

    def captums_seven():
        attr.Saliency(theirs).attribute(leaf, target=281)
        attr.InputXGradient(theirs).attribute(leaf, target=281)
        for layer in LAYERS:
            attr.LayerGradCam(theirs, theirs.get_submodule(layer)).attribute(leaf, target=281)

    def again():
        """Another class each time, as a visitor who clicks through the top five."""
        again.turn += 1
        return again.session.attribute("grad-cam", Target.of_class(again.turn % 1000), "conv5")

    again.turn, again.session = 0, Session(ours, tensor)

    def five():
        session = Session(ours, tensor)
        session.prepare(CLASSES, "conv5")
        return [session.attribute("grad-cam", target, "conv5") for target in CLASSES]

    def captums_five():
        return [captums_cam(target.index) for target in CLASSES]

    def our_five_alone():
        return [attribute(ours, tensor, "grad-cam", target, "conv5") for target in CLASSES]

    black = normalised(torch.zeros_like(x), Preprocessing())
    integrated = attr.IntegratedGradients(theirs)

    def our_integrated():
        return attribute(ours, tensor, "integrated-gradients", BEST)

    def captums_integrated():
        return integrated.attribute(leaf, black, target=281, n_steps=50)

    def captums_integrated_16():
        return integrated.attribute(leaf, black, target=281, n_steps=50, internal_batch_size=16)

    def our_occlusion():
        return attribute(ours, tensor, "occlusion", BEST)

    def captums_occlusion(at_once: int = 16):
        with torch.no_grad():
            return attr.Occlusion(theirs).attribute(
                x, (3, 32, 32), strides=(3, 16, 16), target=281, perturbations_per_eval=at_once
            )

    def our_deeplift():
        return attribute(ours, tensor, "deeplift", BEST)

    def captums_deeplift():
        return attr.DeepLift(theirs).attribute(leaf, black, target=281)

    return {
        "bare": [("Grad-CAM at conv5, against a bare forward pass", our_cam, bare, 21)],
        "captum": [("Grad-CAM at conv5, against Captum's LayerGradCam", our_cam, captums_cam, 21)],
        "torch-cam": [("Grad-CAM at conv5, against torch-cam", our_cam, one_cam, 21)],
        "grad-cam": [("Grad-CAM at conv5, against grad-cam", our_cam, other_cam, 15)],
        "seven": [
            (
                "Saliency, input × gradient, Grad-CAM and LayerCAM of five layers, against seven Captum calls",
                seven,
                captums_seven,
                11,
            )
        ],
        "classes": [
            ("Another class of the same photo, against LayerGradCam", again, captums_cam, 21),
            ("Five classes at once, against five LayerGradCam", five, captums_five, 11),
            ("Five classes at once, against five of our own calls", five, our_five_alone, 11),
        ],
        "deeplift": [("DeepLift, shares added up, against Captum's", our_deeplift, captums_deeplift, 9)],
        "integrated": [
            ("Integrated gradients, 50 steps, against Captum's (one batch)", our_integrated, captums_integrated, 7),
            (
                "Integrated gradients, 50 steps, against Captum's (batches of 16)",
                our_integrated,
                captums_integrated_16,
                5,
            ),
        ],
        "occlusion": [
            ("Occlusion 32/16, against Captum's, 16 at once", our_occlusion, captums_occlusion, 5),
            ("Occlusion 32/16, against Captum's, one at a time", our_occlusion, lambda: captums_occlusion(1), 3),
        ],
    }


def main(names: list[str]) -> None:
    pairs = contests()
    for name in names or pairs:
        for title, mine, other, rounds in pairs.get(name, ()):
            side_by_side(title, mine, other, rounds)
    if not names or "integrated" in names:
        (_, our_integrated, captums_integrated, _), _ = pairs["integrated"]
        x = torch.from_numpy(preprocess(decode(*sample("cat")), Preprocessing()).tensor.copy())[None].double()
        start = normalised(torch.zeros_like(x), Preprocessing())
        exact = attr.IntegratedGradients(network().double())
        truth = exact.attribute(x, start, target=281, n_steps=50, internal_batch_size=16)[0].sum(0).numpy()
        for title, found in (
            ("ours", our_integrated().values),
            ("Captum's", captums_integrated()[0].sum(0).detach().numpy()),
        ):
            off = np.abs(found - truth)
            print(
                f"Integrated gradients against float64, {title}: mean error {off.mean() / np.abs(truth).mean():.1e} "
                f"of the mean size, largest {off.max() / np.abs(truth).max():.1e} of the largest"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
