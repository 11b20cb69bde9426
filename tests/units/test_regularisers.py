import torch

from alexnet_viz.units import regularisers


def test_gradients_are_those_of_the_formulas():
    x = torch.rand((2, 3, 9, 9), generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    variation = sum(x.diff(dim=axis).square().sum() for axis in (2, 3)) / 2
    assert torch.allclose(regularisers.total_variation(x.detach()), torch.autograd.grad(variation, x)[0])
    assert torch.allclose(regularisers.l2(x.detach()), torch.autograd.grad((x - 0.5).square().sum(), x)[0])
