"""Measures of a unit's exemplars, on cases that can be worked out by hand."""

import numpy as np
import pytest

from alexnet_viz.units.selectivity import class_selectivity, similarity
from alexnet_viz.values import Exemplars, LayerExemplars


def found(sums, counts):
    layer = LayerExemplars({}, np.array([sums], np.float32))
    empty = np.zeros(1, np.int32), *[np.zeros((1, 1), np.float16)] * 3, np.zeros((1, 32, 32, 3), np.uint8)
    return Exemplars({"conv1": layer}, np.array(counts), *empty, done=1, total=1)


def test_a_unit_of_one_class_alone_has_selectivity_1():
    result = class_selectivity(found([0, 6, 0], [4, 2, 3]), "conv1", 0)
    assert result.index == 1
    assert result.strongest[0] == (1, 3.0)


def test_a_unit_alike_for_all_classes_has_selectivity_0():
    assert class_selectivity(found([4, 2, 3], [4, 2, 3]), "conv1", 0).index == 0
    assert class_selectivity(found([0, 0], [1, 1]), "conv1", 0).index == 0


def test_classes_without_a_photo_do_not_count():
    result = class_selectivity(found([6, 0, 4], [2, 0, 4]), "conv1", 0)  # means 3 and 1
    assert result.index == pytest.approx((3 - 1) / (3 + 1))
    assert result.strongest == ((0, 3.0), (2, 1.0))
    assert class_selectivity(found([6, 0], [2, 0]), "conv1", 0) is None


def test_similarity_is_the_mean_cosine_of_pairs():
    assert similarity(np.array([[1, 0], [2, 0], [5, 0]])) == pytest.approx(1)
    assert similarity(np.array([[1, 0], [0, 3]])) == 0
    assert similarity(np.array([[1, 0], [1, 1], [0, 1]])) == pytest.approx((0.5**0.5 + 0 + 0.5**0.5) / 3)
    assert similarity(np.array([[1, 0], [0, 0]])) is None
