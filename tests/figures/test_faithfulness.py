"""The charts of the tests show the numbers that they were given."""

import numpy as np

from alexnet_viz.figures.faithfulness import before_and_after, cascade, matrix, pixel_curves
from alexnet_viz.values import PixelCurve, Prediction


def curve(name, height):
    return PixelCurve(name, np.array([0.0, 0.5, 1.0]), np.array([height, height, height]))


def test_each_curve_has_its_area_in_the_legend_and_a_look_of_its_own():
    figure = pixel_curves([curve("A", 0.5), curve("B", 0.25)], [curve("Random", 0.1)], "p", "gone")
    assert [line.name for line in figure.data] == ["A: area 0.500", "B: area 0.250", "Random: area 0.100"]
    assert len({(line.line.color, line.line.dash) for line in figure.data}) == 3
    assert figure.layout.xaxis.title.text == "gone"


def test_a_matrix_says_its_numbers_and_leaves_out_what_has_none():
    values = np.array([[1.0, -0.5], [-0.5, np.nan]])
    figure = matrix(["A", "B"], values, True)
    assert [text.text for text in figure.layout.annotations] == ["1.00", "−.50", "−.50", "–"]
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-1, 1)
    assert figure.data[0].colorscale[8][1] == "rgb(247,247,247)"  # zero is white
    assert matrix(["A", "B"], abs(values), False, "dark").data[0].zmin == 0


def test_cascade_and_before_and_after():
    figure = cascade(["fc8", "conv1"], {"Grad-CAM": [1.0, 0.1]})
    assert list(figure.data[0].y) == [1.0, 0.1]
    answers = [Prediction("cat", 1, 0.7, 3.0), Prediction("dog", 2, 0.3, 2.0)]
    figure = before_and_after(answers, answers[::-1])
    assert [list(bar.x) for bar in figure.data] == [[0.7, 0.3], [0.3, 0.7]]
    assert list(figure.layout.yaxis.ticktext) == ["dog", "cat"]
