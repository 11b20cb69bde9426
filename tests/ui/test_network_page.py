"""The network page without a browser: what is sent to the component is the core's own, and links reopen their place."""

import json

import numpy as np
import pytest

from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.images.samples import sample
from alexnet_viz.inspection.model import get
from alexnet_viz.inspection.trace import trace
from tests.ui.pages import address, assert_no_error, open_link


def opened(**address):
    app = open_link("see/network", **{"weights": "random", "photo": "coffee", **address})
    assert_no_error(app)
    return app


def sent(app):
    """The component's data and a reader of its arrays."""
    import pyarrow

    (drawn,) = [one.proto for one in app.get("bidi_component") if "scene" in (one.proto.mixed.json or "")]
    data = json.loads(drawn.mixed.json)
    (blob,) = drawn.mixed.arrow_blobs.values()
    table = pyarrow.ipc.open_stream(blob.data).read_all()
    block = table.column(0).to_numpy().astype(np.uint8)

    def read(place):
        kind = np.uint8 if place["type"] == "u1" else np.float32
        size = int(np.prod(place["shape"])) * np.dtype(kind).itemsize
        return block[place["at"] : place["at"] + size].view(kind).reshape(place["shape"])

    return data, read


@pytest.mark.parametrize("variant", ["torchvision", "paper"])
def test_a_link_reopens_a_value_and_its_numbers_are_the_networks(variant):
    app = opened(variant=variant, depth="value", layer="conv2", channel=130, y=3, x=5)
    data, read = sent(app)
    assert {key: data["view"][key] for key in ("depth", "layer", "channel", "y", "x")} == {
        "depth": "value",
        "layer": "conv2",
        "channel": 130,
        "y": 3,
        "x": 5,
    }
    model = get("random", variant)
    record = trace(model, preprocess(decode(*sample("coffee")), model.info.preprocessing).tensor)
    scene = data["scene"]
    np.testing.assert_array_equal(read(scene["output"]), record.outputs["conv2"][130])
    np.testing.assert_array_equal(read(scene["weights"]), model.network.conv2.weight[130].numpy())
    groups = 2 if variant == "paper" else 1
    below = record.outputs["pool1"]
    np.testing.assert_array_equal(read(scene["inputs"]), below[len(below) // groups * (groups - 1) :])
    assert data["path"][0]["layer"] == "conv2"
    assert data["path"][-1]["layer"] == "photo"
    said = {key: value[-1] if isinstance(value, list) else value for key, value in app.query_params.items()}
    assert (said["depth"], said["layer"], said["channel"], said["y"], said["x"]) == ("value", "conv2", "130", "3", "5")


def test_the_overview_is_the_strongest_of_every_layer_and_a_choice_goes_in():
    app = opened(rows=4)
    data, read = sent(app)
    scene = data["scene"]
    assert scene["kind"] == "overview"
    assert len(scene["columns"]) == 23  # 22 layers and the softmax
    assert all(len(column["shown"]) == 4 for column in scene["columns"])
    conv2 = next(column for column in scene["columns"] if column["layer"] == "conv2")
    assert read(conv2["feeds"]).shape == (4, 4)
    app.selectbox(key="layer").set_value("conv5").run()
    assert sent(app)[0]["scene"]["kind"] == "layer"
    app.number_input(key="channel").set_value(37).run()
    data, _ = sent(app)
    assert (data["view"]["depth"], data["view"]["layer"], data["view"]["channel"]) == ("unit", "conv5", 37)
    app.selectbox(key="layer").set_value("fc8").run()
    assert sent(app)[0]["view"]["depth"] == "unit"  # its voices for and against
    app.selectbox(key="layer").set_value("relu7").run()
    assert sent(app)[0]["view"]["depth"] == "value"  # it hands on one value


@pytest.mark.parametrize("depth", ["overview", "layer"])
def test_colours_reach_as_far_as_the_link_says(depth):
    levels = {}
    for span in ("unit", "layer", "network"):
        app = opened(depth=depth, layer="conv3", range=span)
        data, read = sent(app)
        scene = data["scene"]
        column = next(c for c in scene["columns"] if c["layer"] == "conv3") if depth == "overview" else scene
        maps = read(column["maps"]).astype(int)
        levels[span] = np.abs(maps - 128).reshape(len(maps), -1).max(axis=1)
        assert app.query_params["range"] in (span, [span])
    assert (levels["unit"] == 127).all()  # every map as strong as its colours can be
    assert (levels["layer"] <= levels["unit"]).all()
    assert levels["layer"].min() < 127
    assert (levels["network"] <= levels["layer"]).all()


@pytest.mark.parametrize(
    "address", [{"depth": "deep"}, {"layer": "conv9"}, {"channel": 99999}, {"y": -3, "x": "a"}, {"rows": 1000}]
)
def test_nonsense_in_the_address_is_passed_over(address):
    data, _ = sent(opened(**address))
    assert data["view"]["layer"] == "conv1"


def test_a_change_of_photo_keeps_the_place():
    app = opened(depth="value", layer="conv3", channel=5, y=2, x=9)
    app.session_state.photo = "rocket"
    app.run()
    data, _ = sent(app)
    assert [data["view"][key] for key in ("layer", "channel", "y", "x")] == ["conv3", 5, 2, 9]


@pytest.mark.parametrize("what", [{"versus": "weights", "beside_weights": "bundled"}, {"versus": "photo"}])
def test_the_same_value_beside_another_photo_or_other_weights(what):
    app = opened(depth="value", layer="conv2", channel=9, y=3, x=5, beside_photo="rocket", **what)
    assert len([one for one in app.get("bidi_component") if "scene" in (one.proto.mixed.json or "")]) == 2
    other = get(what.get("beside_weights", "random"))
    photo = "rocket" if what["versus"] == "photo" else "coffee"
    values = []
    for model, reference in ((get("random"), "coffee"), (other, photo)):
        tensor = preprocess(decode(*sample(reference)), model.info.preprocessing).tensor
        values.append(trace(model, tensor).outputs["conv2"][9, 3, 5])
    said = next(one.value for one in app.markdown if "difference" in one.value)
    for told in (*values, values[1] - values[0]):
        assert f"{told:.4g}".replace("-", "−") in said
    for key, chosen in what.items():
        assert address(app)[{"versus": "beside"}.get(key, key)] == chosen  # the address of earlier versions still opens
    app.selectbox(key="layer").set_value("fc6").run()
    app.number_input(key="channel").set_value(3000).run()
    assert not app.exception
    assert len(app.info) == (what["versus"] == "weights")  # the bundled network has fewer units there
