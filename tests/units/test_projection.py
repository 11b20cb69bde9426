"""Maps of a collection: principal components against an eigendecomposition by brute force, and UMAP where it is."""

import importlib.metadata

import numpy as np
import pytest

from alexnet_viz.errors import DataError, Stopped, UnitError
from alexnet_viz.units import projection
from alexnet_viz.units.projection import neighbours, principal_components, umap, umap_missing

HAS_UMAP = not umap_missing()


def brute_force(vectors, axes):
    """The covariance's eigenvectors with the largest eigenvalues, as (points, shares of the variance)."""
    centred = vectors.astype(np.float64) - vectors.astype(np.float64).mean(0)
    values, directions = np.linalg.eigh(centred.T @ centred)
    directions = directions[:, ::-1][:, :axes].T
    largest = directions[np.arange(axes), np.abs(directions).argmax(1)]
    directions *= np.sign(largest)[:, None]
    return centred @ directions.T, values[::-1][:axes] / values.sum()


@pytest.mark.parametrize("shape", [(40, 700), (700, 40), (700, 600), (600, 700)])
def test_principal_components_are_the_covariances_eigenvectors(shape):
    rng = np.random.default_rng(0)
    scales = 0.8 ** np.arange(shape[1])
    vectors = (rng.standard_normal(shape) * scales).astype(np.float16)
    made = principal_components(vectors, np.ones(shape[0], bool), axes=5)
    points, shares = brute_force(vectors, 5)
    np.testing.assert_allclose(made.points, points, atol=2e-5 * np.abs(points).max())
    np.testing.assert_allclose(made.shares, shares, rtol=1e-4)
    again = principal_components(vectors, np.ones(shape[0], bool), axes=5)
    np.testing.assert_array_equal(made.points, again.points)


def test_photos_that_were_not_read_or_have_no_numbers_are_left_out():
    vectors = np.random.default_rng(0).standard_normal((9, 4)).astype(np.float16)
    allowed = np.arange(9) != 3
    vectors[5, 1] = np.nan
    made = principal_components(vectors, allowed)
    assert made.photos.tolist() == [0, 1, 2, 4, 6, 7, 8]
    np.testing.assert_allclose(made.points, brute_force(vectors[made.photos], 2)[0], atol=1e-4)


@pytest.mark.parametrize("count", [5, 600])
def test_where_a_layer_is_constant_all_photos_lie_on_one_point(count):
    made = principal_components(np.ones((count, 700), np.float16), np.ones(count, bool))
    assert not made.points.any()
    assert made.shares.tolist() == [0, 0]


def test_equal_photos_lie_on_one_point_and_what_varies_along_a_line_has_one_axis():
    made = principal_components(np.ones((5, 8), np.float16), np.ones(5, bool))
    assert not made.points.any()
    assert made.shares.tolist() == [0, 0]
    line = principal_components(np.arange(5, dtype=np.float16)[:, None], np.ones(5, bool))
    assert line.points.tolist() == [[-2, 0], [-1, 0], [0, 0], [1, 0], [2, 0]]
    assert line.shares.tolist() == [1, 0]


def test_two_photos_make_no_map():
    with pytest.raises(DataError, match="at least 3 readable photos"):
        principal_components(np.ones((5, 8), np.float16), np.arange(5) < 2)


def test_without_umap_learn_a_sentence_says_how_to_get_it(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(projection.importlib.metadata, "version", missing)
    made = principal_components(np.eye(5, dtype=np.float16), np.ones(5, bool))
    with pytest.raises(UnitError, match=r"python -m pip install umap-learn\."):
        umap(made)


def test_neighbours_are_those_of_sorting_all_distances():
    points = np.random.default_rng(0).standard_normal((1100, 5)).astype(np.float32)
    points[7] = points[3]
    numbers, distances = neighbours(points, 9)
    every = np.linalg.norm(points[:, None].astype(np.float64) - points, axis=2)
    np.testing.assert_array_equal(numbers[:, 0], np.arange(len(points)))
    np.testing.assert_allclose(distances, np.sort(every, axis=1)[:, :9], atol=2e-3)
    np.testing.assert_allclose(np.take_along_axis(every, numbers, 1), distances, atol=2e-3)


@pytest.mark.skipif(not HAS_UMAP, reason="umap-learn is optional")
def test_umap_keeps_groups_together_and_is_the_same_again():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(3), 30)
    vectors = (10 * np.eye(3)[groups] @ rng.standard_normal((3, 64)) + rng.standard_normal((90, 64))).astype(np.float16)
    made = principal_components(vectors, np.ones(90, bool), axes=20)
    flat = umap(made)
    assert flat.shares is None
    distances = np.linalg.norm(flat.points[:, None] - flat.points, axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (groups[distances.argmin(1)] == groups).all()
    np.testing.assert_array_equal(umap(made).points, flat.points)
    few = principal_components(vectors, np.arange(90) < 3)
    assert umap(few).points.shape == (3, 2)

    def stop():
        raise Stopped

    with pytest.raises(Stopped):
        umap(made, stop)
