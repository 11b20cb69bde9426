import numpy as np
import pytest

from alexnet_viz.errors import UnitError
from alexnet_viz.units.objectives import channel, class_logit, direction, interpolation, parse, unit
from alexnet_viz.values import NetworkSpec


def test_objectives_are_weights_over_channels():
    assert unit("conv1", 2).weights(4).tolist() == [0, 0, 1, 0]
    assert (-unit("conv1", 2)).weights(4).tolist() == [0, 0, -1, 0]
    assert interpolation(unit("conv1", 0), unit("conv1", 3), 0.25).weights(4).tolist() == [0.75, 0, 0, 0.25]
    assert np.allclose(direction("conv1", [3, 0, 4]).weights(3), [0.6, 0, 0.8])
    assert channel("conv1", 2).whole
    assert class_logit(3) == unit("fc8", 3)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: parse("conv5"), "LAYER:CHANNEL"),
        (lambda: parse("conv5:x"), "LAYER:CHANNEL"),
        (lambda: unit("conv5", 256).check(NetworkSpec()), "conv5 has no channel 256: choose 0 to 255"),
        (lambda: class_logit(7).check(NetworkSpec(num_classes=7)), "fc8 has no class 7: choose 0 to 6"),
        (lambda: unit("relu5", 1).check(NetworkSpec()), "choose one of conv1, conv2"),
        (lambda: direction("conv1", [0, 0]), "not all zero"),
        (lambda: direction("conv1", [np.nan, 1]), "finite"),
        (lambda: interpolation(unit("conv1", 0), unit("conv2", 0), 0.5), "not of one layer"),
    ],
)
def test_what_is_not_there_is_one_sentence(make, says):
    with pytest.raises(UnitError, match=says):
        make()
