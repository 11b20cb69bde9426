"""The CAM family against torch-cam and grad-cam: the same network, layer and photo."""

import numpy as np
import pytest
import pytorch_grad_cam as theirs
import torch
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torchcam import methods as torchcam

from alexnet_viz.attribution.session import Session
from alexnet_viz.attribution.targets import Target
from alexnet_viz.network.variants import build
from alexnet_viz.values import VARIANTS, NetworkSpec
from tests.attribution.conftest import fresh, photo

LAYERS = ("conv1", "conv3", "relu4", "conv5", "relu5")
CLASS = 3


def to_one(cam):
    """A rectified map to [0, 1], as both libraries hand theirs out."""
    cam = np.maximum(np.asarray(cam, np.float64), 0)
    cam = cam - cam.min()
    return cam / max(cam.max(), 1e-30)


@pytest.fixture(scope="module", params=["torchvision", "paper"])
def network(request):
    """Logits a thousand times as large: grad-cam adds 1e-6 to squares of gradients."""
    network = fresh(request.param, seed=1)
    network.fc8.weight.mul_(1000)
    return network


@pytest.fixture
def session(network):
    return Session(network, photo("cat", network.spec.input_size))


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(
    ("key", "method"),
    [("grad-cam", "GradCAM"), ("layer-cam", "LayerCAM"), ("xgrad-cam", "XGradCAM"), ("score-cam", "ScoreCAM")],
)
def test_torch_cam(session, network, layer, key, method):
    if key == "score-cam" and layer not in ("conv1", "relu5"):
        pytest.skip("one forward pass a channel: two layers suffice")
    own = fresh(network.spec.variant, seed=1)
    own.fc8.weight.mul_(1000)
    size = (3, network.spec.input_size, network.spec.input_size)
    with getattr(torchcam, method)(own, own.get_submodule(layer), input_shape=size) as extractor:
        scores = own(session.photo.clone().requires_grad_())
        (expected,) = extractor(CLASS, scores)
    found = to_one(session.attribute(key, Target(CLASS), layer).values)
    np.testing.assert_allclose(found, expected.numpy()[0], atol=1e-4 if key == "score-cam" else 5e-6)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(
    ("key", "method"),
    [
        ("grad-cam", "GradCAM"),
        ("grad-cam++", "GradCAMPlusPlus"),
        ("layer-cam", "LayerCAM"),
        ("xgrad-cam", "XGradCAM"),
        ("eigen-cam", "EigenCAM"),
        ("ablation-cam", "AblationCAM"),
    ],
)
def test_grad_cam(session, network, layer, key, method):
    if key == "ablation-cam" and layer not in ("conv1", "relu5"):
        pytest.skip("one forward pass a channel: two layers suffice")
    if key == "grad-cam++" and "relu" not in layer:
        pytest.skip("before a ReLU its weights divide by numbers near zero")
    own = fresh(network.spec.variant, seed=1).requires_grad_(True)
    own.fc8.weight.data.mul_(1000)
    module = own.get_submodule(layer)
    targets = [ClassifierOutputTarget(CLASS)]
    with getattr(theirs, method)(own, [module]) as cam:
        cam(session.photo.clone(), targets)
        hooked = cam.activations_and_grads
        gradients = [g.cpu().numpy() for g in hooked.gradients] or [None]
        activations = hooked.activations[0].cpu().numpy()
        expected = cam.get_cam_image(session.photo, module, targets, activations, gradients[0], False)[0]
    if key == "ablation-cam":  # theirs divides by the logit, also where it is negative; ours by its size
        expected = expected * np.sign(float(network(session.photo)[0, CLASS]))
    found = session.attribute(key, Target(CLASS), layer, {"rectify": False}).values
    if key == "eigen-cam" and np.sum(found * expected) < 0:  # an axis has no direction of its own
        expected = -expected
    tolerance = 1e-3 if key == "xgrad-cam" else 2e-5  # XGrad-CAM divides by sums, before a ReLU near zero
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def test_all_negative_maps_turn_blank_and_say_so():
    network = fresh()
    network.fc8.weight[0] = -network.fc8.weight[0].abs()  # class 0: everything speaks against it
    for name in ("fc7", "fc6"):
        network.get_submodule(name).weight.abs_()
    session = Session(network, photo())
    whole = session.attribute("grad-cam", Target(0), "relu5", {"rectify": False})
    assert (whole.values < 0).all()
    assert not whole.notes
    rectified = session.attribute("grad-cam", Target(0), "relu5")
    assert not rectified.values.any()
    assert "Negative everywhere" in rectified.notes[0]


def test_eigen_cam_does_not_know_the_class_and_points_to_activity(session):
    one, other = (session.attribute("eigen-cam", Target(i), "relu5").values for i in (1, 2))
    np.testing.assert_array_equal(one, other)
    activity = session.chain.outputs["relu5"][0].sum(0).numpy()
    whole = session.attribute("eigen-cam", Target(1), "relu5", {"rectify": False}).values
    assert np.corrcoef(whole.ravel(), activity.ravel())[0, 1] > 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_place_lies_where_its_gradient_comes_from(variant):
    """Brute force: with all weights alike and means for maxima, the middle of a place's gradient is the place."""
    network = build(NetworkSpec(variant, 5, 8)).eval().requires_grad_(False)
    for name, layer in network.named_children():
        if isinstance(layer, torch.nn.MaxPool2d):
            network.set_submodule(name, torch.nn.AvgPool2d(layer.kernel_size, layer.stride))
        for parameter in layer.parameters():
            parameter.fill_(1e-2)
    side = network.spec.input_size
    x = torch.ones(1, 3, side, side, requires_grad=True)
    outputs = network.record(x)
    session = Session(fresh(variant, size=side), photo("cat", side))
    for layer in LAYERS:
        left, step = session.attribute("grad-cam", Target(CLASS), layer).placement
        size = outputs[layer].shape[-1]
        for place in (size // 2 - 1, size // 2):
            value = outputs[layer][0, :, place, place].sum()
            (gradient,) = torch.autograd.grad(value, x, retain_graph=True)
            weight = gradient[0].sum((0, 1))
            middle = float((weight * (torch.arange(side) + 0.5)).sum() / weight.sum())
            assert left + (place + 0.5) * step == pytest.approx(middle, abs=0.02)
    assert session.attribute("saliency", Target(CLASS)).placement == (0, 1)
    assert session.attribute("guided-grad-cam", Target(CLASS)).placement == (0, 1)  # a layer's, but pixels
