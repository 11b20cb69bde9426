"""Photos that drive units most, against sorting all values of all photos."""

from dataclasses import replace
from threading import Event

import numpy as np
import pytest
import torch

from alexnet_viz.errors import DecoderBusy, ImageError
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.units import exemplars as search
from alexnet_viz.units.collection import Collection
from alexnet_viz.units.exemplars import TOP, exemplars
from alexnet_viz.units.projection import MAP_LAYERS
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


def test_answers_class_sums_and_vectors_are_those_of_each_photo(small):
    collection = photos()
    result = last(exemplars(small, collection, relevance=False))
    outputs, _ = all_outputs(small, collection)
    assert set(result.layers["conv1"].rankings) == {"most", "least"}
    np.testing.assert_array_equal(result.answers, outputs["fc8"][:, :, 0].argmax(1))
    for name in MAP_LAYERS:  # behind their ReLU, conv5 averaged over its map
        np.testing.assert_allclose(getattr(result, name), outputs[name].clip(0).mean(2), rtol=2**-10, atol=1e-7)
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


def test_a_photo_whose_decoder_is_busy_is_waited_for(small):
    collection, refused = photos(3), []

    def read(number):
        if not refused:
            refused.append(number)
            raise DecoderBusy("busy")
        return collection.read(number)

    assert last(exemplars(small, replace(collection, read=read))).skipped_count == 0
