"""Batch normalisation, folded away: what is kept is a plain AlexNet that answers the same."""

import pytest
import torch

from alexnet_viz.network.variants import build
from alexnet_viz.training import batch_norm
from alexnet_viz.values import VARIANTS, NetworkSpec


@pytest.mark.parametrize("variant", VARIANTS)
def test_folded_weights_answer_as_the_normalised_network(variant):
    spec = NetworkSpec(variant, num_classes=10, fc_width=32)
    network, plain = build(spec, seed=0), build(spec)
    batch_norm.insert(network)
    draw = torch.Generator().manual_seed(1)
    network.train()
    with torch.no_grad():
        for layer in network:
            if isinstance(layer, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
                layer.weight.uniform_(-1.5, 1.5, generator=draw)
                layer.bias.uniform_(-1, 1, generator=draw)
        network(torch.randn(8, 3, spec.input_size, spec.input_size, generator=draw))  # moves the running statistics
    plain.load_state_dict(batch_norm.folded(network))
    x = torch.randn(2, 3, spec.input_size, spec.input_size, generator=draw)
    with torch.inference_mode():
        torch.testing.assert_close(plain.eval()(x), network.eval()(x), rtol=1e-4, atol=1e-4)


def test_without_any_norm_the_weights_are_the_networks_own():
    network = build(NetworkSpec(num_classes=2, fc_width=4), seed=0)
    state = batch_norm.folded(network)
    assert all(torch.equal(state[key], value) for key, value in network.state_dict().items())
    assert list(state) == list(network.state_dict())


def test_calibrated_it_changes_nothing_until_it_is_trained():
    network = build(NetworkSpec(num_classes=5, fc_width=16, input_size=96), seed=0)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    batch_norm.insert(network)
    x = torch.randn(16, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    batch_norm.calibrate(network, x)
    assert network.conv1.weight.norm().item() == pytest.approx(128**0.5)  # as long as fresh ones
    after = batch_norm.folded(network)
    for key, value in before.items():
        torch.testing.assert_close(after[key], value, rtol=1e-5, atol=1e-6)
    network.train()
    for layer in network:
        if isinstance(layer, torch.nn.Dropout):
            layer.p = 0.0
    plain = build(NetworkSpec(num_classes=5, fc_width=16, input_size=96))
    plain.load_state_dict(before)
    with torch.inference_mode():  # the very photos it was calibrated on, in training mode
        torch.testing.assert_close(network(x), plain.eval()(x), rtol=1e-4, atol=1e-5)
