"""The arithmetic of shapes, against real modules and the published numbers."""

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from alexnet_viz.errors import ShapeError
from alexnet_viz.network.layers import chain, formulas, output_side, smallest_input, steps
from alexnet_viz.network.variants import AlexNet
from alexnet_viz.values import VARIANTS, NetworkSpec

SHAPES = {
    "torchvision": {
        "conv1": (64, 55, 55),
        "pool1": (64, 27, 27),
        "conv2": (192, 27, 27),
        "pool2": (192, 13, 13),
        "conv3": (384, 13, 13),
        "conv4": (256, 13, 13),
        "conv5": (256, 13, 13),
        "pool5": (256, 6, 6),
        "avgpool": (256, 6, 6),
        "flatten": (9216,),
        "fc6": (4096,),
        "fc7": (4096,),
        "fc8": (1000,),
    },
    "paper": {
        "conv1": (96, 55, 55),
        "norm1": (96, 55, 55),
        "pool1": (96, 27, 27),
        "conv2": (256, 27, 27),
        "norm2": (256, 27, 27),
        "pool2": (256, 13, 13),
        "conv3": (384, 13, 13),
        "conv4": (384, 13, 13),
        "conv5": (256, 13, 13),
        "pool5": (256, 6, 6),
        "flatten": (9216,),
        "fc6": (4096,),
        "fc8": (1000,),
    },
    "single-tower": {
        "conv1": (96, 55, 55),
        "pool1": (96, 27, 27),
        "conv2": (256, 27, 27),
        "pool2": (256, 13, 13),
        "conv3": (384, 13, 13),
        "conv4": (384, 13, 13),
        "conv5": (256, 13, 13),
        "pool5": (256, 6, 6),
        "flatten": (9216,),
        "fc6": (4096,),
        "fc7": (4096,),
        "fc8": (1000,),
    },
}

ORDER = {
    "torchvision": "conv1 relu1 pool1 conv2 relu2 pool2 conv3 relu3 conv4 relu4 conv5 relu5 pool5 avgpool flatten "
    "drop5 fc6 relu6 drop6 fc7 relu7 fc8",
    "paper": "conv1 relu1 norm1 pool1 conv2 relu2 norm2 pool2 conv3 relu3 conv4 relu4 conv5 relu5 pool5 flatten "
    "fc6 relu6 drop6 fc7 relu7 drop7 fc8",
    "single-tower": "conv1 relu1 pool1 conv2 relu2 pool2 conv3 relu3 conv4 relu4 conv5 relu5 pool5 flatten "
    "fc6 relu6 drop6 fc7 relu7 drop7 fc8",
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_layers_carry_the_fields_names_in_order(variant):
    assert [layer.name for layer in chain(NetworkSpec(variant))] == ORDER[variant].split()


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_shape_at_the_variants_own_size(variant):
    found = {step.layer.name: step.output for step in steps(NetworkSpec(variant))}
    assert {name: found[name] for name in SHAPES[variant]} == SHAPES[variant]


def test_single_tower_runs_at_227_without_padding_too():
    spec = NetworkSpec("single-tower", input_size=227, conv1_padding=0)
    assert next(s.output for s in steps(spec) if s.layer.name == "pool5") == (256, 6, 6)


def test_receptive_fields_and_jumps_are_the_published_ones():
    """Araujo, Norris, Sim 2019: pool5 of AlexNet sees 195 pixels, stride 32."""
    found = {step.layer.name: (step.receptive_field, step.jump) for step in steps(NetworkSpec("paper"))}
    expected = {"conv1": (11, 4), "pool1": (19, 8), "conv2": (51, 8), "pool2": (67, 16), "conv3": (99, 16)}
    expected |= {"conv4": (131, 16), "conv5": (163, 16), "pool5": (195, 32), "fc6": (355, 32), "fc8": (355, 32)}
    assert {name: found[name] for name in expected} == expected


@settings(max_examples=60, deadline=None)
@given(
    variant=st.sampled_from(VARIANTS),
    size=st.integers(20, 420),
    padding=st.integers(0, 5),
    classes=st.integers(1, 30),
    width=st.integers(1, 64),
)
def test_arithmetic_agrees_with_real_modules(variant, size, padding, classes, width):
    spec = NetworkSpec(variant, classes, width, size, padding)
    if size < smallest_input(spec):
        with pytest.raises(ShapeError, match=f"Use at least {smallest_input(spec)} pixels"):
            steps(spec)
        return
    with torch.device("meta"):
        recorded = AlexNet(spec).eval().record(torch.empty(2, 3, size, size))
    assert {s.layer.name: s.output for s in steps(spec)} == {k: tuple(v.shape[1:]) for k, v in recorded.items()}


@settings(deadline=None)
@given(n=st.integers(1, 60), k=st.integers(1, 13), s=st.integers(1, 5), p=st.integers(0, 6))
def test_output_side_agrees_with_conv2d(n, k, s, p):
    if n + 2 * p < k:
        assert output_side(n, k, s, p) < 1
        return
    with torch.device("meta"):
        side = torch.nn.Conv2d(1, 1, k, s, p)(torch.empty(1, 1, n, n)).shape[-1]
    assert output_side(n, k, s, p) == side


def test_smallest_input_is_the_edge():
    for variant in VARIANTS:
        spec = NetworkSpec(variant)
        least = smallest_input(spec)
        steps(dataclasses.replace(spec, input_size=least))
        with pytest.raises(ShapeError, match=r"at (conv|pool)"):
            steps(dataclasses.replace(spec, input_size=least - 1))


def test_the_layer_at_which_the_map_vanishes_is_named():
    with pytest.raises(ShapeError, match="at conv1 the map of 6×6"):
        steps(NetworkSpec("paper", input_size=6))


def test_conv1s_formula_has_its_numbers_put_in():
    side, params, macs = formulas(steps(NetworkSpec())[0])
    assert "⌊(224 + 2·2 − 11)/4⌋ + 1 = 55" in side
    assert params.endswith("= 23,296")
    assert macs.endswith("= 70,276,800")


@pytest.mark.parametrize(
    "wrong",
    [{"variant": "resnet"}, {"num_classes": 0}, {"fc_width": 2.5}, {"input_size": -1}, {"dropout": 1.0}],
)
def test_a_spec_no_alexnet_can_have_is_refused(wrong):
    with pytest.raises(ShapeError):
        NetworkSpec(**wrong)
