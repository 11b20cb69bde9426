"""The activations page without a browser: every layer, comparisons, lesions, and what stays when the photo changes."""

import json
from pathlib import Path

import numpy as np
import pytest

from alexnet_viz.errors import ShapeError
from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.images.samples import sample
from alexnet_viz.inspection.model import get
from alexnet_viz.inspection.trace import trace
from alexnet_viz.network.files import save_weights
from alexnet_viz.network.variants import build
from alexnet_viz.ui.activations.lesion import numbers
from alexnet_viz.values import NetworkSpec, Preprocessing
from tests.ui.pages import address, assert_no_error, open_link

HOME = Path(__file__).parents[2]
SHELL, PAGE = str(HOME / "alexnet_viz" / "ui" / "shell.py"), str(HOME / "pages" / "see" / "activations.py")


def opened(**parameters):
    return open_link("see/activations", **{"weights": "random", "photo": "coffee", **parameters})


def sent(app, part):
    """What the first component with this part in its data was told."""
    found = [json.loads(one.proto.mixed.json)["meta"] for one in app.get("bidi_component") if one.proto.mixed.json]
    return next(meta for meta in found if part in meta)


@pytest.fixture(scope="module")
def seen():
    model = get("random")
    return trace(model, preprocess(decode(*sample("coffee")), model.info.preprocessing).tensor)


@pytest.mark.parametrize("layer", ["conv1", "relu1", "pool2", "conv5", "avgpool"])
def test_all_maps_of_a_layer_and_at_first_its_strongest(layer, seen):
    app = opened(layer=layer, sort="peak")
    assert_no_error(app)
    grid, output = sent(app, "sheets"), seen.outputs[layer]
    assert (grid["count"], grid["height"]) == output.shape[:2]
    assert grid["selected"] == output.max(axis=(1, 2)).argmax()
    view = sent(app, "panels")
    assert (view["y"], view["x"]) == np.unravel_index(output[grid["selected"]].argmax(), output.shape[1:])
    assert grid["sheets"][0]["signed"] == layer.startswith("conv")
    assert "y" not in address(app)  # its peak is open


@pytest.mark.parametrize("layer", ["flatten", "fc6", "relu7", "fc8", "softmax"])
def test_units_are_strips_and_bars(layer):
    app = opened(layer=layer)
    assert_no_error(app)
    if layer != "softmax":
        assert sent(app, "sheets")["height"] == 1
        assert app.get("plotly_chart")
    else:  # the classes by name, not a slab with one bright square
        likeliest, by_rank = (json.loads(chart.proto.spec)["data"] for chart in app.get("plotly_chart"))
        assert len(likeliest[0]["y"]) == 15
        assert likeliest[0]["texttemplate"] == "%{x:.1%}"
        assert len(by_rank) == 2  # all classes, and the chosen one
        (table,) = app.dataframe
        assert sum(table.value["÷ Σ"]) == pytest.approx(1)


def test_layer_channel_and_position_stay_when_the_photo_changes():
    app = opened(layer="conv5", channel=37, y=4, x=9, range="unit")
    assert_no_error(app)
    app.session_state.photo = "rocket"
    app.run()
    assert_no_error(app)
    assert {"layer": "conv5", "channel": "37", "y": "4", "x": "9", "photo": "rocket"}.items() <= address(app).items()
    assert sent(app, "panels")["y"] == 4
    app.selectbox(key="layer").set_value("conv1").run()  # 55 cells a side in place of 13: the same place of the photo
    assert_no_error(app)
    assert (sent(app, "panels")["y"], sent(app, "panels")["x"]) == (19, 40)
    app.button(key="to_peak").click().run()
    assert_no_error(app)
    assert "y" not in address(app)


def test_a_second_photo_in_lockstep():
    app = opened(layer="relu3", beside="photo", beside_photo="rocket", channel=5)
    assert_no_error(app)
    assert [sheet["title"] for sheet in sent(app, "sheets")["sheets"]][2] == "Difference"
    assert len(sent(app, "panels")["panels"]) == 3
    assert address(app)["beside_photo"] == "rocket"


@pytest.mark.parametrize("layer", ["conv1", "relu6", "softmax"])
def test_other_weights_in_lockstep_also_when_their_classes_differ(layer, tmp_path):
    spec = NetworkSpec(num_classes=3, fc_width=32)
    save_weights(
        tmp_path / "small.safetensors",
        build(spec, 1).state_dict(),
        spec=spec,
        categories=("a", "b", "c"),
        preprocessing=Preprocessing.for_size(224),
        title="small",
        source="a test",
    )
    for variant in ("torchvision", "paper"):
        app = opened(layer=layer, beside="weights", beside_weights=tmp_path / "small.safetensors", variant=variant)
        assert_no_error(app)
    app = opened(layer="norm1", beside="weights", beside_weights=tmp_path / "small.safetensors", variant="paper")
    assert_no_error(app)
    assert any("has no layer norm1" in one.value for one in app.info)


def test_a_lesion_changes_the_answer_and_every_later_layer():
    app = opened(layer="relu5", beside="lesion", lesion_layer="conv5", lesion_channels="0-99", lesion_manner="keep")
    assert_no_error(app)
    assert app.toggle(key="lesion").value  # a link of an earlier version
    assert (address(app)["lesion"], address(app)["beside"]) == ("True", "none")
    assert [sheet["title"] for sheet in sent(app, "sheets")["sheets"]] == ["As it is", "With the lesion", "Difference"]
    moved = json.loads(app.get("plotly_chart")[1].proto.spec)["data"][0]  # above the maps, beside the answers
    assert moved["x"][0] == "conv5"
    assert moved["x"][-1] == "fc8"
    app.text_input(key="lesion_channels").set_value("300").run()
    assert "There is no channel 300" in app.error[0].value
    assert len(sent(app, "sheets")["sheets"]) == 1  # the page itself stays
    app.text_input(key="lesion_channels").set_value("").run()
    assert_no_error(app)
    app.button(key="lesion_take").click().run()
    assert_no_error(app)
    assert address(app)["lesion_layer"] == "relu5"
    assert address(app)["lesion_channels"] == address(app)["channel"]


def test_channels_are_numbers_and_ranges():
    assert numbers("37, 40-42; 2", 50) == (2, 37, 40, 41, 42)
    assert numbers("3 – 5", 50) == (3, 4, 5)
    assert numbers("", 50) == ()
    for wrong in ("all", "5-3", "50", "1.5", "-1", "9999999"):
        with pytest.raises(ShapeError, match="no channel"):
            numbers(wrong, 50)


@pytest.mark.parametrize("address", [{"channel": "9999"}, {"y": "-3"}, {"x": "900", "y": "900"}, {"beside": "x"}])
def test_nonsense_in_the_address_is_passed_over(address):
    assert_no_error(opened(layer="conv3", **address))
