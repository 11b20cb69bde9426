"""Predict, then reveal: nothing is given away before a guess, everything after it."""

import json

import pytest

from alexnet_viz.ui.shared.predict import _alike
from tests.ui.pages import answer_bars, assert_no_bug, open_link


def opened(page, **address):
    return open_link(f"see/{page}", **{"weights": "random", "predict": "True", **address})


def shown(app):
    """All that the page says, as text."""
    parts = [one.value for kind in ("markdown", "caption", "title", "subheader") for one in getattr(app, kind)]
    parts += [str(json.loads(one.proto.json or "{}")) for one in app.get("bidi_component")]
    return " ".join(parts)


def guess(app, value):
    app.text_input[-1].set_value(value)
    next(button for button in app.button if button.label == "Reveal").click()
    return app.run()


def test_architecture_hides_shapes_and_a_guess_reveals_its_layer_alone():
    app = opened("architecture", layer="conv2")
    assert_no_bug(app)
    assert "192×27×27" not in shown(app)
    assert not app.dataframe
    assert not app.metric
    app = guess(app, "")
    assert "192×27×27" not in shown(app)
    app = guess(app, "64 x 27 x 27")
    assert_no_bug(app)
    assert "You said 64 x 27 x 27; it is **192 × 27 × 27**." in app.info[0].value
    assert "192×27×27" in shown(app)
    assert "384×13×13" not in shown(app)  # conv3: neither text nor tooltip gives another layer away
    assert not app.dataframe
    assert not app.metric
    app.selectbox(key="layer").set_value("conv3").run()  # the next layer is the next question
    assert_no_bug(app)
    assert "384×13×13" not in shown(app)
    app.toggle(key="predict").set_value(False).run()
    assert_no_bug(app)
    assert app.dataframe


def test_an_answer_is_shown_without_a_guess_and_says_so():
    app = opened("architecture", layer="conv2")
    next(button for button in app.button if button.label == "Show it").click().run()
    assert_no_bug(app)
    assert "Shown without a guess: **192 × 27 × 27**." in app.info[0].value
    assert "192×27×27" in shown(app)


def test_classify_asks_for_the_class_and_hides_the_bars():
    app = opened("classify", weights="bundled", photo="coffee")
    assert_no_bug(app)
    assert not answer_bars(app)
    (options,) = [radio.options for radio in app.radio]
    assert "espresso" in options
    assert len(options) == 5
    app.radio[0].set_value("espresso")
    next(button for button in app.button if button.label == "Reveal").click().run()
    assert_no_bug(app)
    assert "You said espresso, and so it is." in app.success[0].value
    assert "espresso" in answer_bars(app)


def test_activations_hide_the_layer_and_the_answer():
    app = opened("activations", layer="relu5", beside="lesion", lesion_channels="3")
    assert_no_bug(app)
    assert not app.get("plotly_chart")
    assert "256" not in shown(app)
    app.radio[0].set_value("yes")
    reveals = [button for button in app.button if button.label == "Reveal"]
    reveals[0].click()
    app.run()
    assert_no_bug(app)
    assert len(app.get("plotly_chart")) == 2  # the two answers, and how far each layer has moved
    assert "256" not in shown(app)
    app = guess(app, "256, 13, 13")
    assert_no_bug(app)
    assert any("and so it is" in one.value for one in app.success)
    assert "256 × 13 × 13 values" in shown(app)


def test_a_class_is_guessed_among_the_strongest():
    app = opened("activations", layer="softmax")
    assert_no_bug(app)
    assert len(app.radio[0].options) == 5
    app.radio[0].set_value(app.radio[0].options[0])
    next(button for button in app.button if button.label == "Reveal").click()
    app.run()
    assert_no_bug(app)
    assert app.dataframe


@pytest.mark.parametrize(
    ("said", "truth", "right"),
    [
        ("192x27x27", "192 × 27 × 27", True),
        ("192, 27, 27", "192 × 27 × 27", True),
        ("27", "192 × 27 × 27", False),
        ("Cat", "cat", True),
        ("dog 3", "class 3", False),
        ("class 3", "class 3", True),
    ],
)
def test_a_guess_is_right_by_its_numbers_or_its_word(said, truth, right):
    assert _alike(said, truth) is right
