import numpy as np
import pytest
import torch

from alexnet_viz.inspection.fields import box
from alexnet_viz.inspection.trace import trace
from alexnet_viz.units.canvas import canvas_of, outputs_to, pooled
from alexnet_viz.values import NetworkSpec


@pytest.mark.parametrize("layer", ["conv1", "conv2", "conv3", "conv4", "conv5"])
def test_a_units_canvas_gives_the_number_that_the_whole_network_gives(any_variant, layer):
    """The receptive field cut out of a photo and nothing else, for a unit that sees no padding."""
    spec = any_variant.info.spec
    photo = np.random.default_rng(0).standard_normal((3, spec.input_size, spec.input_size)).astype(np.float32)
    whole = trace(any_variant, photo).outputs[layer]
    canvas = canvas_of(spec, layer)
    middle = whole.shape[1] // 2
    left, top, right, bottom = box(spec, layer, middle, middle)
    assert (right - left, bottom - top) == (canvas.side, canvas.side)
    patch = torch.from_numpy(photo[None, :, top:bottom, left:right].copy())
    output, _ = outputs_to(any_variant.network, patch, canvas)
    assert output.shape[2:] == (1, 1)
    expected = whole[:, middle, middle]
    # sums of up to 3,456 products in another order
    np.testing.assert_allclose(pooled(output, False)[0], expected, atol=1e-4 * np.abs(expected).max())


def test_where_a_unit_sees_more_than_the_input_its_canvas_is_the_input():
    canvas = canvas_of(NetworkSpec(input_size=96), "conv5")
    assert (canvas.side, canvas.padded) == (96, True)
    assert canvas_of(NetworkSpec(), "fc8").side == 224
    assert canvas_of(NetworkSpec(), "conv3", whole=True, size=160).side == 160
