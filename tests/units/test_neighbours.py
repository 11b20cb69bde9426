"""Nearest photos against sorting all distances."""

import numpy as np
import pytest

from alexnet_viz.units.neighbours import nearest, thumbnail


@pytest.mark.parametrize("count", [1, 6, 2000])
def test_the_nearest_are_those_of_sorting_all_distances(count):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((700, 40)).astype(np.float16)
    query, allowed = rng.standard_normal(40).astype(np.float32), rng.random(700) < 0.8
    numbers, distances = nearest(vectors, query, allowed, count)
    every = np.linalg.norm(vectors.astype(np.float64) - query, axis=1)
    every[~allowed] = np.inf
    expected = np.argsort(every, kind="stable")[: min(count, allowed.sum())]
    np.testing.assert_array_equal(numbers, expected)
    np.testing.assert_allclose(distances, every[expected], rtol=1e-5)


def test_pictures_are_compared_by_all_their_pixels():
    photos = np.zeros((3, 2, 2, 3), np.uint8)
    photos[1] = 255
    photos[2, 0, 0, 0] = 255
    numbers, distances = nearest(photos, photos[0], np.ones(3, bool), 3)
    assert numbers.tolist() == [0, 2, 1]
    np.testing.assert_allclose(distances, [0, 255, 255 * 12**0.5], rtol=1e-6)


def test_of_no_photos_none_is_nearest():
    numbers, distances = nearest(np.zeros((3, 2)), np.zeros(2), np.zeros(3, bool), 6)
    assert len(numbers) == len(distances) == 0


def test_a_thumbnails_pixel_is_the_mean_of_what_it_covers():
    pixels = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    mean = pixels.reshape(32, 7, 32, 7, 3).mean((1, 3))
    assert np.abs(thumbnail(pixels) - mean).max() <= 1  # rounded once in each direction
