"""A unit's patch of a photo: what it sees there and nothing else."""

import numpy as np
import pytest
import torch

from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.units.collection import of_photos
from alexnet_viz.units.patches import KEPT, _strongest, patches
from alexnet_viz.values import NetworkSpec, Photo

from .conftest import model_of

SIDE = 96


@pytest.fixture(scope="module", params=["torchvision", "paper", "single-tower"])
def small(request):
    return model_of(NetworkSpec(request.param, num_classes=5, fc_width=16, input_size=SIDE))


@pytest.fixture(scope="module")
def collection():
    pixels = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8)
    load = [Photo(str(i), array, (SIDE, SIDE), "PNG", str(i)) for i, array in enumerate(pixels)]
    return of_photos("noise", ("0", "1"), ("0", "1"), lambda reference: load[int(reference)])


@pytest.mark.parametrize(("layer", "unit"), [("conv1", 3), ("conv2", 40), ("fc7", 5)])
def test_a_patch_holds_all_that_the_unit_sees_and_nothing_else(small, collection, layer, unit):
    """Where the patch is put into a grey photo, the unit's value there is the same."""
    x = torch.from_numpy(preprocess(collection.read(1), small.info.preprocessing).tensor)[None]
    output = small.network.record(x, layer)[layer]
    side = output.shape[2] if output.ndim == 4 else 1
    cell = side // 2 * (side + 1)  # in the middle
    (patch,) = patches(small, collection, layer, unit, [1], [cell])
    original = collection.read(1).pixels
    if output.ndim == 2:
        np.testing.assert_array_equal(patch.pixels, original)
        return
    places = [
        (y, x)
        for y in range(SIDE - len(patch.pixels) + 1)
        for x in range(SIDE - len(patch.pixels) + 1)
        if (original[y : y + len(patch.pixels), x : x + len(patch.pixels)] == patch.pixels).all()
    ]
    ((top, left),) = places
    alone = np.full_like(original, 128)
    alone[top : top + len(patch.pixels), left : left + len(patch.pixels)] = patch.pixels
    y = torch.from_numpy(preprocess(Photo("", alone, (SIDE, SIDE), "", ""), small.info.preprocessing).tensor)[None]
    value = small.network.record(y, layer)[layer].flatten(2)[0, unit, cell]
    torch.testing.assert_close(value, output.flatten(2)[0, unit, cell], rtol=1e-4, atol=1e-5)


def test_beyond_the_photos_edge_a_patch_is_grey(small, collection):
    (patch,) = patches(small, collection, "conv2", 0, [0], [0])
    assert (patch.pixels[0] == 128).all()
    assert not patch.mask[0].any()
    assert len(patch.pixels) == 51


def test_a_mask_holds_the_fewest_pixels_with_most_of_the_attribution():
    values = np.array([[5.0, 1.0], [3.0, 1.0]])
    np.testing.assert_array_equal(_strongest(values), [[True, False], [True, False]])
    assert values[_strongest(values)].sum() / values.sum() == KEPT


def test_a_mask_lies_where_the_unit_looks(small):
    """On a photo that is grey but for one square, the mask is around the square."""
    pixels = np.full((SIDE, SIDE, 3), (124, 116, 104), np.uint8)  # the mean colour, which is zero
    pixels[40:52, 40:52] = np.random.default_rng(0).integers(0, 256, (12, 12, 3))
    collection = of_photos("square", ("0",), ("0",), lambda _: Photo("0", pixels, (SIDE, SIDE), "PNG", "0"))
    (patch,) = patches(small, collection, "fc6", 0, [0], [0])
    ys, xs = patch.mask.nonzero()
    assert 30 < ys.mean() < 62
    assert 30 < xs.mean() < 62
    assert patch.mask.mean() < 0.2
