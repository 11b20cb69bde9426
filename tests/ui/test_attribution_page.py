"""The page that asks why, without a browser: maps are the core's, choices travel in the address, errors are sentences."""

import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from alexnet_viz.attribution.session import Session
from alexnet_viz.attribution.targets import Target
from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.images.samples import sample
from alexnet_viz.inspection.model import get

HOME = Path(__file__).parents[2]
SHELL = str(HOME / "alexnet_viz" / "ui" / "shell.py")
WHY = str(HOME / "pages" / "see" / "attribution.py")


def opened(**address):
    app = AppTest.from_file(SHELL, default_timeout=90)
    for key, value in {"weights": "random", "photo": "coffee", **address}.items():
        app.query_params[key] = str(value)
    app.run()
    return app.switch_page(WHY).run()


def no_bug(app):
    assert not app.exception
    assert not [error.value for error in app.error if "bug in the app" in error.value]


def sent(app):
    """What the maps' component was given."""
    return [
        json.loads(one.proto.mixed.json) for one in app.get("bidi_component") if one.proto.WhichOneof("data") == "mixed"
    ]


def said(app):
    """What stands in the address."""
    return {key: value[-1] if isinstance(value, list) else value for key, value in app.query_params.items()}


@pytest.fixture(scope="module")
def coffee():
    """The same photo and network through the core itself."""
    model = get("random")
    tensor = preprocess(decode(*sample("coffee")), model.info.preprocessing).tensor
    answer = int(np.argmax(model.logits(tensor[None])[0]))
    return Session(model, tensor), answer


def test_the_map_is_the_cores_for_the_predicted_class(coffee):
    app = opened(why_method="grad-cam", why_layer="conv4", **{"why_knobs": "rectify:False"})
    no_bug(app)
    session, answer = coffee
    expected = session.attribute("grad-cam", Target.of_class(answer), "conv4", {"rectify": False}).values
    (data,) = sent(app)
    over, alone = data["tiles"]
    assert (over["rows"], over["columns"]) == expected.shape
    assert over["high"] == pytest.approx(np.percentile(np.abs(expected), 99.5))
    assert over["low"] == (-over["high"] if expected.min() < 0 else 0)
    assert alone["box"] == [0, 0, 1, 1]
    assert "strongest" in over["alt"]


def test_two_classes_are_answered_side_by_side_on_one_scale():
    app = opened(why_not="7")
    no_bug(app)
    first, second, difference = sent(app)[0]["tiles"]
    assert (first["low"], first["high"]) == (second["low"], second["high"])
    assert "rather than" in difference["title"]


def test_all_five_convolutions_are_a_strip():
    app = opened(why_layer="all")
    no_bug(app)
    assert [tile["title"] for tile in sent(app)[0]["tiles"]] == ["conv1", "conv2", "conv3", "conv4", "conv5"]


def test_the_address_says_what_was_asked_and_reopens_it():
    asked = {"why_class": "3", "why_layer": "conv3", "why_method": "grad-cam", "why_look": "style:mask;keep:20"}
    app = opened(**asked)
    no_bug(app)
    assert {key: said(app)[key] for key in asked} == asked
    app.selectbox(key="why_method").set_value("saliency").run()
    app.toggle(key="knob-saliency-absolute").set_value(False).run()
    no_bug(app)
    assert said(app)["why_knobs"] == "absolute:False"
    (data,) = sent(app)
    assert data["tiles"][0]["low"] == -data["tiles"][0]["high"]  # it has a sign now, and zero lies in the middle


@pytest.mark.parametrize(
    "address",
    [
        {"why_method": "tea-leaves"},
        {"why_class": "100000"},
        {"why_layer": "fc6"},
        {"why_knobs": "rectify:perhaps;steps:-1;;:"},
        {"why_look": "opacity:nine;style:jet;part:"},
        {"why_view": "inside"},
        {"why_class": "unit", "why_unit": "999999", "why_unit_layer": "conv9"},
    ],
)
def test_nonsense_in_the_address_is_passed_over(address):
    app = opened(**address)
    no_bug(app)
    assert sent(app)


def test_a_unit_of_a_layer_can_be_asked_for():
    app = opened(why_class="unit", why_unit_layer="conv3", why_unit="5", why_place="6, 6", why_layer="conv2")
    no_bug(app)
    assert any("channel 5 at row 6, column 6" in text.value for text in app.caption)
    app.text_input(key="why_place").set_value("99").run()
    assert any("A place is two numbers" in error.value for error in app.error)
    app.text_input(key="why_place").set_value("").run()
    app.selectbox(key="why_layer").set_value("conv5").run()
    no_bug(app)
    assert any("lies behind" in error.value for error in app.error)


def test_settings_tell_all_that_a_map_came_from():
    app = opened(why_method="saliency")
    names = [button.proto.label for button in app.get("download_button")]
    assert names == ["Overlay PNG", "Raw map .npy", "Slide PNG", "Settings JSON"]
