"""Text of others in figures."""

import numpy as np
import pytest
from PIL import Image

from alexnet_viz.figures.activations import sheet_picture, unit_bars, value_histogram
from alexnet_viz.figures.faithfulness import before_and_after, matrix, pixel_curves
from alexnet_viz.figures.filters import bias_figure, weight_histogram
from alexnet_viz.figures.palette import scale
from alexnet_viz.figures.results import accuracy_bars, confusion_matrix
from alexnet_viz.figures.text import plotly_text, without_line_ends
from alexnet_viz.values import PixelCurve, Prediction

HOSTILE = '<b>a</b> & $x^2$ %{y} <a href="http://192.0.2.9">'
SHOWN = '&lt;b&gt;a&lt;/b&gt; &amp; &#36;x^2&#36; %{y} &lt;a href="http://192.0.2.9"&gt;'


def test_tags_references_and_math_are_text():
    assert plotly_text(HOSTILE) == SHOWN
    assert plotly_text("a\nb caf\udce9") == "a b caf\ufffd"
    assert without_line_ends(" a\n\tb  c ") == "a b c"


def figures():
    named, values = [(HOSTILE, np.arange(3.0))], np.eye(2)
    answers = (Prediction(HOSTILE, 0, 0.75, 2.0), Prediction(HOSTILE, 1, 0.25, 1.0))
    curve = PixelCurve("a map", np.linspace(0, 1, 3), np.linspace(1, 0, 3))
    yield value_histogram(named)
    yield unit_bars([HOSTILE, "1"], [(HOSTILE, np.arange(2.0))], "value")
    yield before_and_after(answers, answers)
    yield matrix([HOSTILE, "b"], values, True)
    yield pixel_curves([curve], [curve], f"probability of {HOSTILE}", "changed")
    yield weight_histogram([(HOSTILE, (np.ones(2), np.arange(3.0)))])
    yield bias_figure(named)
    yield confusion_matrix(np.eye(2, dtype=int), (HOSTILE, HOSTILE))
    yield accuracy_bars(np.array([[1, 1], [0, 1]]), (HOSTILE, "b"))


@pytest.mark.parametrize("figure", list(figures()), ids=lambda figure: figure.data[0].type)
def test_every_figure_shows_names_as_they_are(figure):
    text = str(figure.to_dict())
    assert "&lt;b&gt;a" in text
    assert "<b>a" not in text
    for trace in figure.data:
        assert "192.0.2.9" not in str(trace.hovertemplate) + str(trace.texttemplate)


def test_classes_of_one_name_and_names_like_numbers_keep_their_places():
    figure = confusion_matrix(np.array([[2, 1], [0, 3]]), ("crane", "crane"))
    assert list(figure.data[0].x) == ["crane", "crane (2)"]
    assert list(figure.layout.xaxis.ticktext) == ["crane", "crane"]
    placed = {(one.x, one.y, one.text) for one in figure.layout.annotations}
    assert placed == {("crane", "crane", "2"), ("crane (2)", "crane", "1"), ("crane (2)", "crane (2)", "3")}
    assert unit_bars(["10", "2"], [("a", np.ones(2))], "value").layout.yaxis.type == "category"


def test_a_title_of_several_lines_is_drawn_on_one():
    tiles, colours = np.zeros((4, 2, 2), np.uint8), scale(False)
    legend = ("0", "1", "value")
    drawn = [sheet_picture(tiles, colours, np.arange(4), legend, title) for title in ("a b", "a\n\nb")]
    assert isinstance(drawn[0], Image.Image)
    np.testing.assert_array_equal(*map(np.asarray, drawn))
