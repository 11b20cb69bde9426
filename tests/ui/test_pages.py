"""The pages without a browser: they draw what the core says, refuse what cannot be, and keep what was chosen."""

import threading
from html import escape

import numpy as np
import pytest

from alexnet_viz.images.samples import SAMPLES, sample
from alexnet_viz.inspection.model import get
from alexnet_viz.inspection.predictions import classify
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.training.textures import CLASS_NAMES, TRAIN_PER_CLASS, draw
from alexnet_viz.ui.classify.batch_table import class_in_name
from alexnet_viz.ui.shared import photos, sidebar
from tests.ui.pages import HOME, address, answer_bars, assert_no_bug, assert_no_error, open_link, script

CLASSIFY, ARCHITECTURE = "see/classify", "see/architecture"
PAGES = sorted(f"{file.parent.name}/{file.stem}" for file in HOME.glob("pages/*/*.py"))


@pytest.mark.parametrize("page", PAGES)
def test_a_fresh_machine_sees_every_page_with_the_bundled_weights(page):
    app = open_link(page)
    assert_no_bug(app)
    assert app.sidebar.selectbox(key="weights").value == "bundled"
    assert app.title


def test_classify_draws_the_cores_answer():
    app = open_link(CLASSIFY, photo="coffee", weights="random")
    assert_no_bug(app)
    expected = classify(get("random"), *sample("coffee"))[2].predictions[0].label
    assert f">{escape(expected)}<" in answer_bars(app)


def test_a_temperature_changes_probabilities_not_the_order():
    app = open_link(CLASSIFY, weights="random")
    before = answer_bars(app)
    app.slider(key="temperature").set_value(0.1).run()
    assert_no_bug(app)
    after = answer_bars(app)
    assert before != after


def test_the_address_says_what_was_chosen_and_a_link_reopens_it():
    app = open_link(CLASSIFY, photo="rocket", weights="random", variant="paper", top=7, temperature=2.5)
    assert_no_bug(app)
    assert app.slider(key="top").value == 7
    assert app.slider(key="temperature").value == 2.5
    assert app.selectbox(key="variant").value == "paper"
    said = {key: value[-1] if isinstance(value, list) else value for key, value in app.query_params.items()}
    assert said["photo"] == "rocket"
    assert said["variant"] == "paper"
    assert said["top"] == "7"


@pytest.mark.parametrize(
    "address",
    [
        {"top": "many"},
        {"temperature": "-3"},
        {"variant": "resnet"},
        {"device": "tpu"},
        {"several": "perhaps"},
        {"size": "99999"},
    ],
)
def test_nonsense_in_the_address_is_passed_over(address):
    assert_no_bug(open_link(CLASSIFY, weights="random", **address))


def test_an_unknown_photo_and_missing_weights_are_one_sentence():
    app = open_link(CLASSIFY, photo="upload-0123", weights="random")
    assert "no longer on this server" in app.warning[0].value
    app = open_link(CLASSIFY, weights="/no/such.pth")
    assert "There is no file '/no/such.pth'" in app.error[0].value
    assert_no_bug(app)


def test_imagenet_that_is_not_here_is_offered_not_replaced_unsaid():
    app = open_link(CLASSIFY, weights="imagenet")
    assert_no_bug(app)
    assert "The ImageNet weights are not on this machine" in app.sidebar.info[0].value
    app.button[0].click().run()
    assert any("could not be fetched" in error.value for error in app.error)
    assert_no_bug(app)


def test_bundled_weights_that_are_not_here_fall_to_random_ones_said_so(monkeypatch, tmp_path):
    monkeypatch.setattr("alexnet_viz.network.sources.BUNDLED", tmp_path / "none")
    app = open_link(CLASSIFY, weights="bundled")
    assert_no_bug(app)
    assert "holds no bundled weights: these are random" in app.info[0].value
    assert answer_bars(app)


def test_several_photos_in_a_table():
    app = open_link(CLASSIFY, weights="random", several="True")
    assert_no_bug(app)
    table, *_ = app.dataframe  # the last lists the classes
    assert len(table.value) == len(SAMPLES)
    assert "class" in table.value["#1"][0]
    assert len(app.get("download_button")) == 2


def test_several_photos_dropped_at_once_open_the_table_with_the_truth_that_their_names_say():
    app = open_link(CLASSIFY, weights="bundled")
    names = ("espresso_1.jpg", "IMG-2.jpg")
    app.file_uploader(key="uploads").set_value(
        [(name, sample(one.key)[0] + bytes(7), "image/jpeg") for name, one in zip(names, SAMPLES, strict=False)]
    ).run()
    assert_no_bug(app)
    assert app.toggle(key="several").value
    table, *_ = app.dataframe
    truths = table.value.set_index("name")["truth"].dropna()
    assert truths.to_dict() == {"espresso_1.jpg": "espresso"}
    assert any("Of **1** with a known truth" in text.value for text in app.markdown)
    next(button for button in app.button if button.label.startswith("Forget the truth")).click().run()
    assert_no_bug(app)
    table, *_ = app.dataframe
    assert table.value["truth"].isna().all()


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("golden_retriever-3.jpg", "golden retriever"),
        ("My Tiger-Cat (2).JPG", "tiger cat"),
        ("cat and golden retriever.jpg", None),
        ("category.jpg", None),
        ("IMG_0001.jpg", None),
        ("cat", "cat"),
    ],
)
def test_the_class_in_a_file_name(name, label):
    assert class_in_name(name, ["cat", "tiger cat", "golden retriever", "12"]) == label


def test_architecture_follows_its_choices():
    app = open_link(ARCHITECTURE, weights="random")
    assert_no_bug(app)
    assert [metric.value for metric in app.metric] == ["61.1 M", "714.2 M", "4.2 MiB"]
    app.selectbox(key="net").set_value("paper").run()
    assert_no_bug(app)
    assert app.number_input(key="size").value == 227
    assert app.number_input(key="padding").value == 0
    assert app.metric[0].value == "61.0 M"
    app.selectbox(key="layer").set_value("norm2").run()
    assert_no_bug(app)
    assert any("5 neighbouring channels" in text.value for text in app.markdown)


def test_architecture_refuses_a_size_by_the_layer_at_which_it_fails():
    app = open_link(ARCHITECTURE, weights="random")
    app.number_input(key="size").set_value(40).run()
    assert_no_bug(app)
    assert any("at pool" in error.value and "Use at least 63" in error.value for error in app.error)
    app.number_input(key="size").set_value(227).run()
    assert_no_bug(app)
    assert not [error for error in app.error if "does not fit: at" in error.value]


def test_the_network_in_use_is_drawn_and_timed_at_a_press():
    app = open_link(ARCHITECTURE, weights="bundled", batch=8)
    assert "ms" not in app.dataframe[0].value
    app.button(key="draw_in_use").click().run()
    assert_no_bug(app)
    assert (app.number_input(key="classes").value, app.number_input(key="batch").value) == (100, 1)
    assert "ms" in app.dataframe[0].value
    assert not [one for one in app.button if one.key == "draw_in_use"]


def test_the_textbooks_mistake_can_be_mended():
    app = open_link(ARCHITECTURE, weights="random")
    assert any("gets 6,400" in error.value for error in app.error)
    app.slider(key="printed_padding").set_value(2).run()
    assert_no_bug(app)
    assert any("It fits" in success.value for success in app.success)


def test_the_photo_stays_when_the_page_changes():
    app = open_link(CLASSIFY, weights="random", photo="flower", top=9)
    app.switch_page(script(ARCHITECTURE)).run()
    assert_no_bug(app)
    assert app.session_state.photo == "flower"
    app.switch_page(script(CLASSIFY)).run()
    assert_no_bug(app)
    assert app.slider(key="top").value == 9


# --- the cache that the pages share --------------------------------------------------------------------


def test_bounded_makes_once_and_lets_the_oldest_go():
    cache, made = LRUCache(2), []
    for key in "aabacb":
        cache.get(key, lambda key=key: made.append(key) or key.upper())
    assert made == ["a", "b", "c", "b"]  # b made room for c, though a was used last before it
    assert cache.peek("b") == "B"
    assert cache.peek("z") is None


def test_bounded_weighs():
    cache = LRUCache(100, lambda array: array.nbytes)
    cache.get("one", lambda: np.zeros(80, np.uint8))
    cache.get("two", lambda: np.zeros(80, np.uint8))
    assert cache.peek("one") is None
    assert cache.peek("two") is not None


def test_bounded_lets_everybody_wait_for_one_and_forgets_errors():
    cache, calls, gate = LRUCache(4), [], threading.Event()

    def make():
        calls.append(1)
        gate.wait(5)
        return "made"

    found = []
    threads = [threading.Thread(target=lambda: found.append(cache.get("k", make))) for _ in range(6)]
    [t.start() for t in threads]
    gate.set()
    [t.join() for t in threads]
    assert found == ["made"] * 6
    assert len(calls) == 1
    with pytest.raises(KeyError):
        cache.get("bad", lambda: {}["x"])
    assert cache.get("bad", lambda: "good") == "good"


def test_weights_that_know_textures_alone_offer_textures(monkeypatch):
    monkeypatch.setattr(sidebar, "_known_textures", lambda weights: ("rays", "grain"))
    app = open_link("see/classify", weights="random", photo="cat")
    assert_no_error(app)
    assert any("know 2 textures and nothing else" in info.value for info in app.info)
    app.button(key="take_texture").click().run()
    assert_no_error(app)
    assert address(app)["photo"] == "texture-rays"
    assert not any("textures and nothing else" in info.value for info in app.info)
    assert "texture-grain" in str([one.proto.json for one in app.get("bidi_component")])
    (pixels,) = draw(CLASS_NAMES.index("rays"), TRAIN_PER_CLASS + 1)[TRAIN_PER_CLASS:]  # in no run's training set
    np.testing.assert_array_equal(photos.load("texture-rays").pixels, pixels)


def test_a_texture_that_there_is_not_is_one_sentence():
    app = open_link("see/classify", weights="random", photo="texture-nonsense")
    assert_no_bug(app)
    assert address(app)["photo"] == "coffee"
