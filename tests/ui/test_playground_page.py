"""The playground without a browser: presets, plain reasons, and answers that wait for a guess."""

import json

import numpy as np
import pytest

from alexnet_viz.inspection.playground import Window, slide
from tests.ui.pages import open_link


def opened(**address):
    app = open_link("see/playground", **{"weights": "random", **address})
    assert not app.exception
    return app


def sent(app):
    return next(d for d in (json.loads(one.proto.json or "{}") for one in app.get("bidi_component")) if "kernel" in d)


def press(app, label):
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def test_presets_are_alexnets_and_the_numbers_are_pytorchs():
    app = opened()
    press(app, "conv1 of AlexNet")
    data = sent(app)
    window = data["window"]
    assert [window[key] for key in ("kernel", "stride", "padding", "side")] == [11, 4, 2, 2]
    grids = [np.array(data[key], np.float32).reshape(side, side) for key, side in (("inputs", 12), ("kernel", 11))]
    expected = slide(*grids, Window(12, 11, 4, 2))
    np.testing.assert_allclose(np.array(data["output"]), expected.ravel())
    assert any("⌊(12 + 2·2 − 1·(11 − 1) − 1)/4⌋ + 1 = **2**" in text.value for text in app.markdown)
    press(app, "its pooling")
    window = sent(app)["window"]
    assert [window[key] for key in ("kernel", "stride", "padding", "side", "mode")] == [3, 2, 0, 5, "pool"]


def test_a_preset_has_a_kernel_of_its_own_size_and_none_of_the_one_before():
    app = opened()
    press(app, "conv1 of AlexNet")
    press(app, "conv3 of AlexNet")
    assert sent(app)["kernel"] == [-1, 0, 1] * 3
    press(app, "conv1 of AlexNet")
    assert sent(app)["kernel"] == ([-1] * 5 + [0] + [1] * 5) * 11


def test_what_does_not_fit_is_one_plain_sentence():
    app = opened()
    press(app, "does not fit")
    assert "the window spans 10 cells (4 cells, 3 apart), but the input has only 6" in app.error[0].value
    assert sent(app)["output"] is None


def test_nothing_of_the_answer_is_there_before_the_guess():
    app = opened(n=9, k=4, s=2, p=1, predict=True)
    data = sent(app)
    assert data["hidden"]
    assert data["output"] is None
    assert data["window"]["side"] == 0
    assert not [text for text in app.markdown if "output side =" in text.value]
    guess = next(field for field in app.number_input if field.label == "Output side?")
    guess.set_value(3)
    press(app, "Reveal")
    assert "You said 3; it is **4**" in app.info[0].value
    assert len(sent(app)["output"]) == 16
    app.slider(key="s").set_value(3).run()  # something new to guess
    assert sent(app)["hidden"]


def test_a_link_reopens_the_matrix_and_its_numbers():
    app = opened(n=2, k=1, s=1, p=0, cells="1,2,3,-4.5", weights_typed="2")
    assert sent(app)["inputs"] == [1, 2, 3, -4.5]
    assert sent(app)["output"] == [2, 4, 6, -9]
    app.slider(key="n").set_value(3).run()
    grown = np.array(sent(app)["inputs"]).reshape(3, 3)
    np.testing.assert_array_equal(grown[:2, :2], [[1, 2], [3, -4.5]])  # what still fits stays


@pytest.mark.parametrize(
    "address",
    [{"n": 99}, {"mode": "sum"}, {"cells": "1,2,3"}, {"cells": "1,a"}, {"cells": "nan"}, {"predict": "x"}],
)
def test_nonsense_in_the_address_is_passed_over(address):
    app = opened(**address)
    assert not app.error
    assert sent(app)["output"]
