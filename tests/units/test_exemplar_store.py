"""Searches on the disk: what was found is found again, and a search that was stopped goes on."""

import os
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from PIL import Image

from alexnet_viz.errors import DataError
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.units import exemplar_store
from alexnet_viz.units import exemplars as search
from alexnet_viz.units.collection import of_place
from alexnet_viz.units.exemplar_store import BY_PHOTO, collect
from alexnet_viz.units.neighbours import thumbnail
from alexnet_viz.values import NetworkSpec
from tests.waiting import PATIENCE

from .conftest import model_of


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(3)
    for number in range(70):
        place = tmp_path / "photos" / ("cat" if number % 2 else "dog")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (70, 80, 3), dtype=np.uint8)).save(place / f"{number:02}.png")
    return tmp_path / "photos"


@pytest.fixture(scope="module")
def tiny():
    return model_of(NetworkSpec("torchvision", num_classes=3, fc_width=8, input_size=64))


def test_what_was_found_in_a_folder_is_kept_on_the_disk_and_gone_on_with(tiny, folder, tmp_path):
    collection = of_place(folder)
    assert collection.class_names == ("cat", "dog")
    assert collection.class_of(0) == "cat"

    class Stop(Exception):
        pass

    def stop(value):
        raise Stop

    with pytest.raises(Stop):
        collect(tiny, collection, on_progress=stop)
    (file,) = (tmp_path / "cache" / "exemplars").glob("*.npz")
    steps = []
    complete = collect(tiny, of_place(folder), on_progress=lambda value: steps.append(value.done))
    assert steps == [64, 70]  # not 32 again
    unreadable = replace(collection, read=lambda number: pytest.fail("read again"))
    again = collect(tiny, unreadable)
    for name, layer in complete.layers.items():
        for kind, ranking in layer.rankings.items():
            np.testing.assert_array_equal(ranking.photos, again.layers[name].rankings[kind].photos)
            np.testing.assert_array_equal(ranking.values, again.layers[name].rankings[kind].values)
    for name in BY_PHOTO:
        np.testing.assert_array_equal(getattr(complete, name), getattr(again, name))
    seen = preprocess(collection.read(69), tiny.info.preprocessing).pixels
    np.testing.assert_array_equal(complete.thumbnails[69], thumbnail(seen))
    file.write_bytes(b"torn")
    assert collect(tiny, collection).is_complete


def test_another_file_or_other_weights_are_looked_at_anew(tiny, folder, tmp_path):
    collect(tiny, of_place(folder))
    collect(model_of(tiny.info.spec, seed=1), of_place(folder))
    (folder / "cat" / "01.png").unlink()
    assert collect(tiny, of_place(folder)).total == 69
    assert len(list((tmp_path / "cache" / "exemplars").glob("*.npz"))) == 3


def test_what_was_used_longest_ago_goes_when_searches_take_more_than_their_share(tiny, folder, tmp_path, monkeypatch):
    kept = tmp_path / "cache" / "exemplars"
    collect(tiny, of_place(folder))
    (first,) = kept.iterdir()
    monkeypatch.setattr(exemplar_store, "MOST_BYTES", 2.5 * first.stat().st_size)
    collect(model_of(tiny.info.spec, seed=1), of_place(folder))
    os.utime(first, (1, 1))
    collect(tiny, of_place(folder))  # used again
    (second,) = set(kept.iterdir()) - {first}
    os.utime(second, (1, 1))
    collect(model_of(tiny.info.spec, seed=2), of_place(folder))
    assert first in kept.iterdir()
    assert second not in kept.iterdir()
    assert len(list(kept.iterdir())) == 2


def test_of_photos_in_no_folder_nothing_is_written(tiny, folder, tmp_path):
    collect(tiny, replace(of_place(folder), place=None))
    assert not (tmp_path / "cache" / "exemplars").exists()


def test_a_folder_that_vanishes_is_said_and_what_was_seen_is_kept(tiny, folder, tmp_path):
    collection, second_batch_read = of_place(folder), Event()

    def read(number):
        if number == 64:  # in the third batch, which is read beside the second
            assert second_batch_read.wait(PATIENCE)
            folder.rename(tmp_path / "elsewhere")
        photo = collection.read(number)
        if number == 63:
            second_batch_read.set()
        return photo

    with pytest.raises(DataError, match="no longer there: put it back"):
        collect(tiny, replace(collection, read=read))
    (tmp_path / "elsewhere").rename(folder)
    steps = []
    assert collect(tiny, of_place(folder), on_progress=lambda value: steps.append(value.done)).is_complete
    assert steps == [70]


def test_what_is_stopped_in_the_middle_of_a_batch_counts_it_once(tiny, folder, monkeypatch):
    whole = collect(tiny, replace(of_place(folder), place=None))
    layers, batches = search._layers, []

    def broken(*arguments):
        batches.append(arguments)
        for number, layer in enumerate(layers(*arguments)):
            if len(batches) == 2 and number == 6:
                raise KeyboardInterrupt
            yield layer

    monkeypatch.setattr(search, "_layers", broken)
    with pytest.raises(KeyboardInterrupt):
        collect(tiny, of_place(folder))
    monkeypatch.setattr(search, "_layers", layers)
    steps = []
    resumed = collect(tiny, of_place(folder), on_progress=lambda value: steps.append(value.done))
    assert steps == [64, 70]
    np.testing.assert_array_equal(resumed.class_counts, whole.class_counts)
    for name, layer in whole.layers.items():
        np.testing.assert_array_equal(resumed.layers[name].class_sums, layer.class_sums)
        np.testing.assert_array_equal(resumed.layers[name].rankings["most"].photos, layer.rankings["most"].photos)


def test_a_place_without_a_readable_photo_says_so(tiny, tmp_path):
    (tmp_path / "torn").mkdir()
    Image.new("RGB", (90, 90)).save(tmp_path / "torn" / "1.png")
    (tmp_path / "torn" / "1.png").write_bytes((tmp_path / "torn" / "1.png").read_bytes()[:60])
    with pytest.raises(DataError, match=r"None of these 1 photos can be read, such as 1\.png is damaged"):
        collect(tiny, of_place(tmp_path / "torn"))
