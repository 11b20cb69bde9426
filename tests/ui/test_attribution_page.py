"""The page that asks why, without a browser: maps are the core's, choices live in the address, errors are sentences."""

import io
import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alexnet_viz.attribution.methods import METHODS
from alexnet_viz.attribution.session import Session
from alexnet_viz.attribution.targets import Target
from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.images.samples import sample
from alexnet_viz.inspection.model import get
from alexnet_viz.ui.shared import photos
from alexnet_viz.ui.shared.photo_store import reference_of
from tests.ui.pages import address, assert_no_bug, open_link
from tests.waiting import wait_until

HOME = Path(__file__).parents[2]
SHELL = str(HOME / "alexnet_viz" / "ui" / "shell.py")
WHY = str(HOME / "pages" / "see" / "attribution.py")


def opened(**parameters):
    return open_link("see/attribution", **{"weights": "random", "photo": "coffee", **parameters})


def sent(app):
    """What the maps' component was given."""
    return [
        json.loads(one.proto.mixed.json) for one in app.get("bidi_component") if one.proto.WhichOneof("data") == "mixed"
    ]


@pytest.fixture(scope="module")
def coffee():
    """The same photo and network through the core itself."""
    model = get("random")
    tensor = preprocess(decode(*sample("coffee")), model.info.preprocessing).tensor
    answer = int(np.argmax(model.logits(tensor[None])[0]))
    return Session(model, tensor), answer


def test_the_map_is_the_cores_for_the_predicted_class(coffee):
    app = opened(why_method="grad-cam", why_layer="conv4", **{"why_knobs": "rectify:False"})
    assert_no_bug(app)
    session, answer = coffee
    expected = session.attribute("grad-cam", Target.of_class(answer), "conv4", {"rectify": False}).values
    (data,) = sent(app)
    over, alone = data["tiles"]
    assert (over["rows"], over["columns"]) == expected.shape
    assert over["high"] == pytest.approx(np.percentile(np.abs(expected), 99.5))
    assert over["low"] == (-over["high"] if expected.min() < 0 else 0)
    first, last = over["covers"]  # conv4's cells lie 16 pixels apart, the first around pixel 15.5
    assert (first * 224, last * 224) == pytest.approx((7.5, 7.5 + 13 * 16))
    left, _, right, _ = alone["box"]  # the crop, beside the map alone
    assert (left + first * (right - left), left + last * (right - left)) == pytest.approx((0, 1))
    assert "strongest" in over["alt"]


def test_two_classes_are_answered_side_by_side_on_one_scale():
    app = opened(why_not="7")
    assert_no_bug(app)
    first, second, difference = sent(app)[0]["tiles"]
    assert (first["low"], first["high"]) == (second["low"], second["high"])
    assert "rather than" in difference["title"]
    assert difference["low"] == -difference["high"]  # also what speaks for the second class
    assert any("blue for class 7" in text.value for text in app.caption)


def test_the_boxes_say_what_is_true_of_the_photo_at_hand():
    app = opened(photo="cat")
    before = app.selectbox(key="why_class").proto
    app.session_state["weights"], app.session_state["variant"] = "random", "single-tower"
    app.run()
    after = app.selectbox(key="why_class").proto
    assert before.options[0] != after.options[0]
    assert before.id == after.id
    assert after.set_value  # else the browser keeps the words it has
    assert after.raw_value == after.options[0]
    app.run()
    assert not app.selectbox(key="why_class").proto.set_value


def test_a_class_that_these_weights_lack_is_address():
    app = opened(why_class="4711")
    assert_no_bug(app)
    assert any("asks for class 4711, which these weights do not have" in info.value for info in app.info)
    assert address(app)["why_class"] == "predicted"
    app.run()
    assert not any("4711" in info.value for info in app.info)


def test_all_five_convolutions_are_a_strip():
    app = opened(why_layer="all")
    assert_no_bug(app)
    assert [tile["title"] for tile in sent(app)[0]["tiles"]] == ["conv1", "conv2", "conv3", "conv4", "conv5"]


def test_the_address_says_what_was_asked_and_reopens_it():
    asked = {"why_class": "3", "why_layer": "conv3", "why_method": "grad-cam", "why_look": "style:mask;keep:20"}
    app = opened(**asked)
    assert_no_bug(app)
    assert {key: address(app)[key] for key in asked} == asked
    app.selectbox(key="why_method").set_value("saliency").run()
    app.toggle(key="setting-saliency-absolute").set_value(False).run()
    assert_no_bug(app)
    assert address(app)["why_knobs"] == "absolute:False"
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
    assert_no_bug(app)
    assert sent(app)


def test_a_unit_of_a_layer_can_be_asked_for():
    app = opened(why_class="unit", why_unit_layer="conv3", why_unit="5", why_place="6, 6", why_layer="conv2")
    assert_no_bug(app)
    assert any("channel 5 at row 6, column 6" in text.value for text in app.caption)
    app.text_input(key="why_place").set_value("99").run()
    assert any("A place is two numbers" in error.value for error in app.error)
    app.text_input(key="why_place").set_value("").run()
    app.selectbox(key="why_layer").set_value("conv5").run()
    assert_no_bug(app)
    assert any("lies behind" in error.value for error in app.error)


def test_a_unit_is_the_channel_that_one_came_with_until_another_is_chosen():
    app = opened(why_class="unit", layer="conv3", channel="17")
    assert_no_bug(app)
    assert (app.selectbox(key="why_unit_layer").value, app.number_input(key="why_unit").value) == ("conv3", 17)
    app.number_input(key="why_unit").set_value(4).run()
    assert address(app)["why_unit"] == "4"
    app = opened(why_class="unit", layer="conv3", channel="17", why_unit_layer="conv2", why_unit="5")
    assert (address(app)["why_unit_layer"], address(app)["why_unit"]) == ("conv2", "5")


def kept(image, **how):
    """An upload as the server keeps it; its reference."""
    buffer = io.BytesIO()
    image.save(buffer, **how)
    data = buffer.getvalue()
    reference = reference_of(data)
    photos._files.put(reference, data, "own")
    return reference


def test_photos_of_one_colour_or_few_pixels_or_stored_sideways_get_labelled_maps():
    turned = Image.Exif()
    turned[0x0112] = 6
    for image, how in (
        (Image.new("RGB", (90, 60), "gray"), {"format": "PNG"}),
        (Image.effect_noise((8, 11), 60).convert("RGB"), {"format": "PNG"}),
        (Image.effect_noise((400, 240), 60).convert("RGB"), {"format": "JPEG", "exif": turned}),
    ):
        app = opened(photo=kept(image, **how), why_method="input-x-gradient")
        assert_no_bug(app)
        left, top, right, bottom = sent(app)[0]["tiles"][0]["box"]
        width, height = image.size[::-1] if "exif" in how else image.size
        assert (right - left) * width == pytest.approx((bottom - top) * height, rel=0.05)  # the crop is a square
        assert any("own" in text.value for text in app.caption)


def test_settings_tell_all_that_a_map_came_from():
    app = opened(why_method="saliency")
    names = [button.proto.label for button in app.get("download_button")]
    assert names == ["Overlay PNG", "Raw map .npy", "Slide PNG", "Settings JSON"]


def until_done(app):
    """Run again while something slow is on its way, as the page's fragment does."""
    while any(button.key == "job_stop" for button in app.button):
        wait_until(lambda: not any(button.key == "job_stop" for button in app.run().button), pause=0.5)
    return app


def test_methods_side_by_side_agree_with_themselves_and_one_opens_large():
    app = until_done(opened(why_view="compare", why_methods="saliency,input-x-gradient"))
    assert_no_bug(app)
    (data,) = sent(app)
    assert [tile["title"] for tile in data["tiles"]] == ["Grad-CAM", "Saliency", "Input × gradient"]
    assert data["linked"]
    spearman, _ = (json.loads(chart.proto.spec) for chart in app.get("plotly_chart"))
    cells = [text["text"] for text in spearman["layout"]["annotations"]]
    assert [cells[0], cells[4], cells[8]] == ["1.00"] * 3
    assert cells[1] == cells[3]


def test_one_scale_for_all():
    app = until_done(opened(why_view="compare", why_kind="classes", why_classes="1,2,3", why_scale="True"))
    assert_no_bug(app)
    assert len({(tile["low"], tile["high"]) for tile in sent(app)[0]["tiles"]}) == 1


def test_photos_and_weights_side_by_side():
    app = until_done(opened(why_view="compare", why_kind="photos", why_photos="cat,rocket"))
    assert_no_bug(app)
    (data,) = sent(app)
    assert [tile["title"].partition(":")[0] for tile in data["tiles"]] == ["Chelsea, a cat", "A rocket at dusk"]
    assert not data["linked"]
    app.segmented_control(key="why_kind").set_value("weights").run()
    assert_no_bug(app)


def test_a_contrast_goes_over_to_the_other_weights_by_name(monkeypatch):
    names = [get("bundled").info.categories[index] for index in (3, 90)]
    known = ["class 0", *(name.capitalize() for name in names[::-1])]
    plain = get("random")
    info = replace(plain.info, categories=(*known, *plain.info.categories[3:]))
    monkeypatch.setitem(plain.__dict__, "info", info)
    two = {"why_view": "compare", "why_kind": "weights", "weights": "bundled", "beside_weights": "random"}
    app = until_done(opened(why_class=3, why_not=90, **two))
    assert_no_bug(app)
    mine, other = (tile["title"] for tile in sent(app)[0]["tiles"])
    assert mine.endswith(f"logit of {names[0]} minus logit of {names[1]}")
    assert other.endswith(f"logit of {known[2]} minus logit of {known[1]}")
    assert not any("does not know" in info.value for info in app.info)
    app.selectbox(key="why_not").set_value("5").run()
    assert_no_bug(app)
    assert any("does not know" in info.value and "alone" in info.value for info in app.info)


def test_layers_lose_their_training_one_after_another():
    app = until_done(opened(why_view="compare", why_kind="cascade", why_method="saliency"))
    assert_no_bug(app)
    (data,) = sent(app)
    assert [tile["title"] for tile in data["tiles"]][:2] == ["As trained", "Random to fc8"]
    assert len(data["tiles"]) == 9
    lines = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    assert [line["name"] for line in lines] == ["Saliency", "Guided backprop"]
    assert lines[0]["x"] == ["trained", "fc8", "fc7", "fc6", "conv5", "conv4", "conv3", "conv2", "conv1"]


def test_put_to_the_test_measures_what_the_core_measures(coffee):
    from alexnet_viz.attribution import faithfulness

    link = {"why_view": "test", "why_tested": "saliency", "why_steps": "8", "why_box": "20,20,120,120"}
    app = until_done(opened(**link))
    assert_no_bug(app)
    session, answer = coffee
    target = Target.of_class(answer)
    found = session.attribute("grad-cam", target, "conv5")
    found = faithfulness.on_input(found.values, 224, found.placement)
    tensor = session.photo[0].numpy()
    watched = faithfulness.share(get("random"), target, tensor)
    area = faithfulness.deletion("", watched, tensor, found, steps=8).area
    numbers, box = app.dataframe
    assert numbers.value["deletion"][0] == pytest.approx(area, rel=1e-3)
    assert 0 <= numbers.value["infidelity"][0] <= 1
    assert numbers.value["sensitivity"][0] >= 0
    hit = faithfulness.pointing(found, (20, 20, 120, 120), 224)
    assert box.value["points into the box"][0] == ("yes" if hit.hit else "no")
    charts = [json.loads(chart.proto.spec)["data"] for chart in app.get("plotly_chart")]
    assert [len(lines) for lines in charts] == [4, 4]  # two methods, random pixels, the centred Gaussian
    assert address(app)["why_box"] == "20,20,120,120"


def test_by_hand_begins_with_the_answer():
    app = opened(why_view="hand", why_fill="blur")
    assert_no_bug(app)
    assert any("Paint over what you believe it sees" in text.value for text in app.markdown)
    before, after = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    assert before["x"] == after["x"]
    assert address(app)["why_fill"] == "blur"


def test_strokes_are_part_of_the_link():
    from alexnet_viz.ui.attribution.by_hand import _read, _written

    mask = np.zeros((224, 224), bool)
    mask[40:180, 30:200] = True
    text = _written(mask)
    np.testing.assert_array_equal(_read(text, 224), mask)
    app = opened(why_view="hand", why_paint=text)
    assert_no_bug(app)
    assert any(f"{mask.mean():.0%} of its input is painted" in one.value for one in app.markdown)
    assert address(app)["why_paint"] == text
    app.session_state["photo"] = "rocket"
    app.run()
    assert_no_bug(app)
    assert any("Paint over what you believe it sees" in one.value for one in app.markdown)


@pytest.mark.parametrize("text", ["", "x", "####", "AAAA", "eJwDAAAAAAE"])
def test_strokes_that_are_none_are_passed_over(text):
    from alexnet_viz.ui.attribution.by_hand import _read, _written

    assert _read(text, 224) is None
    assert _read(_written(np.ones((227, 227), bool)), 224) is None
    app = opened(why_view="hand", why_paint=text)
    assert_no_bug(app)
    assert any("Paint over what you believe it sees" in one.value for one in app.markdown)


def test_a_slow_map_can_be_stopped_and_begun_again(monkeypatch):
    gate = threading.Event()
    true = Session.attribute

    def held(self, key, target, layer=None, settings=None, progress=None):
        while not gate.wait(0.05):
            progress(1, 100)
        return true(self, key, target, layer, settings, progress)

    slow = next(key for key, method in METHODS.items() if method.slow)
    monkeypatch.setattr(Session, "attribute", held)
    app = opened(photo="rocket", why_method=slow)
    assert_no_bug(app)
    assert not sent(app)
    app.button(key="job_stop").click().run()
    assert any("Stopped" in info.value for info in app.info)
    assert not sent(app)
    app.selectbox(key="why_method").set_value("grad-cam")  # what was slow is left alone
    monkeypatch.setattr(Session, "attribute", true)
    app.run()
    assert_no_bug(app)
    assert "Grad-CAM" in app.caption[0].value
    gate.set()
