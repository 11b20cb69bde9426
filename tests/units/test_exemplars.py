"""Photos that drive units most, against sorting all values of all photos."""

from dataclasses import replace
from threading import Event

import numpy as np
import pytest
import torch
from PIL import Image

from alexnet_viz.errors import DataError, DecoderBusy, ImageError
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.units import exemplars as search
from alexnet_viz.units.collection import Collection, of_place
from alexnet_viz.units.exemplar_store import collect
from alexnet_viz.units.exemplars import TOP, exemplars
from alexnet_viz.units.neighbours import thumbnail
from alexnet_viz.values import NetworkSpec, Photo

from .conftest import model_of

PHOTOS = 75  # more than two batches


def photos(count=PHOTOS, seed=0):
    """Noise of a different strength on each photo, as a collection of two classes."""
    rng = np.random.default_rng(seed)
    pixels = [rng.integers(0, 40 + 2 * i, (64, 64, 3), dtype=np.uint8) for i in rng.permutation(count)]
    load = [Photo(f"photo {i}", array, (64, 64), "PNG", str(i)) for i, array in enumerate(pixels)]
    names = tuple(photo.name for photo in load)
    return Collection("noise", f"noise {count} {seed}", names, load.__getitem__, np.arange(count) % 3 - 1, ("a", "b"))


@pytest.fixture(scope="module", params=["torchvision", "paper", "single-tower"])
def small(request):
    return model_of(NetworkSpec(request.param, num_classes=5, fc_width=16, input_size=80))


def all_outputs(model, collection):
    """Every photo's outputs and gradients, one after the other in the search's own batches: {layer: (N, C, cells)}."""
    outputs, gradients = {}, {}
    for start in range(0, len(collection), search._BATCH):
        batch = search._read(model, collection, Event(), start)
        for name, *both in search._layers(model, batch.inputs, relevance=True):
            for kept, values in zip((outputs, gradients), both, strict=True):
                kept.setdefault(name, []).append(values.flatten(2) if values.ndim == 4 else values[:, :, None])
    return tuple({name: torch.cat(parts).numpy() for name, parts in kept.items()} for kept in (outputs, gradients))


def last(iterator):
    *_, value = iterator
    return value


def test_all_rankings_are_those_of_sorting_everything(small):
    collection = photos()
    result = last(exemplars(small, collection))
    outputs, gradients = all_outputs(small, collection)
    assert list(result.layers) == list(outputs) == ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"]
    for name, layer in result.layers.items():
        relevance = outputs[name] * gradients[name]
        for kind, cells, scores in (
            ("most", outputs[name], outputs[name].max(2)),
            ("least", -outputs[name], -outputs[name].min(2)),
            ("relevant", relevance, torch.from_numpy(relevance).sum(2).numpy()),
        ):
            order = np.argsort(-scores.T, axis=1, kind="stable")[:, :TOP]  # (C, TOP)
            ranking = layer.rankings[kind]
            sign = -1 if kind == "least" else 1
            np.testing.assert_array_equal(ranking.values * sign, np.take_along_axis(scores.T, order, 1))
            np.testing.assert_array_equal(ranking.photos, order)
            expected = cells[order, np.arange(len(order))[:, None]].argmax(2)
            np.testing.assert_array_equal(ranking.cells, expected)


def test_the_gradients_are_those_of_each_photos_strongest_logit(small):
    collection = photos(3)
    _, gradients = all_outputs(small, collection)
    for number in range(3):
        x = torch.from_numpy(preprocess(collection.read(number), small.info.preprocessing).tensor)[None]
        x.requires_grad_()
        logits = small.network(x)
        (gradient,) = torch.autograd.grad(logits[0, logits.argmax()], x)
        # conv1's gradient, brought down to the input by its own step, is the input's
        conv1 = small.network.get_submodule("conv1")
        y = conv1(x)
        (down,) = torch.autograd.grad(y, x, torch.from_numpy(gradients["conv1"][number].reshape(y.shape)))
        torch.testing.assert_close(down, gradient, rtol=1e-4, atol=1e-6 * float(gradient.abs().max()))


def test_answers_class_sums_and_fc7_are_those_of_each_photo(small):
    collection = photos()
    result = last(exemplars(small, collection, relevance=False))
    outputs, _ = all_outputs(small, collection)
    assert set(result.layers["conv1"].rankings) == {"most", "least"}
    np.testing.assert_array_equal(result.answers, outputs["fc8"][:, :, 0].argmax(1))
    np.testing.assert_allclose(result.fc7, outputs["fc7"][:, :, 0].clip(0), rtol=2**-11)  # float16's rounding
    for label in (0, 1):
        mine = collection.labels == label
        assert result.class_counts[label] == mine.sum()
        expected = outputs["conv3"][mine].max(2).clip(0).sum(0)
        np.testing.assert_allclose(result.layers["conv3"].class_sums[:, label], expected, rtol=1e-5)


def test_it_goes_on_where_it_was_left(small):
    collection = photos()
    whole = last(exemplars(small, collection))
    first = next(exemplars(small, collection))
    assert first.done == search._BATCH < len(collection)
    resumed = last(exemplars(small, collection, begun=first))
    for name, layer in whole.layers.items():
        for kind, ranking in layer.rankings.items():
            other = resumed.layers[name].rankings[kind]
            np.testing.assert_array_equal(ranking.values, other.values)
            np.testing.assert_array_equal(ranking.photos, other.photos)
            np.testing.assert_array_equal(ranking.cells, other.cells)
        np.testing.assert_array_equal(layer.class_sums, resumed.layers[name].class_sums)
    assert last(exemplars(small, collection, begun=whole)).is_complete


def test_fewer_photos_than_places_leave_places_empty(small):
    result = last(exemplars(small, photos(4)))
    ranking = result.layers["conv2"].rankings["most"]
    assert (ranking.photos[:, :4] >= 0).all()
    assert (ranking.photos[:, 4:] == -1).all()


def test_equal_photos_keep_their_order(small):
    collection = photos(40)
    same = replace(collection, read=lambda number: collection.read(0))
    ranking = last(exemplars(small, same)).layers["conv5"].rankings["most"]
    np.testing.assert_array_equal(ranking.photos, np.tile(np.arange(TOP), (len(ranking.photos), 1)))


def test_photos_that_cannot_be_read_are_skipped_named_and_counted(small):
    collection = photos(50)

    def read(number):
        if number % 2:
            raise ImageError(f"photo {number} is damaged: choose another.")
        return collection.read(number)

    result = last(exemplars(small, replace(collection, read=read)))
    assert result.skipped_count == 25
    assert len(result.skipped) == search.EXAMPLES
    assert result.skipped[0] == "photo 1 is damaged: choose another."
    assert not (result.layers["fc6"].rankings["most"].photos % 2 == 1).any()
    assert (result.answers[1::2] == -1).all()


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
    np.testing.assert_array_equal(complete.fc7, again.fc7)
    np.testing.assert_array_equal(complete.thumbnails, again.thumbnails)
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


def test_of_photos_in_no_folder_nothing_is_written(tiny, tmp_path):
    collect(tiny, photos(10))
    assert not (tmp_path / "cache" / "exemplars").exists()


def test_a_folder_that_vanishes_is_said_and_what_was_seen_is_kept(tiny, folder, tmp_path):
    collection = of_place(folder)

    def read(number):
        if number == 64:  # in the third batch
            folder.rename(tmp_path / "elsewhere")
        return collection.read(number)

    with pytest.raises(DataError, match="no longer there: put it back"):
        collect(tiny, replace(collection, read=read))
    (tmp_path / "elsewhere").rename(folder)
    steps = []
    assert collect(tiny, of_place(folder), on_progress=lambda value: steps.append(value.done)).is_complete
    assert steps == [70]


def test_an_empty_folder_says_so(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no photos"):
        of_place(tmp_path / "empty")


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


def test_a_photo_whose_decoder_is_busy_is_waited_for(tiny):
    collection, refused = photos(3), []

    def read(number):
        if not refused:
            refused.append(number)
            raise DecoderBusy("busy")
        return collection.read(number)

    assert last(exemplars(tiny, replace(collection, read=read))).skipped_count == 0
