"""The filters page without a browser: every layer of every network, comparisons, and what the address reopens."""

import json
import shutil

import pytest

from alexnet_viz.network.files import save_weights
from alexnet_viz.network.layers import chain
from alexnet_viz.network.variants import build
from alexnet_viz.ui.shared.unit import LAYERS
from alexnet_viz.values import VARIANTS, NetworkSpec, Preprocessing
from tests.ui.pages import HOME, assert_no_error, open_link

FILTERS, ACTIVATIONS, NETWORK, ARCHITECTURE = (
    str(HOME / "pages" / "see" / f"{name}.py") for name in ("filters", "activations", "network", "architecture")
)


def opened(**address):
    return open_link("see/filters", **{"weights": "random", **address})


def sent(app, noun):
    """What the grid of this noun was given."""
    found = [json.loads(one.proto.mixed.json)["meta"] for one in app.get("bidi_component") if one.proto.mixed.json]
    return next(meta for meta in found if meta.get("noun") == noun)


def test_conv1_shows_all_kernels_sorted_and_the_papers_two_groups():
    app = opened(variant="paper", sort_kernels="hue", channel=90)
    assert_no_error(app)
    grid = sent(app, "kernel")
    assert (grid["count"], grid["selected"], len(grid["parts"])) == (96, 90, 2)
    captions = " ".join(one.value for one in app.caption)
    assert "96 kernels of 3 × 11 × 11" in captions
    assert "chance alone splits them so" in captions
    assert [button.key for button in app.get("download_button")] == ["figure-3-png", "figure-3-svg", "figure-3-pdf"]
    app.segmented_control(key="contrast").set_value("common").run()
    assert_no_error(app)
    assert app.query_params["contrast"] in ("common", ["common"])


@pytest.mark.parametrize("layer", ["conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"])
def test_every_layer_has_its_picture(layer):
    app = opened(layer=layer, channel=3, with_photo="True")
    assert_no_error(app)
    if layer in ("fc7", "fc8"):
        assert any("which is what" in one.value for one in app.caption)
    else:
        assert sent(app, "rank")["count"] == {"conv2": 64, "conv3": 192, "conv4": 384}.get(layer, 256)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Weights of a compact network with 3 classes, of the layers of torchvision's."""
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    spec = NetworkSpec(num_classes=3, fc_width=32)
    how = Preprocessing.for_size(224)
    save_weights(
        path,
        build(spec, 1).state_dict(),
        spec=spec,
        categories=("a", "b", "c"),
        preprocessing=how,
        title="small",
        source="a test",
    )
    return str(path)


@pytest.mark.parametrize("layer", ["conv1", "conv3", "fc6", "fc8"])
def test_two_weights_in_lockstep(layer, checkpoint):
    app = opened(layer=layer, beside_weights=checkpoint, channel=1)
    assert_no_error(app)
    if layer.startswith("conv"):
        assert len(sent(app, "kernel" if layer == "conv1" else "rank")["sheets"]) == 2
    assert any("| small |" in one.value for one in app.markdown)


@pytest.mark.parametrize("layer", ["conv1", "fc8"])
def test_two_files_of_one_name_and_content_beside_each_other(layer, checkpoint, tmp_path):
    twin = shutil.copy(checkpoint, tmp_path)
    app = opened(weights=checkpoint, beside_weights=twin, layer=layer, channel=1)
    assert_no_error(app)
    table = next(one.value for one in app.markdown if one.value.startswith("| | weights |"))
    assert table.count("| small |") == 2
    charts = [json.loads(one.proto.spec)["data"] for one in app.get("plotly_chart")]
    assert sum([trace.get("name") for trace in chart] == ["small", "small"] for chart in charts) == 2


def test_networks_that_do_not_match_say_so(checkpoint):
    app = opened(layer="fc8", beside_weights=checkpoint, channel=7)
    assert_no_error(app)
    assert any("small has 3 units here" in one.value for one in app.info)
    app = opened(layer="conv3", beside_weights=checkpoint, variant="paper")
    assert_no_error(app)
    assert any("another shape at conv3" in one.value for one in app.info)
    assert_no_error(opened(layer="conv1", beside_weights=checkpoint, variant="paper", channel=90))
    app = opened(layer="conv3", beside_weights="/no/such.safetensors")
    assert "There is no file" in app.error[0].value


@pytest.mark.parametrize(
    ("layer", "shown"), [("relu3", "conv3"), ("pool2", "conv2"), ("drop6", "fc6"), ("softmax", "fc8")]
)
def test_a_layer_without_weights_becomes_the_one_before_it(layer, shown):
    app = opened(layer=layer)
    assert_no_error(app)
    assert app.selectbox(key="layer").value == shown


@pytest.mark.parametrize(
    "address", [{"channel": "9999"}, {"channel": "x"}, {"sort_kernels": "size"}, {"layer": "conv9"}]
)
def test_nonsense_in_the_address_is_passed_over(address):
    assert_no_error(opened(**address))


def test_a_layer_without_weights_is_not_forgotten_on_the_way_over_the_filters():
    app = opened(layer="pool2")
    assert app.selectbox(key="layer").value == "conv2"
    for path, shown in ((ACTIVATIONS, "pool2"), (FILTERS, "conv2"), (ACTIVATIONS, "pool2")):
        app.switch_page(path).run()
        assert app.selectbox(key="layer").value == shown
    app.selectbox(key="layer").set_value("softmax").run()
    for path, shown in ((ARCHITECTURE, "fc8"), (FILTERS, "fc8"), (NETWORK, "softmax"), (FILTERS, "fc8")):
        app.switch_page(path).run()
        assert app.selectbox(key="layer").value == shown
    app.selectbox(key="layer").set_value("conv4").run()  # somebody chose: that is the layer now
    app.switch_page(ACTIVATIONS).run()
    assert app.selectbox(key="layer").value == "conv4"
    assert_no_error(app)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_networks_layers_stand_in_the_pages_order(variant):
    names = [layer.name for layer in chain(NetworkSpec(variant))]
    assert names == [name for name in LAYERS if name in names]
