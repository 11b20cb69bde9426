"""Which classes a unit speaks for, against passes that are computed one by one."""

import numpy as np
import pytest

from alexnet_viz.inspection.lesion import Lesion, lesioned
from alexnet_viz.inspection.trace import trace
from alexnet_viz.units.votes import strongest_votes, votes_by_lesion, votes_by_weight


def photos_for(model, count=3):
    side = model.info.spec.input_size
    return np.random.default_rng(0).standard_normal((count, 3, side, side)).astype(np.float32)


@pytest.mark.parametrize(("layer", "unit"), [("conv1", 5), ("conv4", 7), ("fc6", 3)])
def test_a_units_votes_are_what_the_logits_lose_when_it_is_silenced(any_variant, layer, unit):
    photos = photos_for(any_variant)
    lost = []
    for photo in photos:
        before = trace(any_variant, photo)
        lost.append(before.outputs["fc8"] - lesioned(any_variant, before, Lesion(layer, (unit,))).outputs["fc8"])
    votes = votes_by_lesion(any_variant, layer, unit, photos)
    np.testing.assert_allclose(votes, np.mean(lost, axis=0), atol=1e-4 * np.abs(lost).max() + 1e-6)


def test_of_the_last_hidden_layer_the_weights_are_the_votes(any_variant):
    photos = photos_for(any_variant)
    outputs = [trace(any_variant, photo).outputs for photo in photos]
    values = np.array([max(0.0, output["fc7"][4]) for output in outputs])
    lost = [
        output["fc8"] - lesioned(any_variant, trace(any_variant, photo), Lesion("fc7", (4,))).outputs["fc8"]
        for photo, output in zip(photos, outputs, strict=True)
    ]
    votes = votes_by_weight(any_variant, 4)
    np.testing.assert_allclose(values[:, None] * votes, lost, atol=1e-5)


def test_the_loudest_for_come_first_and_the_loudest_against_last():
    assert strongest_votes(np.array([0.0, 3, -1, 5, -4, 1, 2, -2, -3])) == [3, 1, 6, 7, 8, 4]
    assert strongest_votes(np.array([0.0, 2, 0])) == [1]
    assert strongest_votes(np.zeros(4)) == []
