import numpy as np
import pytest

from alexnet_viz.errors import UnitError
from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.images.samples import sample
from alexnet_viz.inspection.trace import trace
from alexnet_viz.network.keys import CONVOLUTIONS, FULLY_CONNECTED
from alexnet_viz.units.choices import Choices
from alexnet_viz.units.inversion import invert, inverted
from tests.units.conftest import values_of


@pytest.fixture(scope="module")
def cat(bundled):
    return preprocess(decode(*sample("cat")), bundled.info.preprocessing)


def test_the_error_falls_and_is_the_one_that_the_whole_network_gives(bundled, cat):
    found = list(invert(bundled, cat.pixels, "conv3", Choices(steps=24), every=12))
    assert [one.step for one in found] == [0, 12, 24]
    assert found[0].error == found[-1].start
    assert found[-1].error < found[1].error < found[0].error
    own, seen = (trace(bundled, x).outputs["conv3"] for x in (cat.tensor, values_of(bundled, found[-1].pixels)))
    assert found[-1].error == pytest.approx(np.linalg.norm(seen - own) / np.linalg.norm(own), rel=1e-3)
    assert found[-1].gain == pytest.approx(np.linalg.norm(seen) / np.linalg.norm(own), rel=1e-3)


@pytest.mark.parametrize("layer", ["conv2", "conv3", "conv5"])
def test_frequencies_come_nearer_than_plain_pixels_in_as_many_steps(bundled, cat, layer):
    fourier, pixels = (
        inverted(bundled, cat.pixels, layer, Choices(parameterisation=kind, steps=24)) for kind in ("fourier", "pixels")
    )
    assert fourier.error < pixels.error


def test_a_caricature_exaggerates_and_a_dream_does_more(bundled, cat):
    plain, more, dream = (
        inverted(bundled, cat.pixels, "conv4", Choices(steps=20), manner)
        for manner in ("inversion", "caricature", "dream")
    )
    assert plain.gain < more.gain < dream.gain
    assert plain.gain == pytest.approx(1, abs=0.3)


def test_every_variant_and_layer(any_variant):
    side = any_variant.info.spec.input_size
    photo = preprocess(decode(*sample("flower")), any_variant.info.preprocessing).pixels
    assert photo.shape == (side, side, 3)
    for layer in (*CONVOLUTIONS, *FULLY_CONNECTED):
        found = inverted(any_variant, photo, layer, Choices(steps=6))
        assert found.error < found.start
    for layer, shape, says in (("relu1", photo, "no units in a layer"), ("conv1", photo[:9], "pixels: prepare")):
        with pytest.raises(UnitError, match=says):
            inverted(any_variant, shape, layer)
