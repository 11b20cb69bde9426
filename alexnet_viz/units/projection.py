"""A collection of photos as a map: photos that a layer makes alike of lie near to each other in the plane.

Principal components of a layer's vectors, exact; or UMAP (McInnes, Healy, Melville 2018, arXiv:1802.03426) of the first
50 of them, where the package umap-learn is installed. fc6 and fc7 are taken as they are, behind their ReLU; conv5 as
its mean over the map, which compares better between photos than the map itself (Babenko, Lempitsky 2015,
arXiv:1510.07493, "SPoC"). No torch here.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from alexnet_viz.errors import DataError, UnitError
from alexnet_viz.sandbox import Busy, Crashed, OutOfMemory, OutOfTime, Sandbox

MAP_LAYERS = ("conv5", "fc6", "fc7")  # layers whose vectors are kept of each photo of a collection
UMAP_COMPONENTS = 50  # principal components that UMAP gets
MIN_PHOTOS = 3  # photos of a map
_FULL = 512  # the shorter side of a matrix up to which all of its singular values are computed
_NEIGHBOURS, _CLOSEST = 15, 0.1  # UMAP's defaults: how local it looks, how close its points may lie
_embedder = Sandbox(
    "alexnet_viz.units.projection:umap_in_child",
    seconds=3600,
    memory=8 << 30,
    children=2,  # as many as there are places for slow work
    patience=3600,
    writes=True,  # numba keeps what it compiled
)


@dataclass(frozen=True, eq=False)
class Projection:
    """N photos of a collection in K dimensions, the first two of which are a map.

    ``photos`` int64 (N,) are their numbers in the collection, ``points`` float32 (N, K) where they lie, and ``shares``
    float64 (K,) the share of all variance along each axis; None where the axes have no such meaning (UMAP).
    """

    photos: np.ndarray
    points: np.ndarray
    shares: np.ndarray | None


def principal_components(vectors: np.ndarray, allowed: np.ndarray, axes: int = 2) -> Projection:
    """The photos' vectors (N, D) along the directions in which they vary most (Pearson 1901).

    Of the photos those that ``allowed``, bool (N,), lets in and whose vectors are finite. Each direction's sign is such
    that its largest component by size is positive, so that the same vectors give the same map. There are as many axes
    as asked for; those beyond the vectors' rank are 0. Raises DataError for fewer than three photos.
    """
    photos = np.flatnonzero(allowed)
    photos = photos[np.isfinite(vectors[photos]).all(1)]
    if len(photos) < MIN_PHOTOS:
        raise DataError(f"A map needs at least {MIN_PHOTOS} readable photos: add some, or name another folder.")
    centred = vectors[photos].astype(np.float32)
    centred -= centred.mean(0, dtype=np.float64).astype(np.float32)
    directions = _leading(centred, axes)
    turned = np.take_along_axis(directions, np.abs(directions).argmax(1)[:, None], 1) < 0
    directions = np.where(turned, -directions, directions)
    points = np.zeros((len(photos), axes), np.float32)
    points[:, : len(directions)] = centred @ directions.T
    variance = np.square(centred, dtype=np.float64).sum()
    return Projection(photos, points, np.square(points, dtype=np.float64).sum(0) / (variance or 1))


def _leading(centred: np.ndarray, axes: int) -> np.ndarray:
    """The right singular vectors of a matrix (N, D) with the largest values, (axes, D), or fewer where N or D is."""
    if min(centred.shape) <= max(_FULL, axes):
        return np.linalg.svd(centred, full_matrices=False)[2][:axes]
    if not centred.any():  # a layer that is constant, which Lanczos cannot start from
        return np.zeros((0, centred.shape[1]), np.float32)
    from scipy.sparse.linalg import svds

    # Lanczos to machine precision: of 5,000 vectors of 4,096 two take a second, all of them a minute.
    start = np.random.default_rng(0).standard_normal(min(centred.shape)).astype(np.float32)
    _, values, directions = svds(centred, k=axes, v0=start)
    return directions[np.argsort(-values)]


def umap(components: Projection, check: Callable[[], None] = lambda: None) -> Projection:
    """The photos' neighbourhoods in the plane, from their principal components; computed in a process of its own.

    The same components give the same map on one machine. ``check`` is called ten times a second; what it raises ends
    the process and comes out of this call. Raises UnitError where umap-learn is not installed.
    """
    why = umap_missing()
    if why:
        raise UnitError(why)
    count, axes = components.points.shape
    try:
        _, data = _embedder.run({"count": count, "axes": axes}, components.points.tobytes(), poll=check)
    except (OutOfTime, OutOfMemory, Crashed, Busy) as error:
        raise UnitError(f"UMAP of {count:,} photos takes too much ({error}): choose PCA, or fewer photos.") from error
    points = np.frombuffer(data, np.float32).reshape(count, 2)
    turned = principal_components(points, np.ones(count, bool)).points  # which way up it lies is chance
    return Projection(components.photos, turned, None)


def umap_missing() -> str:
    """What to do before there can be a UMAP, in a sentence; empty where it can be computed."""
    try:
        importlib.metadata.version("umap-learn")  # importing it would take seconds
        return ""
    except importlib.metadata.PackageNotFoundError:
        return "UMAP needs a package that is not installed here: python -m pip install umap-learn."


def umap_in_child(arguments: dict, data: bytes, progress: Callable[[str], None]) -> tuple[dict, bytes]:
    """For the process of its own: points float32 (count, axes) in, float32 (count, 2) out."""
    from umap import UMAP

    points = np.frombuffer(data, np.float32).reshape(arguments["count"], arguments["axes"])
    count = min(_NEIGHBOURS, len(points) - 1)
    reducer = UMAP(
        n_neighbors=count,
        min_dist=_CLOSEST,
        init="pca",
        random_state=0,
        n_jobs=1,  # the only way with a seed
        # umap-learn's own search compiles for 45 s at each start of a process, and is not exact.
        precomputed_knn=neighbours(points, count),
        force_approximation_algorithm=True,  # else what is precomputed is ignored for few points
    )
    return {}, np.ascontiguousarray(reducer.fit_transform(points), np.float32).tobytes()


def neighbours(points: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Each point's nearest ones, itself first: numbers int32 (N, count), Euclidean distances float32 (N, count)."""
    numbers = np.empty((len(points), count), np.int32)
    distances = np.empty((len(points), count), np.float32)
    lengths = np.square(points).sum(1)
    for part in np.array_split(np.arange(len(points)), -(-len(points) // 512)):
        squares = lengths[part, None] + lengths - 2 * points[part] @ points.T
        squares[np.arange(len(part)), part] = -np.inf  # rounding must put no other point before it
        nearest = np.argpartition(squares, count - 1, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(squares, nearest, 1), axis=1, kind="stable")
        numbers[part] = np.take_along_axis(nearest, order, 1)
        distances[part] = np.sqrt(np.take_along_axis(squares, numbers[part], 1).clip(0))
    return numbers, distances
