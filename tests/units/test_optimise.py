import numpy as np
import pytest
import torch

from alexnet_viz.errors import SettingError, UnitError
from alexnet_viz.units.choices import Choices
from alexnet_viz.units.objectives import channel, class_logit, direction, unit
from alexnet_viz.units.optimise import optimise, optimised
from alexnet_viz.values import NetworkSpec
from tests.units.conftest import model_of

FEW = Choices(steps=24)


def grating(angle: float, period: float) -> np.ndarray:
    y, x = np.mgrid[:11, :11] - 5.0
    return np.cos(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period)


@pytest.mark.parametrize("parameterisation", ["fourier", "pixels"])
def test_the_picture_of_a_grating_is_that_grating(parameterisation):
    model = model_of(NetworkSpec(num_classes=2, fc_width=4))
    filters = [grating(angle, 5) for angle in (0.0, 0.8, 2.0)]
    for i, one in enumerate(filters):
        model.network.get_parameter("conv1.weight").data[i] = torch.from_numpy(one).float()
    choices = Choices(parameterisation=parameterisation, steps=64, rotate=0, scale=0, jitter=0)
    made = optimised(model, [unit("conv1", i) for i in range(3)], choices)
    for i, one in enumerate(filters):
        grey = made.pixels[i].mean(2)
        assert (
            np.corrcoef(grey.ravel(), one.ravel())[0, 1] > 0.85
        )  # the sigmoid clips a cosine, which costs up to a tenth


@pytest.mark.parametrize("layer", ["conv2", "conv3", "conv5"])
def test_trained_units_are_driven_further_than_by_noise(bundled, layer):
    """Of eight units all, by more than by any of 32 pictures of noise."""
    units = [unit(layer, i) for i in range(8)]
    made = optimised(bundled, units, FEW)
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (32, *made.pixels.shape[1:]), np.uint8)
    best = np.max([values_on(bundled, units, picture) for picture in noise], axis=0)
    assert (made.values > best).all()
    assert (made.values > made.start).all()


def values_on(model, units, picture):
    from alexnet_viz.units.canvas import canvas_of, from_uint8, outputs_to, pooled, prepared

    canvas = canvas_of(model.info.spec, units[0].layer)
    x = prepared(from_uint8(torch.from_numpy(picture)[None]), model.info.preprocessing)
    row = pooled(outputs_to(model.network, x, canvas)[0], units[0].whole)[0]
    return [float(row[one.terms[0][0]] * one.terms[0][1]) for one in units]


def test_values_belong_to_the_pixels_that_are_shown(bundled):
    made = optimised(bundled, [unit("conv3", 5), -unit("conv3", 5)], FEW)
    for i, one in enumerate([unit("conv3", 5), -unit("conv3", 5)]):
        assert made.values[i] == pytest.approx(values_on(bundled, [one], made.pixels[i])[0], rel=1e-3)
    assert made.values[1] > 0  # the negative picture brings the unit below zero
    assert made.names == ("conv3, unit 5", "against conv3, unit 5")


@pytest.mark.parametrize("parameterisation", ["fourier", "maco", "pixels"])
def test_the_same_seed_gives_the_same_picture(bundled, parameterisation):
    choices = Choices(parameterisation=parameterisation, steps=4)
    one, again = (optimised(bundled, [unit("conv2", 3)], choices) for _ in range(2))
    assert (one.pixels == again.pixels).all()
    other = optimised(bundled, [unit("conv2", 3)], Choices(parameterisation=parameterisation, steps=4, seed=1))
    assert (one.pixels != other.pixels).any()
    batch = optimised(bundled, [unit("conv2", 9), unit("conv2", 3)], choices)
    # a batch's convolutions add up in another order
    assert np.abs(batch.pixels[1].astype(int) - one.pixels[0]).mean() < 2


def test_several_of_one_unit_are_different(bundled):
    four = optimised(bundled, [unit("conv4", 7)] * 3, FEW).pixels.reshape(3, -1)
    assert (np.corrcoef(four) - np.eye(3)).max() < 0.9


def test_pictures_are_seen_as_they_form_and_can_be_stopped(bundled):
    seen = []
    for picture in optimise(bundled, [unit("conv2", 0)], Choices(steps=20), every=5):
        seen.append(picture.step)
        if picture.step == 10:
            break
    assert seen == [0, 5, 10]
    steps = [p.step for p in optimise(bundled, [unit("conv1", 0)], Choices(steps=7), every=5)]
    assert steps == [0, 5, 7]


@pytest.mark.parametrize(
    "objective", [unit("conv2", 1), channel("conv3", 1), unit("fc6", 3), class_logit(6), direction("conv4", [1, -1])]
)
def test_every_variant_and_objective(any_variant, objective):
    made = optimised(any_variant, [objective], Choices(steps=3, tv=0.1, l2=0.1))
    assert made.values[0] > made.start[0]
    assert made.pixels.dtype == np.uint8


def test_preparation_is_respected():
    """The same weights on colours of another scale: the picture is found in theirs."""
    caffe = model_of(NetworkSpec(num_classes=2, fc_width=4), mean=(0.48, 0.46, 0.41), std=(1 / 255,) * 3)
    made = optimised(caffe, [unit("conv1", 0)], FEW)
    weight = caffe.network.get_parameter("conv1.weight")[0].numpy()
    x = (made.pixels[0].transpose(2, 0, 1) / 255 - np.array([0.48, 0.46, 0.41])[:, None, None]) * 255
    assert made.values[0] == pytest.approx(float((x * weight).sum()), rel=1e-3)


def test_bad_questions_are_one_sentence(bundled):
    model = model_of(NetworkSpec(num_classes=2, fc_width=4))
    model.network.get_parameter("conv2.weight").data[5] = 0
    with pytest.raises(UnitError, match="conv2, unit 5 is dead"):
        optimised(model, [unit("conv2", 5)])
    with pytest.raises(UnitError, match="one layer"):
        optimised(model, [unit("conv2", 1), unit("conv3", 1)])
    with pytest.raises(UnitError, match="no unit"):
        optimised(model, [])
    with pytest.raises(SettingError, match="steps must be"):
        Choices(steps=0)
    with pytest.raises(SettingError, match="no setting"):
        Choices.of({"step": 3})


def test_the_network_is_left_as_it_was(bundled):
    before = {name: value.clone() for name, value in bundled.network.named_parameters()}
    optimised(bundled, [unit("conv2", 0)], Choices(steps=2))
    for name, value in bundled.network.named_parameters():
        assert torch.equal(value, before[name])
        assert not value.requires_grad
        assert value.grad is None
    assert not any(module._forward_hooks or module._backward_hooks for module in bundled.network.modules())
