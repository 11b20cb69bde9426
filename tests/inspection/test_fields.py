"""Receptive fields against a brute-force gradient of the very network."""

import numpy as np
import pytest
import torch

from alexnet_viz.inspection.fields import box, placement, window
from alexnet_viz.network.layers import steps
from alexnet_viz.network.variants import build
from alexnet_viz.values import VARIANTS, NetworkSpec

SIZES = [(variant, None) for variant in VARIANTS] + [("torchvision", 250)]  # 250: unequal windows of avgpool


def open_network(spec):
    """A network in which every value depends on all that it reads: weights of one, the mean in place of the maximum."""
    network = build(spec).double()
    for name, layer in network.named_children():
        if isinstance(layer, torch.nn.MaxPool2d):
            setattr(network, name, torch.nn.AvgPool2d(layer.kernel_size, layer.stride))
        for parameter in layer.parameters():
            parameter.data.fill_(1e-3)
    return network.eval()


@pytest.mark.parametrize(("variant", "size"), SIZES)
def test_boxes_are_where_the_gradient_is(variant, size):
    spec = NetworkSpec(variant, num_classes=2, fc_width=3, input_size=size)
    rng = np.random.default_rng(4)
    network = open_network(spec)
    photo = torch.ones(1, 3, spec.input_size, spec.input_size, dtype=torch.double, requires_grad=True)
    outputs = network.record(photo)
    for step in steps(spec):
        output = outputs[step.layer.name][0]
        places = [(0, 0), (output.shape[-1] - 1, 0)] if output.dim() == 3 else []
        places = [*places, *(tuple(int(rng.integers(n)) for n in output.shape[1:]) for _ in range(2))]
        for place in places:
            unit = int(rng.integers(len(output)))
            (gradient,) = torch.autograd.grad(output[(unit, *place)], photo, retain_graph=True)
            rows, columns = (gradient[0].abs().sum((0, axis)).nonzero().flatten() for axis in (2, 1))
            seen = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
            assert box(spec, step.layer.name, *place, unit=unit) == seen, (step.layer.name, place, unit)


def test_a_window_reaches_into_the_padding():
    conv1 = steps(NetworkSpec())[0]
    assert window(conv1, 0) == (-2, 8)
    assert window(conv1, 54) == (214, 224)


@pytest.mark.parametrize(("variant", "size"), SIZES)
def test_a_map_is_laid_around_the_middles_of_its_fields(variant, size):
    spec = NetworkSpec(variant, input_size=size)
    for step in steps(spec):
        if len(step.output) < 3 or (size and step.layer.kind == "avgpool"):
            continue
        left, edge = placement(spec, step.layer.name)
        sees = [box(spec, step.layer.name, i, i)[::2] for i in range(step.output[1])]
        whole = [(i, first, end) for i, (first, end) in enumerate(sees) if end - first == step.receptive_field]
        for i, first, end in whole:  # what is not cut off
            assert left + (i + 0.5) * edge == pytest.approx((first + end) / 2)
        assert whole or step.receptive_field > spec.input_size * 0.7
        assert edge == step.jump
