"""The pictures of what a network gets wrong."""

import numpy as np
import pytest

from alexnet_viz.figures.palette import mix
from alexnet_viz.figures.results import accuracy_bars, confusion_matrix, mistakes, neighbours, worst


def test_right_answers_and_mistakes_have_a_colour_of_their_own():
    right, wrong = confusion_matrix(np.array([[3, 1], [0, 4]]), ("a", "b")).data
    np.testing.assert_array_equal(right.z, [[0.75, np.nan], [np.nan, 1.0]])
    np.testing.assert_array_equal(wrong.z, [[np.nan, 0.25], [0.0, np.nan]])
    assert wrong.customdata[0][1] == 1


@pytest.mark.parametrize(("classes", "numbers"), [(14, True), (100, False)])
def test_many_classes_fit_a_screen_without_numbers_and_names(classes, numbers):
    counts = np.full((classes, classes), 2)
    figure = confusion_matrix(counts, tuple(f"class {i}" for i in range(classes)))
    assert bool(figure.layout.annotations) == numbers
    assert figure.layout.yaxis.showticklabels == figure.layout.xaxis.showticklabels == numbers
    assert figure.layout.height < 800
    assert not figure.layout.xaxis.title.text  # Plotly draws it through the names


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("classes", [2, 8, 20])
def test_every_number_contrasts_with_its_cell(classes, theme):
    rng = np.random.default_rng(classes)
    counts = rng.integers(1, 40, (classes, classes)) + np.diag(rng.integers(0, 400, classes))
    figure = confusion_matrix(counts, tuple(f"class {i}" for i in range(classes)), theme)
    places = {name: i for i, name in enumerate(figure.data[0].y)}
    assert len(figure.layout.annotations) == classes**2
    for number in figure.layout.annotations:
        true, predicted = places[number.y], places[number.x]
        cells = figure.data[int(true != predicted)]
        assert number.text == f"{counts[true, predicted]:,}"
        (_, _), (_, faint), (_, full) = cells.colorscale
        ground = mix(faint, full, float(cells.z[true, predicted]) / cells.zmax)
        assert contrast(number.font.color, ground) >= 4.5


def contrast(ink, ground):
    """WCAG 2's contrast ratio of two colours."""

    def luminance(colour):
        shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
        return np.dot(linear, (0.2126, 0.7152, 0.0722))

    light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_most_common_mistakes_come_first_and_right_answers_are_none():
    assert mistakes(np.array([[9, 1, 0], [3, 9, 0], [0, 0, 9]]), 5) == [(1, 0, 3), (0, 1, 1)]
    assert mistakes(np.array([[9, 1, 0], [3, 9, 0], [0, 0, 9]]), 1) == [(1, 0, 3)]


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
