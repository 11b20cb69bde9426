"""Numbers against Captum, called directly on a network of its own."""

import warnings

import numpy as np
import pytest
import torch
from captum import attr
from captum.attr._utils.lrp_rules import EpsilonRule

from alexnet_viz.attribution.baselines import normalised
from alexnet_viz.attribution.methods import METHODS
from alexnet_viz.attribution.session import Session
from alexnet_viz.attribution.targets import Target
from alexnet_viz.errors import AttributionError
from alexnet_viz.values import VARIANTS, Preprocessing
from tests.attribution.conftest import PAPER, fresh, photo

LAYERS = ("conv1", "relu3", "conv5", "pool5")
pytestmark = pytest.mark.filterwarnings("ignore:Setting (backward|forward, backward) hooks")  # Captum called directly


def black(x):
    return normalised(torch.zeros_like(x), Preprocessing())


def close(found, expected, tolerance=1e-5):
    expected = expected.detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max())


@pytest.fixture
def exact(network):
    """The network in float64, for methods that take the mean of many passes.

    In float32 some ReLU or pooling window of one of the passes stands so near to a tie that rounding decides it,
    otherwise on another processor, and the map moves by up to a hundredth. In float64 two right implementations agree
    to all digits of a float32. What float32 adds is bounded in test_chain.py.
    """
    return fresh(network.spec.variant).double()


def test_one_pass_methods(network, session, x):
    close(session.attribute("saliency", Target(3)).values, attr.Saliency(network).attribute(x, target=3)[0].sum(0))
    signed = attr.Saliency(network).attribute(x, target=3, abs=False)[0].sum(0)
    close(session.attribute("saliency", Target(3), settings={"absolute": False}).values, signed)
    expected = attr.InputXGradient(network).attribute(x, target=3)[0].sum(0)
    close(session.attribute("input-x-gradient", Target(3)).values, expected)


@pytest.mark.parametrize("layer", LAYERS)
def test_layer_methods(network, session, x, layer):
    module = network.get_submodule(layer)
    cam = attr.LayerGradCam(network, module)
    close(session.attribute("grad-cam", Target(3), layer, {"rectify": False}).values, cam.attribute(x, 3)[0, 0])
    rectified = cam.attribute(x, 3, relu_attributions=True)[0, 0]
    np.testing.assert_allclose(
        session.attribute("grad-cam", Target(3), layer).values, rectified.detach().numpy(), atol=1e-5
    )
    expected = attr.LayerGradientXActivation(network, module).attribute(x, 3)[0].sum(0)
    close(session.attribute("gradient-x-activation", Target(3), layer).values, expected)


def test_conductance_at_a_layer(network, session, x):
    found = session.attribute("conductance", Target(3), "conv5", {"steps": 5})
    own = fresh(network.spec.variant)
    expected = attr.LayerConductance(own, own.conv5).attribute(x, black(x.detach()), target=3, n_steps=5)
    close(found.values, expected[0].sum(0))


@pytest.mark.parametrize("kind", ["black", "mean"])
def test_integrated_gradients(exact, tensor, x, kind):
    found = Session(exact, tensor).attribute(
        "integrated-gradients", Target(3), settings={"steps": 20, "baseline": kind}
    )
    start = black(x.detach().double()) if kind == "black" else torch.zeros_like(x).double()
    expected, delta = attr.IntegratedGradients(exact).attribute(
        x.double(), start, target=3, n_steps=20, return_convergence_delta=True
    )
    close(found.values, expected[0].sum(0), 1e-6)
    assert found.checks["convergence delta"] == pytest.approx(float(delta), abs=1e-6)


@pytest.mark.parametrize("key", ["smoothgrad", "vargrad"])
def test_noisy_gradients_over_captums_saliency(exact, tensor, x, key):
    settings = {"samples": 28, "noise": 0.1, "seed": 4}
    found = Session(exact, tensor).attribute(key, Target(3), settings=settings).values
    draw = torch.Generator().manual_seed(4)
    x = x.detach().double().requires_grad_()
    deviation = 0.1 * float(x.detach().max() - x.detach().min())
    noise = torch.cat([torch.randn((size, *x.shape[1:]), generator=draw) for size in (25, 3)])
    saliency = attr.Saliency(exact)
    each = [saliency.attribute(x + deviation * one[None], target=3, abs=False)[0] for one in noise]
    each = torch.stack([one.detach() for one in each])
    expected = each.mean(0).abs() if key == "smoothgrad" else each.var(0, correction=0)
    close(found, expected.sum(0), 1e-6)


def test_gradient_shap_over_captums_gradients(exact, tensor, x):
    x = x.detach().double()
    found = Session(exact, tensor).attribute(
        "gradient-shap", Target(3), settings={"samples": 8, "noise": 0.05, "seed": 1}
    )
    draw = torch.Generator().manual_seed(1)
    start = black(x)
    noisy = x + 0.05 * float(x.max() - x.min()) * torch.randn((8, *x.shape[1:]), generator=draw)
    at = torch.lerp(start, noisy, torch.rand((8, 1, 1, 1), generator=draw).double()).requires_grad_()
    expected = (attr.Saliency(exact).attribute(at, target=3, abs=False) * (noisy - start)).mean(0).sum(0)
    close(found.values, expected, 1e-6)


@pytest.mark.parametrize(("key", "method"), [("guided-backprop", "GuidedBackprop"), ("deconvolution", "Deconvolution")])
def test_modified_ways_back(network, session, x, key, method):
    expected = getattr(attr, method)(fresh(network.spec.variant)).attribute(x, target=3)[0].sum(0)
    close(session.attribute(key, Target(3)).values, expected)


def test_guided_grad_cam(network, session, x):
    own = fresh(network.spec.variant)
    expected = attr.GuidedGradCam(own, own.conv5).attribute(x, target=3, interpolate_mode="bilinear")[0].sum(0)
    close(session.attribute("guided-grad-cam", Target(3), "conv5").values, expected)


def test_deeplift_by_captums_rule(network, session, x):
    found = session.attribute("deeplift", Target(3), settings={"rule": "captum"})
    expected = attr.DeepLift(fresh(network.spec.variant)).attribute(x, black(x.detach()), target=3)[0].sum(0)
    close(found.values, expected)


def test_deeplift_is_captums_where_captum_adds_up():
    """Pooling windows side by side, and no ReLU right before the pooling: either makes Captum's map miss its sum."""
    network, other = fresh(), fresh()
    for one in (network, other):
        for number in (1, 2, 5):
            one.get_submodule(f"pool{number}").stride = 3
            one.set_submodule(f"relu{number}", torch.nn.Identity())
    x = torch.from_numpy(photo().copy())[None].requires_grad_()
    found = Session(network, photo()).attribute("deeplift", Target(3))
    close(found.values, attr.DeepLift(other).attribute(x, black(x.detach()), target=3)[0].sum(0), 1e-4)


@pytest.mark.parametrize("target", [Target(3), Target.contrast(3, 5), Target.unit("fc6", 2)], ids=str)
@pytest.mark.parametrize("kind", ["black", "mean", "blur", "noise"])
def test_deeplift_adds_up_where_captums_does_not(session, target, kind):
    ours = session.attribute("deeplift", target, settings={"baseline": kind}).checks
    assert ours["missed"] < 1e-3  # of a change that may be small itself
    captums = session.attribute("deeplift", target, settings={"baseline": kind, "rule": "captum"}).checks
    assert captums["missed"] > 3 * ours["missed"]


def test_deeplift_shap_adds_up_and_is_deeplifts_mean(session, network, x):
    assert session.attribute("deeplift-shap", Target(3), settings={"samples": 4}).checks["missed"] < 1e-3
    found = session.attribute(
        "deeplift-shap", Target(3), settings={"samples": 3, "rule": "captum", "baselines": "noise"}
    )
    starts = normalised(torch.rand((3, *x.shape[1:]), generator=torch.Generator().manual_seed(0)), Preprocessing())
    expected = attr.DeepLiftShap(fresh(network.spec.variant)).attribute(x, starts, target=3)[0].sum(0)
    close(found.values, expected, 1e-4)


def test_integrated_gradients_converges(session):
    few, many = (
        session.attribute("integrated-gradients", Target(3), settings={"steps": steps, "baseline": "mean"}).checks
        for steps in (5, 300)
    )
    assert abs(many["convergence delta"]) < abs(few["convergence delta"]) / 3
    assert many["missed"] < 0.05


@pytest.mark.parametrize("variant", VARIANTS)
def test_maps_add_up_on_every_variant(variant):
    network = fresh(variant)
    session = Session(network, photo("coffee", network.spec.input_size))
    assert session.attribute("deeplift", Target(3)).checks["missed"] < 1e-3
    found = session.attribute("integrated-gradients", Target(3), settings={"steps": 150})
    assert found.checks["missed"] < 0.05
    start = black(session.photo)
    change = session.chain.outputs["fc8"][0, 3] - network(start)[0, 3]
    assert found.checks["target's change"] == pytest.approx(float(change), abs=1e-4)
    assert found.values.sum() == pytest.approx(float(change), rel=0.05)


@pytest.mark.parametrize("variant", [v for v in VARIANTS if v != "paper"])
def test_lrp(variant):
    tensor = photo()
    x = torch.from_numpy(tensor.copy())[None].requires_grad_()
    own = fresh(variant)
    own.flatten.rule = EpsilonRule()
    expected = attr.LRP(own).attribute(x, target=3)[0].sum(0).detach()
    session = Session(fresh(variant), tensor)
    close(session.attribute("lrp", Target(3)).values, expected, 1e-3)
    assert (
        np.abs(session.attribute("lrp", Target(3), settings={"rule": "composite"}).values - expected.numpy()).max() > 0
    )
    classes = [session.attribute("lrp", Target(i)).values for i in (3, 5)]
    contrast = session.attribute("lrp", Target.contrast(3, 5)).values
    close(contrast, torch.from_numpy(classes[0] - classes[1]), 1e-3)


def test_lrp_where_it_does_not_hold():
    with pytest.raises(AttributionError, match=r"no rule for response normalisation.*choose DeepLift"):
        Session(fresh("paper"), photo("cat", PAPER)).attribute("lrp", Target(3))
    assert any("response normalisation" in trap for trap in METHODS["lrp"].traps)


def test_captums_two_sentences_are_all_that_is_ignored(session):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        session.attribute("guided-backprop", Target(1))
        with pytest.raises(UserWarning, match="something else"):
            warnings.warn("something else", UserWarning, stacklevel=1)
