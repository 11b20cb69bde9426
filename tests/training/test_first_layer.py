"""conv1's own gradient against PyTorch's."""

import pytest
import torch
from torch import nn

from alexnet_viz.training.first_layer import FirstConv


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
