"""Choices whose bounds change under them: what was asked for is kept, what is used lies within, nothing raises."""

import json
import math
from pathlib import Path

import pytest
from safetensors.torch import save_file
from streamlit.testing.v1 import AppTest

from alexnet_viz.images.samples import sample
from alexnet_viz.inspection.model import get
from alexnet_viz.inspection.predictions import classify
from alexnet_viz.network.variants import build
from alexnet_viz.training import runs
from alexnet_viz.training.recipe import preset
from alexnet_viz.values import NetworkSpec
from tests.ui.pages import answer_bars, open_link

SEE = Path(__file__).parents[3] / "pages" / "see"


CLASSES = (1, 2, 16, 22, 100)


@pytest.fixture(scope="module")
def runs_of_few_classes(tmp_path_factory):
    """A folder of runs, each the small weights of a network with so many classes."""
    folder, name = tmp_path_factory.mktemp("runs"), "step-00000001"
    for classes in CLASSES:
        checkpoints = runs.create_run(preset("quick"), folder, run_id=f"classes-{classes}") / "checkpoints"
        checkpoints.mkdir(exist_ok=True)
        (checkpoints / "index.json").write_text(json.dumps({"best": name, "last": [name]}))
        state = build(NetworkSpec("torchvision", classes, fc_width=8), seed=1).state_dict()
        save_file({key: value.clone() for key, value in state.items()}, checkpoints / f"{name}.safetensors")
    return folder


@pytest.fixture(autouse=True)
def runs_there(runs_of_few_classes, own_folders, monkeypatch):
    monkeypatch.setenv("ALEXNET_VIZ_RUNS", str(runs_of_few_classes))


def weights_of(classes: int) -> str:
    return f"run:classes-{classes}"


def opened(page: str, **address: str) -> AppTest:
    app = open_link(f"see/{page}", **address)
    no_trouble(app)
    return app


def no_trouble(app: AppTest) -> None:
    assert not app.exception
    assert not [error.value for error in app.error if "It does not fit: fc6 was printed" not in error.value]


def with_weights(app: AppTest, weights: str) -> AppTest:
    app.sidebar.selectbox(key="weights").set_value(weights).run()
    no_trouble(app)
    assert not app.sidebar.warning  # no other weights have taken their place
    return app


def in_address(app: AppTest, key: str) -> str:
    value = app.query_params[key]
    return value[-1] if isinstance(value, list) else value


def bars(app: AppTest) -> int:
    """How many classes the classify page's chart shows."""
    return answer_bars(app).count("<li")


def test_classes_shown_is_clamped_and_kept_while_the_weights_change():
    app = opened("classify", weights=weights_of(100))
    for classes, shown in ((16, 5), (2, 2), (1, 1), (100, 5), (2, 2), (22, 5)):
        with_weights(app, weights_of(classes))
        assert bars(app) == shown
        assert [one.value for one in app.slider if one.key == "top"] == ([shown] if classes > 1 else [])
        assert in_address(app, "top") == "5"
    app.slider(key="top").set_value(12).run()
    for classes, shown in ((2, 2), (16, 12)):
        with_weights(app, weights_of(classes))
        assert (bars(app), app.slider(key="top").value) == (shown, shown)
    with_weights(app, weights_of(2))
    app.slider(key="top").set_value(1).run()  # a choice of the visitor's, not the clamped one
    assert bars(with_weights(app, weights_of(16))) == 1


def test_a_link_asks_for_more_classes_than_there_are():
    app = opened("classify", weights=weights_of(2), top="9")
    assert (bars(app), app.slider(key="top").value, in_address(app, "top")) == (2, 2, "9")
    assert bars(with_weights(app, weights_of(16))) == 9


def test_what_was_asked_for_is_kept_on_another_page():
    app = opened("classify", weights=weights_of(100), top="7")
    with_weights(app, weights_of(2))
    app.switch_page(str(SEE / "filters.py")).run()
    with_weights(app, weights_of(16))
    app.switch_page(str(SEE / "classify.py")).run()
    assert bars(app) == app.slider(key="top").value == 7


PAGES = [
    ("classify", {"several": "True", "top": "20"}),
    ("architecture", {"layer": "fc8"}),
    ("filters", {"layer": "fc8", "channel": "57"}),
    ("filters", {"layer": "fc8", "channel": "57", "with_photo": "True", "beside_weights": "random"}),
    ("activations", {"layer": "fc8", "channel": "57"}),
    ("activations", {"layer": "softmax", "channel": "57", "beside": "photo"}),
    ("activations", {"layer": "softmax", "channel": "57", "predict": "True"}),
    ("network", {"depth": "overview", "layer": "fc8", "channel": "57", "rows": "16"}),
    ("network", {"depth": "unit", "layer": "softmax", "channel": "57"}),
    ("network", {"depth": "value", "layer": "fc8", "channel": "57", "versus": "photo"}),
    ("attribution", {"why_class": "57", "why_not": "3"}),
    ("attribution", {"why_class": "unit", "why_unit_layer": "fc8", "why_unit": "57"}),
    ("attribution", {"why_view": "compare", "why_kind": "classes", "why_classes": "57,3"}),
    ("attribution", {"why_view": "compare", "why_kind": "weights", "beside_weights": "random"}),
    ("attribution", {"why_view": "test", "why_tested": "saliency", "why_method": "saliency", "why_steps": "8"}),
    ("attribution", {"why_view": "hand", "why_class": "57"}),
]


@pytest.mark.parametrize(("page", "address"), PAGES, ids=lambda one: one if isinstance(one, str) else "-".join(one))
def test_no_page_trips_over_few_classes_or_one(page, address):
    app = opened(page, weights=weights_of(100), **address)
    for classes in (16, 2, 1, 100):
        with_weights(app, weights_of(classes))


@pytest.mark.parametrize(("page", "layer"), [("filters", "fc8"), ("activations", "softmax"), ("network", "fc8")])
def test_a_class_that_other_weights_do_not_have_is_shown_again_with_those_that_do(page, layer):
    app = opened(page, weights=weights_of(100), layer=layer, channel="57", depth="unit")
    for classes in (16, 2, 1):
        with_weights(app, weights_of(classes))
        assert app.session_state.channel < classes
        assert in_address(app, "channel") == str(app.session_state.channel)
    with_weights(app, weights_of(100))
    assert (app.session_state.channel, in_address(app, "channel")) == (57, "57")


def test_the_channel_of_a_wide_layer_is_kept_while_a_narrow_one_is_looked_at():
    app = opened("filters", weights=weights_of(100), layer="conv5", channel="200")
    app.selectbox(key="layer").set_value("conv1").run()
    no_trouble(app)
    stand_in = app.number_input(key="channel").value
    assert stand_in < 64
    app.selectbox(key="layer").set_value("conv3").run()
    assert app.number_input(key="channel").value == 200
    app.selectbox(key="layer").set_value("conv1").run()
    app.number_input(key="channel").set_value(stand_in + 1 if stand_in < 63 else 0).run()  # the visitor's own choice
    chosen = app.number_input(key="channel").value
    app.selectbox(key="layer").set_value("conv3").run()
    assert app.number_input(key="channel").value == chosen


def test_the_classes_asked_about_are_kept():
    app = opened("attribution", weights=weights_of(100), why_class="57", why_not="3", why_layer="conv4")
    with_weights(app, weights_of(2))
    assert app.selectbox(key="why_class").value == "predicted"
    with_weights(app, weights_of(100))
    assert (app.selectbox(key="why_class").value, app.selectbox(key="why_not").value) == ("57", "3")
    app.selectbox(key="why_class").set_value("3").run()  # not held against itself
    assert app.selectbox(key="why_not").value == "none"
    app.selectbox(key="why_class").set_value("4").run()
    assert app.selectbox(key="why_not").value == "3"


def test_the_classes_compared_are_kept():
    app = opened("attribution", weights=weights_of(100), why_view="compare", why_kind="classes", why_classes="57,3")
    with_weights(app, weights_of(16))
    assert app.multiselect(key="why_classes").value == ["3"]
    with_weights(app, weights_of(2))
    assert set(app.multiselect(key="why_classes").value) == {"0", "1"}
    with_weights(app, weights_of(100))
    assert app.multiselect(key="why_classes").value == ["57", "3"]


def test_a_single_output_is_called_one_and_its_sigmoid_told():
    logit = float(classify(get(weights_of(1)), *sample("cat"))[2].logits[0])
    yes = f"{logit:.2f}: {1 / (1 + math.exp(-logit)):.1%} yes".replace("-", "\N{MINUS SIGN}")
    for page, more in (("classify", {}), ("attribution", {}), ("network", {}), ("activations", {"layer": "softmax"})):
        app = opened(page, weights=weights_of(1), photo="cat", **more)
        assert [one.value for one in app.info if "a single output" in one.value and yes in one.value], page
    app = opened("classify", weights=weights_of(2), photo="cat")
    assert not [one.value for one in app.info if "a single output" in one.value]


@pytest.mark.parametrize("classes", CLASSES)
def test_the_network_in_use_can_be_drawn_whatever_its_classes(classes):
    app = opened("architecture", weights=weights_of(classes))
    assert (app.number_input(key="classes").value, app.number_input(key="width").value) == (classes, 8)  # at first
    app.number_input(key="width").set_value(9).run()
    app.button(key="draw_in_use").click().run()
    no_trouble(app)
    assert (app.number_input(key="classes").value, app.number_input(key="width").value) == (classes, 8)
    assert "ms" in app.dataframe[0].value
