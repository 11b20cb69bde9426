"""The units page without a browser: pictures of units of every kind of layer, a layer's sheet, and bad links."""

import io
import json
import re
from threading import Event

import numpy as np
import pytest
from PIL import Image

from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.images.samples import SAMPLES, sample
from alexnet_viz.inspection.lesion import Lesion, lesioned
from alexnet_viz.inspection.model import get
from alexnet_viz.inspection.predictions import softmax, strongest
from alexnet_viz.inspection.trace import trace
from alexnet_viz.network.keys import CONVOLUTIONS, FULLY_CONNECTED
from alexnet_viz.ui.units import collection_map
from alexnet_viz.units.collection import of_place
from alexnet_viz.units.exemplar_store import collect
from alexnet_viz.units.projection import MAP_LAYERS, Projection, principal_components
from alexnet_viz.units.quiz import trials
from tests.ui.pages import address, assert_no_error, open_link
from tests.waiting import PATIENCE, wait_until

FAST = "steps:4"


def finished(**place):
    app = open_link("see/units", **{"weights": "random", "optimise": FAST, **place})
    wait_until(lambda: not any(button.key == "job_stop" for button in app.run().button), pause=0.3)
    return app


def captions(app):
    return [element.proto.imgs[0].caption for element in app.get("image")]


@pytest.mark.parametrize(("layer", "unit"), [("conv1", 3), ("conv4", 200), ("fc6", 4095)])
def test_a_unit_has_a_picture_that_drives_it_up_and_one_that_drives_it_down(layer, unit):
    app = finished(layer=layer, channel=unit)
    assert_no_error(app)
    up, down = captions(app)
    assert up.startswith("**Drives it up**: value before ReLU")
    assert down.startswith("**Drives it down**: value before ReLU −")


def test_a_class_is_chosen_by_name_and_the_page_says_how_its_picture_misleads():
    app = finished(layer="fc8", channel=5, weights="bundled")
    assert_no_error(app)
    assert "logit" in captions(app)[0]
    assert any("not what its photos look like" in element.value for element in app.info)


def test_several_pictures_of_one_unit_and_the_settings_stand_in_the_address():
    app = finished(layer="conv2", channel=7, diverse=3)
    assert_no_error(app)
    assert [caption.split("**")[1] for caption in captions(app)] == [
        "Drives it up, 1 of 3",
        "Drives it up, 2 of 3",
        "Drives it up, 3 of 3",
        "Drives it down",
    ]
    assert address(app)["optimise"] == FAST
    assert address(app)["diverse"] == "3"


def test_all_of_a_layer_is_one_sheet():
    app = finished(layer="conv2", channel=9, sheet="True")
    assert_no_error(app)
    shown = [element.proto.mixed.json for element in app.get("bidi_component") if element.proto.mixed.json]
    sheet = next(meta for meta in (json.loads(text)["meta"] for text in shown) if meta.get("noun") == "channel")
    assert (sheet["count"], sheet["selected"]) == (192, 9)
    assert sheet["sheets"][0]["alt"] == "Optimised pictures of 192 of 192 channels of conv2"


@pytest.mark.parametrize("place", [{"layer": "conv9"}, {"channel": 10**7}, {"optimise": "steps:-5;seed:x"}])
def test_a_link_to_what_is_not_there_shows_what_is(place):
    app = finished(**{"layer": "conv1", **place})
    assert_no_error(app)
    assert len(captions(app)) == 2


@pytest.mark.parametrize(
    ("exaggeration", "says"),
    [("1", r"error \d+\.\d%"), ("3", r"×[\d.]+, cosine −?[01]\.\d\d"), ("dream", r"×[\d.]+")],
)
def test_what_is_left_of_the_photo_is_a_strip_of_all_layers_with_how_near_they_came(exaggeration, says):
    app = finished(view="photo", exaggeration=exaggeration, invert="steps:2")
    assert_no_error(app)
    photo, *layers = captions(app)
    assert photo.startswith("**The photo**")
    assert [caption.split("**")[1] for caption in layers] == [*CONVOLUTIONS, *FULLY_CONNECTED]
    for caption in layers:
        assert re.fullmatch(rf"\*\*\w+\*\*: {says}", caption)
    assert {"view": "photo", "exaggeration": exaggeration, "invert": "steps:2"}.items() <= address(app).items()


def test_a_strip_that_was_stopped_stands_as_far_as_it_came_and_another_manner_begins_anew():
    app = open_link("see/units", weights="random", view="photo", invert="steps:2048")
    app.button(key="job_stop").click().run()
    assert_no_error(app)
    assert len(captions(app)) == 9
    assert [button.key for button in app.button if button.key in ("job_stop", "job_again")] == ["job_again"]
    app.select_slider(key="exaggeration").set_value("dream").run()
    assert_no_error(app)
    assert any("DeepDream" in caption.value for caption in app.caption)
    app.button(key="job_stop").click().run()


def photo_grid(app):
    """What the grid of a unit's photos is told."""
    shown = [element.proto.mixed.json for element in app.get("bidi_component") if element.proto.mixed.json]
    return next(meta for meta in (json.loads(text)["meta"] for text in shown) if meta.get("noun") == "photo")


@pytest.mark.parametrize(("layer", "ranking"), [("conv1", "most"), ("conv5", "least"), ("fc8", "relevant")])
def test_a_unit_has_the_photos_that_drive_it(layer, ranking):
    app = finished(view="exemplars", layer=layer, channel=5, ranking=ranking, mask="True")
    assert_no_error(app)
    grid = photo_grid(app)
    assert grid["count"] == min(9, len(SAMPLES))
    assert set(grid["names"]) <= {photo.title for photo in SAMPLES}
    assert grid["facts"] == ["relevance" if ranking == "relevant" else "value before ReLU"]
    assert any("The network calls these photos" in caption.value for caption in app.caption)
    assert any("Classes it votes for" in element.value for element in app.markdown) == (layer != "fc8")


@pytest.mark.parametrize("layer", ["conv5", "fc7"])
def test_a_unit_has_the_classes_it_votes_for_and_the_answer_without_it(layer):
    app = finished(view="exemplars", layer=layer, channel=5, weights="bundled", photo="coffee")
    assert_no_error(app)
    (votes,) = [element for element in app.markdown if "Classes it votes for" in element.value]
    assert ("weights to fc8" in votes.value) == (layer == "fc7")
    assert re.search(r"\*\*\+[\d.]+\*\*.*\*\*−[\d.]+\*\*", votes.value)
    (without,) = [element.value for element in app.markdown if "**Without the" in element.value]
    assert len(re.findall(r"[\d.]+% → [\d.]+%", without)) == 5
    network = get("bundled")
    before = trace(network, preprocess(decode(*sample("coffee")), network.info.preprocessing).tensor)
    after = softmax(lesioned(network, before, Lesion(layer, (5,))).outputs["fc8"])
    for answer in strongest(before.outputs["fc8"], network.info.categories):
        assert f"{answer.label} **{answer.probability:.1%} → {after[answer.index]:.1%}**" in without


def test_a_folder_is_looked_through_and_what_cannot_be_read_is_said(tmp_path):
    place = tmp_path / "photos"
    place.mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (90, 70, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{number}.png")
    (place / "torn.png").write_bytes((place / "0.png").read_bytes()[:2000])
    app = finished(view="exemplars", layer="conv3", channel=5, collection="folder", folder=str(place))
    assert_no_error(app)
    assert sorted(photo_grid(app)["names"]) == ["0.png", "1.png", "2.png"]
    (said,) = [caption.value for caption in app.caption if "photos looked at" in caption.value]
    assert "4 of 4 photos looked at" in said
    assert "1 could not be read" in said
    assert "torn.png is damaged" in said


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [
        ("", "Name a folder of photos"),
        ("/no/such/place", "There is no folder"),
        ("~nosuchuser/x", "There is no folder"),
    ],
)
def test_a_folder_that_is_not_there_gets_a_sentence(folder, sentence):
    app = finished(view="exemplars", layer="conv3", channel=5, collection="folder", folder=folder)
    assert not app.exception
    messages = [element.value for element in (*app.error, *app.info)]
    assert any(sentence in message for message in messages), messages
    assert not any("bug" in message for message in messages)


def test_the_photos_near_to_the_photo_are_shown_by_fc7_and_by_pixels(tmp_path):
    place = tmp_path / "photos"
    place.mkdir()
    with Image.open(io.BytesIO(sample("coffee")[0])) as coffee:
        coffee.save(place / "the same.png")
        coffee.crop((40, 20, *coffee.size)).save(place / "cropped.png")
        coffee.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(place / "mirrored.png")
    with Image.open(io.BytesIO(sample("cat")[0])) as cat:
        cat.save(place / "cat.png")
    app = finished(view="neighbours", weights="bundled", photo="coffee", collection="folder", folder=str(place))
    assert_no_error(app)
    grids = [
        meta
        for element in app.get("bidi_component")
        if element.proto.mixed.json and (meta := json.loads(element.proto.mixed.json)["meta"]).get("noun") == "photo"
    ]
    by_fc7, by_pixels = (grid["names"] for grid in grids)
    assert sorted(by_fc7) == sorted(by_pixels) == ["cat.png", "cropped.png", "mirrored.png"]  # not the same photo
    assert by_fc7[-1] == "cat.png"
    assert len(app.get("download_button")) == 6  # both parts of Figure 4


def quiz_photos(folder):
    """Twelve photos, each brighter than the one before."""
    place = folder / "photos"  # beside the cache: a folder that changes is looked through again
    place.mkdir()
    for number in range(12):
        pixels = np.random.default_rng(number).integers(0, 30 + 15 * number, (90, 70, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{number}.png")
    return place


def test_the_quiz_is_taken_to_its_end_and_scored(tmp_path):
    place = quiz_photos(tmp_path)
    link = {"view": "quiz", "layer": "conv1", "reference": "photos", "collection": "folder", "folder": str(place)}
    app = finished(weights="bundled", **link)
    for number in range(20):
        assert_no_error(app)
        assert any(f"Question {number + 1} of 20" in element.value for element in app.markdown)
        app.button(key="quiz_0").click().run()  # A
        assert any("It is channel" in element.value for element in app.markdown)
        app.button(key="quiz_next").click().run()
    (score,) = [element.value for element in app.markdown if "right," in element.value]
    right = int(score.split("**")[1].split(" of ")[0])
    found = collect(get("bundled"), of_place(place))
    assert right == sum(trial.right == 0 for trial in trials(found, "conv1", seed=10_000))
    assert f"{right} of 20 right, {right / 20:.0%}" in score
    assert "That was the last question" in score
    row = f"{right} of 20, {right / 20:.0%}"
    assert table(app) == [
        ["Reference pictures", "conv1", "all layers", "people in the paper"],
        ["optimised picture", "–", "–", "82% ± 4%"],
        ["photos", row, row, "92% ± 2%"],
        ["both", "–", "–", "–"],
    ]


def table(app):
    """The quiz's table of answers, without the line below its head."""
    (text,) = [element.value for element in app.markdown if element.value.startswith("| Reference pictures")]
    head, _, *rows = [line.strip("| ").split(" | ") for line in text.splitlines()]
    return [head, *rows]


def test_the_quizs_answers_are_told_by_layer_and_a_question_that_was_answered_does_not_count_again(tmp_path):
    place = quiz_photos(tmp_path)
    link = {"view": "quiz", "reference": "photos", "collection": "folder", "folder": str(place)}
    app = finished(weights="bundled", layer="conv3", **link)
    right = 0
    for layer in ("conv3", "conv1", "conv3"):  # the last time the same question
        app.selectbox(key="layer").set_value(layer).run()
        app.button(key="quiz_0").click().run()
        right += layer == "conv3" and any("**Right.**" in element.value for element in app.markdown)
        assert_no_error(app)
    head, _, photos, _ = table(app)
    assert head[1:4] == ["conv1", "conv3", "all layers"]
    assert photos[2] == f"{right // 2} of 1, {right / 2:.0%}"
    assert " of 2, " in photos[3]


def photo_folder(tmp_path):
    """Noise of a different strength on each photo, in two folders."""
    for number in range(6):
        place = tmp_path / "photos" / ("cat" if number % 2 else "dog")  # beside the cache
        place.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 90 + 30 * number, (90, 70, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{number}.png")
    return tmp_path / "photos"


def map_meta(app):
    """What the map is told."""
    shown = [element.proto.mixed.json for element in app.get("bidi_component") if element.proto.mixed.json]
    return next(meta for meta in (json.loads(text)["meta"] for text in shown) if "sheet" in meta)


@pytest.mark.parametrize("layer", MAP_LAYERS)
def test_a_folder_is_a_map_by_a_layer_with_the_variance_of_its_axes(layer, tmp_path):
    folder = photo_folder(tmp_path)
    app = finished(view="map", weights="bundled", map_layer=layer, collection="folder", folder=str(folder))
    assert_no_error(app)
    meta = map_meta(app)
    assert meta["names"] == [f"cat/{i}.png" for i in (1, 3, 5)] + [f"dog/{i}.png" for i in (0, 2, 4)]
    assert [meta["classes"][entry["label"]] for entry in meta["legend"]] == ["cat", "dog"]
    assert [entry["count"] for entry in meta["legend"]] == [3, 3]
    vectors = getattr(collect(get("bundled"), of_place(folder)), layer)
    first, second = principal_components(vectors, np.ones(6, bool)).shares
    (said,) = [caption.value for caption in app.caption if "of all variance" in caption.value]
    assert f"component 1, {first:.1%} of all variance; upwards: 2, {second:.1%}" in said


def test_the_maps_colours_and_the_class_that_stands_out_are_chosen_and_stand_in_the_address(tmp_path):
    place = {"view": "map", "weights": "bundled", "collection": "folder", "folder": str(photo_folder(tmp_path))}
    app = finished(**place, stand_out="dog")
    assert map_meta(app)["highlight"] == 1
    assert address(app)["stand_out"] == "dog"
    app.selectbox(key="colour_by").set_value("answer").run()
    assert_no_error(app)
    meta = map_meta(app)
    assert (meta["highlight"], sum(entry["count"] for entry in meta["legend"])) == (-1, 6)  # no answer is "dog"
    assert {"colour_by": "answer", "stand_out": "", "map_layer": "fc7", "axes": "pca"}.items() <= address(app).items()


def test_without_umap_learn_there_are_principal_components_and_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(collection_map, "umap_missing", lambda: "UMAP needs this: python -m pip install umap-learn.")
    app = finished(view="map", axes="umap", collection="folder", folder=str(photo_folder(tmp_path)))
    assert_no_error(app)
    assert any("pip install umap" in message.value for message in app.info)
    assert any("of all variance" in caption.value for caption in app.caption)


def test_umap_comes_in_the_background_in_the_place_of_principal_components(monkeypatch, tmp_path):
    begun, go_on = Event(), Event()

    def umap(components, check):
        begun.set()
        while not go_on.wait(0.05):
            check()
        return Projection(components.photos, components.points[:, :2] * 2, None)

    monkeypatch.setattr(collection_map, "umap", umap)
    monkeypatch.setattr(collection_map, "umap_missing", lambda: "")
    folder = photo_folder(tmp_path)
    finished(view="map", collection="folder", folder=str(folder))
    app = open_link("see/units", weights="random", view="map", axes="umap", collection="folder", folder=str(folder))
    assert begun.wait(PATIENCE)
    assert "principal components" in map_meta(app)["about"]
    assert any(button.key == "job_stop" for button in app.button)
    go_on.set()
    wait_until(lambda: not any(button.key == "job_stop" for button in app.run().button), pause=0.3)
    assert_no_error(app)
    assert map_meta(app)["about"].endswith("UMAP")
    assert any("UMAP keeps neighbours together" in caption.value for caption in app.caption)


def test_the_photos_at_hand_are_a_map_in_the_colours_of_the_networks_answers():
    app = finished(view="map", weights="bundled", photo="coffee")
    assert_no_error(app)
    meta = map_meta(app)
    assert sorted(meta["names"]) == sorted(photo.title for photo in SAMPLES)
    assert SAMPLES[meta["selected"]].key == "coffee"
    assert meta["legend"]
