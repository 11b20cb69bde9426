"""The pictures of what a network gets wrong."""

import numpy as np
import pytest

from alexnet_viz.figures.results import accuracy_bars, confusion_matrix, neighbours, worst


def test_right_answers_and_mistakes_have_a_colour_of_their_own():
    right, wrong = confusion_matrix(np.array([[3, 1], [0, 4]]), ("a", "b")).data
    np.testing.assert_array_equal(right.z, [[0.75, np.nan], [np.nan, 1.0]])
    np.testing.assert_array_equal(wrong.z, [[np.nan, 0.25], [0.0, np.nan]])
    assert wrong.customdata[0][1] == 1


@pytest.mark.parametrize(("classes", "numbers"), [(14, True), (100, False)])
def test_many_classes_lose_their_numbers_and_keep_their_names(classes, numbers):
    counts = np.full((classes, classes), 2)
    figure = confusion_matrix(counts, tuple(f"class {i}" for i in range(classes)))
    assert bool(figure.layout.annotations) == numbers
    assert len(figure.layout.yaxis.ticktext) == classes
    assert figure.layout.height >= 12 * classes


def test_classes_taken_for_each_other_stand_side_by_side():
    counts = np.diag([9] * 6)
    for a, b in ((0, 3), (3, 5), (1, 4), (4, 2)):
        counts[a, b] = counts[b, a] = 4
    order = neighbours(counts).tolist()
    assert set(order[:3]) in ({0, 3, 5}, {1, 4, 2})
    assert sorted(order) == list(range(6))


def test_of_too_many_classes_those_with_mistakes_are_kept():
    counts = np.diag([5] * 6)
    counts[1, 4] = 3
    assert worst(counts, 2).tolist() == [1, 4]


def test_the_worst_class_comes_first_with_what_it_is_taken_for():
    bar = accuracy_bars(np.array([[4, 0, 0], [0, 1, 3], [0, 0, 0]]), ("a", "b", "c")).data[0]
    assert [row[0] for row in bar.customdata] == ["c", "b", "a"]
    assert list(bar.x) == [0.0, 0.25, 1.0]
    assert bar.customdata[1][3] == "most often taken for c"
