"""The networks themselves: parameter counts, torchvision's logits, the paper's normalisation, golden numbers."""

from dataclasses import asdict

import numpy as np
import pytest
import torch
import torchvision

from alexnet_viz.network.layers import LRN
from alexnet_viz.network.variants import build, from_torchvision, initialise
from alexnet_viz.values import VARIANTS, NetworkSpec

PARAMETERS = {"torchvision": 61_100_840, "paper": 60_965_224, "single-tower": 62_378_344}

# First logits of a seeded network on a fixed input; they change only when the arithmetic or the drawing does.
GOLDEN = {
    "torchvision": [-0.155769, 0.054117, 0.039518, -0.149753],
    "paper": [-0.00086, 0.196469, 0.104387, 0.027089],
    "single-tower": [0.037843, -0.050412, -0.07718, -0.068962],
}


def small(variant, seed=0, classes=10):
    return build(NetworkSpec(variant, num_classes=classes, fc_width=32), seed).eval()


@pytest.mark.parametrize("variant", VARIANTS)
def test_parameter_count(variant):
    with torch.device("meta"):
        network = build(NetworkSpec(variant))
    assert sum(p.numel() for p in network.parameters()) == PARAMETERS[variant]


def test_torchvision_variant_is_torchvisions():
    theirs = torchvision.models.alexnet(num_classes=13).eval()
    ours = build(NetworkSpec(num_classes=13)).eval()
    ours.load_state_dict(from_torchvision(theirs.state_dict()))
    x = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=1e-5)


def test_torchvisions_dropout_stands_where_theirs_does():
    theirs = torchvision.models.alexnet(num_classes=3).train()
    ours = build(NetworkSpec(num_classes=3)).train()
    ours.load_state_dict(from_torchvision(theirs.state_dict()))
    x = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        torch.manual_seed(5)
        expected = theirs(x)
        torch.manual_seed(5)
        torch.testing.assert_close(ours(x), expected, rtol=0, atol=1e-5)


def test_local_response_normalisation_is_the_papers_formula():
    """b_i = a_i / (k + α Σ_{j=i−n/2}^{i+n/2} a_j²)^β, n = 5, k = 2, α = 1e-4, β = 0.75."""
    a = np.random.default_rng(0).normal(0, 40, (12, 3, 4))
    expected = np.empty_like(a)
    for i in range(12):
        near = a[max(0, i - 2) : min(11, i + 2) + 1]
        expected[i] = a[i] / (2 + 1e-4 * (near**2).sum(axis=0)) ** 0.75
    found = torch.nn.LocalResponseNorm(**asdict(LRN))(torch.from_numpy(a)[None])[0].numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("layer", ["conv2", "conv4", "conv5"])
def test_the_papers_groups_do_not_see_each_other(layer):
    network = small("paper")
    module = network.get_submodule(layer)
    x = torch.randn(1, module.in_channels, 9, 9)
    with torch.inference_mode():
        before = module(x)
        x[:, : module.in_channels // 2] += 1
        after = module(x)
    half = module.out_channels // 2
    assert not torch.allclose(before[:, :half], after[:, :half])
    assert torch.equal(before[:, half:], after[:, half:])


@pytest.mark.parametrize("variant", VARIANTS)
def test_recording_keeps_every_output_and_conv1_has_negative_values(variant):
    network = small(variant)
    x = torch.randn(2, 3, network.spec.input_size, network.spec.input_size)
    with torch.inference_mode():
        recorded = network.record(x)
        assert list(recorded) == [name for name, _ in network.named_children()]
        assert torch.equal(recorded["fc8"], network(x))
        assert (recorded["conv1"] < 0).any()
        assert torch.equal(recorded["relu1"], recorded["conv1"].clamp(min=0))
        assert list(network.record(x, upto="pool2"))[-1] == "pool2"


@pytest.mark.parametrize("variant", VARIANTS)
def test_seeded_networks_answer_as_recorded(variant):
    network = small(variant, seed=7)
    size = network.spec.input_size
    x = torch.sin(torch.arange(3 * size * size, dtype=torch.float32) / 97).reshape(1, 3, size, size) * 2
    with torch.inference_mode():
        logits = network(x)[0]
    torch.testing.assert_close(logits[:4].tolist(), GOLDEN[variant], rtol=0, atol=2e-5)


def test_the_same_seed_draws_the_same_weights_whatever_else_is_drawn():
    first = small("torchvision", seed=1).state_dict()
    torch.rand(5)
    second = small("torchvision", seed=1).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not torch.equal(first["conv1.weight"], small("torchvision", seed=2).state_dict()["conv1.weight"])


def test_the_papers_initialisation():
    network = small("paper")
    initialise(network, seed=0, scheme="paper")
    assert network.conv3.weight.std().item() == pytest.approx(0.01, rel=0.01)
    ones = {
        name
        for name, layer in network.named_children()
        if getattr(layer, "bias", None) is not None and torch.equal(layer.bias, torch.ones_like(layer.bias))
    }
    assert ones == {"conv2", "conv4", "conv5", "fc6", "fc7"}
    assert not network.conv1.bias.any()
    assert not network.fc8.bias.any()
