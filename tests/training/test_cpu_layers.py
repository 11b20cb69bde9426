"""The layers for a CPU against PyTorch's."""

import pytest
import torch
from torch import nn

from alexnet_viz.network.variants import build
from alexnet_viz.training.cpu_layers import AvgPool, Dropout, FirstConv, for_cpu
from alexnet_viz.values import NetworkSpec


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_it_is_the_layer_that_it_stands_for(layout, precision):
    torch.manual_seed(0)
    plain = nn.Conv2d(3, 16, 11, 4, 2)
    x = torch.randn(4, 3, 67, 67).contiguous(memory_format=layout)
    found = []
    for layer in (plain, FirstConv(plain)):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
            out = layer(x)
        out.float().square().mean().backward()
        found.append([out.detach(), plain.weight.grad, plain.bias.grad])
        plain.zero_grad()
    (out, *gradients), (own, *own_gradients) = found
    assert out.dtype == own.dtype == precision
    assert torch.equal(out, own)
    assert all(g.dtype == torch.float32 for g in own_gradients)
    close = {"rtol": 1e-4, "atol": 1e-6} if precision == torch.float32 else {"rtol": 0.02, "atol": 1e-3}
    for expected, got in zip(gradients, own_gradients, strict=True):
        torch.testing.assert_close(got, expected, **close)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dropout_zeroes_its_share_and_scales_the_rest(dtype):
    torch.manual_seed(0)
    x = torch.full((64, 4096), 3.0, dtype=dtype, requires_grad=True)
    layer = Dropout(0.2)
    out = layer(x)
    assert out.dtype == dtype
    zero = out == 0
    assert zero.float().mean() == pytest.approx(0.2, abs=0.005)
    torch.testing.assert_close(out[~zero], torch.full_like(out[~zero], 3 / 0.8), rtol=0.01, atol=0)
    out.sum().backward()
    assert torch.equal(x.grad == 0, zero)
    assert torch.equal(layer.eval()(x), x)


@pytest.mark.parametrize("side", [4, 6, 13])
def test_average_pooling_is_pytorchs(side):
    x = torch.randn(2, 8, side, side).contiguous(memory_format=torch.channels_last)
    assert torch.equal(AvgPool(6)(x), nn.AdaptiveAvgPool2d(6)(x))


@pytest.mark.parametrize("variant", ["torchvision", "paper"])
def test_a_network_with_them_answers_as_before_and_keeps_its_parameters(variant):
    plain, own = (build(NetworkSpec(variant, num_classes=4, input_size=96, fc_width=32), seed=0) for _ in range(2))
    for_cpu(own)
    x = torch.randn(2, 3, 96, 96)
    assert torch.equal(plain.eval()(x), own.eval()(x))
    assert list(plain.state_dict()) == list(own.state_dict())
    assert [type(layer).__mro__[1] for layer in own.children() if isinstance(layer, Dropout)] == [nn.Dropout] * 2
