"""The quiz: its questions have a right answer, and its score an interval."""

import numpy as np
import pytest

from alexnet_viz.errors import UnitError
from alexnet_viz.units.quiz import interval, trials
from alexnet_viz.values import Exemplars, LayerExemplars, Ranking


def found(units=50, photos=30, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((units, photos)).astype(np.float32)

    def ranking(sign):
        order = np.argsort(-sign * values, axis=1)[:, :9]
        cells = rng.integers(0, 100, order.shape).astype(np.int32)
        return Ranking(np.take_along_axis(values, order, 1), order.astype(np.int32), cells)

    layer = LayerExemplars({"most": ranking(1), "least": ranking(-1)}, np.zeros((units, 0), np.float32))
    vectors = [np.zeros((photos, 1), np.float16)] * 3
    empty = np.zeros(photos, np.int32), *vectors, np.zeros((photos, 32, 32, 3), np.uint8)
    return Exemplars({"conv5": layer}, np.zeros(0, np.int64), *empty, done=photos, total=photos)


def test_the_right_choice_is_the_one_with_the_larger_value_and_no_reference_gives_it_away():
    drawn = trials(found(), "conv5", seed=3)
    assert len(drawn) == 20
    assert len({trial.unit for trial in drawn}) == 20
    assert {trial.right for trial in drawn} == {0, 1}
    for trial in drawn:
        assert trial.choices[trial.right].value > trial.choices[1 - trial.right].value
        shown = {place.photo for place in trial.references}
        assert shown.isdisjoint({place.photo for place in trial.choices})
        assert all(place.value <= trial.choices[trial.right].value for place in trial.references)


def test_the_same_seed_draws_the_same_questions_and_another_draws_others():
    assert trials(found(), "conv5", seed=3) == trials(found(), "conv5", seed=3)
    assert trials(found(), "conv5", seed=3) != trials(found(), "conv5", seed=4)


def test_a_small_layer_has_as_many_questions_as_units():
    assert len(trials(found(units=7), "conv5", seed=0)) == 7


def test_of_one_photo_nothing_can_be_asked():
    with pytest.raises(UnitError, match="too few for a quiz"):
        trials(found(photos=1), "conv5", seed=0)


@pytest.mark.parametrize(("right", "total"), [(0, 20), (20, 20), (10, 20), (1, 1)])
def test_an_interval_holds_the_share_and_stays_between_0_and_1(right, total):
    low, high = interval(right, total)
    rounding = 1e-12
    assert 0 <= low <= right / total + rounding
    assert right / total - rounding <= high <= 1
    assert low < high
