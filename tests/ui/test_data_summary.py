"""What the training page says of a folder before Start, and of a run whose photos moved; without a browser."""

import io
import os
import threading

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from alexnet_viz.disk import runs_folder
from alexnet_viz.errors import DataError
from alexnet_viz.training import data, runs
from alexnet_viz.training.recipe import Recipe, preset
from alexnet_viz.ui.training import data_summary
from tests.ui.pages import SHELL, script
from tests.waiting import PATIENCE

TRAIN = script("train/train")


def jpeg(seed):
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (20, 20, 3), dtype=np.uint8)).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "photos"
    for number, name in enumerate(("train/ant", "train/*bee*", "valid/ant", "valid/*bee*", "test/ant")):
        (root / name).mkdir(parents=True)
        for i in range(3):
            (root / name / f"{i}.jpg").write_bytes(jpeg(10 * number + i))
    (root / "train/ant/list.txt").write_text("text")
    return root


@pytest.fixture
def page():
    app = AppTest.from_file(SHELL, default_timeout=PATIENCE)
    app.query_params["weights"] = "random"
    app.run()
    return app.switch_page(TRAIN).run()


def enter(page, place):
    page.selectbox(key="data_source").set_value("folder").run()
    page.text_input(key="data_place").set_value(str(place)).run()
    for _ in range(100):  # a machine under load: the listing may take longer than the page waits
        if not any("hourglass" in caption.value for caption in page.caption):
            break
        page.run()
    assert not page.exception


def understood(page):
    return next(block for block in page.expander if "classes" in block.label)


def test_before_start_the_page_says_what_it_understood(page, folder, monkeypatch):
    enter(page, folder)
    block = understood(page)
    assert "2 classes, 12 photos" in block.label
    assert "4 left out" in block.label
    (text,) = block.markdown
    assert "test/ is not used" in text.value
    assert "1 that are no photos, such as train/ant/list.txt" in text.value
    assert block.dataframe[0].value.to_dict("list") == {
        "class": ["*bee*", "ant"],
        "to train on": [3, 3],
        "to validate": [3, 3],
    }
    assert not page.button(key="start").disabled
    monkeypatch.setattr(data, "examine", None)  # no rerun lists again
    page.run()
    assert "2 classes" in understood(page).label


def test_after_a_change_the_folder_is_listed_again(page, folder):
    enter(page, folder)
    (folder / "train/ant/new.jpg").write_bytes(jpeg(99))
    page.button(key="list_again").click().run()
    enter(page, folder)
    assert "13 photos" in understood(page).label


@pytest.mark.parametrize("place", ["pipe", "/dev/zero", "/sys"])
def test_a_place_that_is_no_folder_is_one_sentence(page, tmp_path, place):
    os.mkfifo(tmp_path / "pipe")
    enter(page, tmp_path / place)
    assert any("part of the system" in error.value for error in page.error)
    assert page.button(key="start").disabled
    assert page.button(key="list_again")


def test_a_listing_shows_how_far_it_is_and_can_be_stopped(page, folder, monkeypatch):
    stopped = threading.Event()

    def endless(recipe, on_progress):
        try:
            while True:
                on_progress("listing: 1,000,000 photos")
                stopped.wait(0.01)
        except BaseException:
            stopped.set()
            raise

    monkeypatch.setattr(data, "examine", endless)
    monkeypatch.setattr(data_summary, "QUICK", 0.1)
    page.selectbox(key="data_source").set_value("folder").run()
    page.text_input(key="data_place").set_value(str(folder)).run()
    assert any("1,000,000 photos" in caption.value for caption in page.caption)
    assert page.button(key="start").disabled
    page.button(key="stop_listing").click().run()
    assert stopped.wait(10)
    page.run()
    assert any("stopped before its end" in info.value for info in page.info)
    assert page.button(key="list_again")


def test_a_listing_that_nobody_waits_for_ends(folder, monkeypatch):
    monkeypatch.setattr(data_summary, "UNWATCHED", 0.0)
    listing = data_summary.Listing(Recipe(data=f"folder:{folder}"))
    assert isinstance(listing.answer.exception(30), data_summary.Stopped)


def test_a_run_whose_photos_moved_asks_where_they_are(page, folder, tmp_path, monkeypatch):
    recipe = preset("quick").changed(data=f"folder:{tmp_path / 'gone'}")
    run = runs.create_run(recipe, runs_folder(), "moved")
    runs.write_status(run, runs.Status("stopped", step=3, steps=9, attempt=1))
    started = []
    monkeypatch.setattr("alexnet_viz.training.launcher.start", lambda path, **_: started.append(path))
    page.run()
    assert page.button(key="resume_moved").disabled
    page.text_input(key="moved-moved").set_value(str(tmp_path / "nowhere")).run()
    page.button(key="resume_moved").click().run()
    assert any("There is no folder" in error.value for error in page.error)
    page.text_input(key="moved-moved").set_value(str(folder)).run()
    page.button(key="resume_moved").click().run()
    assert not page.exception
    assert started == [run]
    assert not any(box.key == "moved-moved" for box in page.text_input)


@pytest.mark.parametrize("source", ["folder", "imagenet"])
def test_before_a_place_is_typed_the_page_asks_for_it(page, source):
    page.selectbox(key="data_source").set_value(source).run()
    assert page.info[0].value.startswith("Where are the photos? ")
    assert not page.error
    assert page.button(key="start").disabled


@pytest.mark.parametrize("source", ["folder", "imagenet"])
@pytest.mark.parametrize("place", ["~nosuchuser/photos", "x" * 300, "a\0b"])
def test_a_place_that_cannot_be_is_a_sentence(source, place):
    with pytest.raises(DataError, match=r"^There is no folder|^ImageNet is not in"):
        data.check_place(Recipe(data=f"{source}:{place}"))
