"""Charts in large type."""

import numpy as np
import pytest

from alexnet_viz.figures.activations import class_bars, value_histogram
from alexnet_viz.figures.faithfulness import matrix
from alexnet_viz.figures.large_type import in_large_type
from alexnet_viz.figures.results import NAMED, accuracy_bars, confusion_matrix

COUNTS = np.arange(9).reshape(3, 3)
NAMES = ("hen", "goose", "stork")
FIGURES = {
    "bars": class_bars(["hen", "goose"], [("a", np.array([0.25, 0.75]))]),
    "histogram": value_histogram([("a", np.arange(9.0))], {"chosen": 3.0}),
    "matrix": matrix(NAMES, np.eye(3), True),
    "confusion": confusion_matrix(COUNTS, NAMES),
    "accuracy": accuracy_bars(COUNTS, NAMES),
}


def sizes(part, name=""):
    """Every size of type in a figure's JSON."""
    if isinstance(part, dict):
        own = [part["size"]] if name.endswith("font") and "size" in part else []
        return own + [size for key, value in sorted(part.items()) if key != "template" for size in sizes(value, key)]
    return [size for item in part for size in sizes(item)] if isinstance(part, list | tuple) else []


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_all_type_grows_with_room_for_it_and_nothing_else_changes(figure):
    usual, larger = figure.to_plotly_json(), in_large_type(figure, 1.5).to_plotly_json()
    assert sizes(usual)
    assert sizes(larger) == pytest.approx([1.5 * size for size in sizes(usual)])
    assert larger["layout"]["height"] == pytest.approx(1.5 * usual["layout"]["height"])
    assert larger["layout"]["margin"]["t"] == pytest.approx(1.5 * usual["layout"]["margin"]["t"])
    assert [trace.get("x") for trace in larger["data"]] == [trace.get("x") for trace in usual["data"]]
    assert figure.to_plotly_json() == usual  # which may be kept for other visitors


def test_a_matrix_too_large_for_names_keeps_its_height():
    many = NAMED + 1
    usual = confusion_matrix(np.eye(many, dtype=int), tuple(map(str, range(many))))
    assert in_large_type(usual, 1.5).layout.height == usual.layout.height
