"""Collections: a folder's photos with their classes, photos at hand, and what a run validates on."""

import numpy as np
import pytest
from PIL import Image

from alexnet_viz.errors import DataError, RunError
from alexnet_viz.training import data, runs
from alexnet_viz.training.recipe import preset
from alexnet_viz.units.collection import named, of_photos, of_place


def save(path, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (30, 40, 3), dtype=np.uint8)).save(path)


def test_a_folders_photos_have_the_folder_that_they_lie_in_as_their_class(tmp_path):
    for name in ("train/n02/b.png", "val/n02/c.png", "train/n01/a.png", "alone.png"):
        save(tmp_path / name)
    (tmp_path / "classes.tsv").write_text("n01\ttabby\nn02\tbeagle\n")
    collection = of_place(tmp_path)
    assert {name: collection.class_of(i) for i, name in enumerate(collection.names)} == {
        "alone.png": "",
        "train/n01/a.png": "tabby",
        "train/n02/b.png": "beagle",
        "val/n02/c.png": "beagle",
    }
    assert collection.read(0).size == (40, 30)


def test_its_key_changes_with_any_photo_and_with_nothing_else(tmp_path):
    save(tmp_path / "a.png")
    save(tmp_path / "b.png", 1)
    key = of_place(tmp_path).key
    assert of_place(tmp_path).key == key
    save(tmp_path / "b.png", 2)
    assert of_place(tmp_path).key != key


def test_a_photo_that_is_gone_says_what_to_do(tmp_path):
    save(tmp_path / "a.png")
    collection = of_place(tmp_path)
    (tmp_path / "a.png").unlink()
    with pytest.raises(DataError, match=r"a\.png can no longer be read .*: put it back, or look again"):
        collection.read(0)


def test_an_empty_folder_says_so(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no photos"):
        of_place(tmp_path / "empty")


@pytest.mark.parametrize("place", ["no/such/place", "~nosuchuser/photos"])
def test_a_place_that_is_not_there_says_so(place):
    with pytest.raises(DataError, match=r"There is no folder or \.zip file"):
        named(place)


def test_a_file_that_is_no_zip_says_what_to_choose(tmp_path):
    file = tmp_path / "notes.md"
    file.write_text("no photos")
    with pytest.raises(
        DataError, match=r"notes\.md is neither a folder nor a \.zip file: choose one with photos in it"
    ):
        of_place(file)


def test_no_photos_at_hand_say_so():
    with pytest.raises(DataError, match="There is no photo to look through"):
        of_photos("mine", (), (), lambda reference: None)


def test_a_runs_collection_is_what_it_validates_on(tmp_path):
    recipe = preset("quick").changed(classes=3)
    runs.create_run(recipe, tmp_path / "runs", "mine")
    collection = named("run:mine")
    val = data.load(recipe).val
    assert len(collection) == len(val)
    np.testing.assert_array_equal(collection.labels, val.labels)
    np.testing.assert_array_equal(collection.read(7).pixels, val.image(7))
    assert collection.class_of(7) == val.class_names[val.labels[7]]


def test_a_run_that_is_not_there_says_so():
    with pytest.raises(RunError, match="is not there"):
        named("run:none")
