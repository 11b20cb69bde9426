"""Charts: built once for equal values."""

from functools import partial

import numpy as np

from alexnet_viz.figures.activations import value_histogram
from alexnet_viz.ui.shared.charts import figure_of


def histogram(values, theme="light"):
    return partial(value_histogram, [("conv5", np.array(values))], {"chosen": 0.5}, theme)


def test_equal_values_have_one_figure_and_others_their_own():
    figure = figure_of(histogram([0.0, 1.0, 2.0]))
    assert figure_of(histogram([0.0, 1.0, 2.0])) is figure
    assert figure == histogram([0.0, 1.0, 2.0])()
    for other in (histogram([0.0, 1.0, 3.0]), histogram([0.0, 1.0, 2.0], "dark")):
        assert figure_of(other) == other() != figure
