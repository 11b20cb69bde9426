"""What Figure 4 shows, against the network's own answers and against sorting all distances."""

import numpy as np
import pytest
from PIL import Image

from alexnet_viz.errors import DataError
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.inspection.predictions import softmax
from alexnet_viz.units.collection import of_place
from alexnet_viz.units.exemplars import exemplars
from alexnet_viz.units.paper_figures import answered_photos, neighbour_rows
from alexnet_viz.values import NetworkSpec
from tests.units.conftest import model_of


@pytest.fixture(scope="module")
def model():
    return model_of(NetworkSpec(num_classes=7, fc_width=16, input_size=64))


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    """Twelve photos in two folders, one of which is torn."""
    place = tmp_path_factory.mktemp("photos")
    for number in range(12):
        folder = place / ("dog" if number % 2 else "cat")
        folder.mkdir(exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 60 + 16 * number, (70, 80, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    torn = place / "cat" / "04.png"
    torn.write_bytes(torn.read_bytes()[:2000])
    return of_place(place)


def test_eight_photos_have_the_networks_five_strongest_classes_and_their_own(model, collection):
    photos = answered_photos(model, collection)
    assert len({photo.name for photo in photos}) == 8
    for photo in photos:
        assert photo.truth == photo.name.partition("/")[0] in ("cat", "dog")
        seen = preprocess(collection.read(collection.names.index(photo.name)), model.info.preprocessing)
        np.testing.assert_array_equal(photo.pixels, seen.pixels)
        probabilities = softmax(model.logits(seen.tensor[None])[0])
        order = np.argsort(-probabilities)[:5]
        assert [name for name, _ in photo.top] == [f"class {number}" for number in order]
        np.testing.assert_allclose([share for _, share in photo.top], probabilities[order], rtol=1e-4)


def test_another_number_draws_other_photos_and_what_is_torn_is_left_out(model, collection):
    drawn = [[photo.name for photo in answered_photos(model, collection, seed)] for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    every = {photo.name for seed in range(12) for photo in answered_photos(model, collection, seed)}
    assert every == set(collection.names) - {"cat/04.png"}


def test_five_photos_have_the_six_nearest_by_fc7(model, collection):
    *_, found = exemplars(model, collection, relevance=False)
    rows = neighbour_rows(model, collection, found)
    assert [len(row.nearest) for row in rows] == [6] * 5
    shown = {
        number: preprocess(collection.read(number), model.info.preprocessing).pixels
        for number in range(len(collection))
        if found.answers[number] >= 0
    }

    def number_of(pixels):
        return next(number for number, known in shown.items() if (known == pixels).all())

    for row in rows:
        query = number_of(row.pixels)
        far = np.linalg.norm(found.fc7.astype(np.float64) - found.fc7[query], axis=1)
        others = sorted(set(shown) - {query}, key=lambda number: far[number])
        assert [number_of(pixels) for pixels in row.nearest] == others[:6]


def test_photos_that_cannot_be_read_or_are_alone_get_a_sentence(model, tmp_path):
    place = tmp_path / "photos"
    place.mkdir()
    Image.new("RGB", (70, 70)).save(place / "one.png")
    alone = of_place(place)
    *_, found = exemplars(model, alone, relevance=False)
    with pytest.raises(DataError, match="too few photos for neighbours"):
        neighbour_rows(model, alone, found)
    (place / "one.png").write_bytes(b"no photo")
    with pytest.raises(DataError, match="None of the photos"):
        answered_photos(model, alone)
