"""What Figure 4 of Krizhevsky, Sutskever, Hinton 2012 shows, of any network and any collection of photos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from alexnet_viz.errors import DataError, ImageError
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.inspection.model import Model
from alexnet_viz.inspection.predictions import strongest
from alexnet_viz.units.collection import Collection
from alexnet_viz.units.neighbours import nearest
from alexnet_viz.values import AnsweredPhoto, Exemplars, PhotoNeighbours, Preprocessed

ANSWERED = 8  # photos on the left
QUERIES = 5  # on the right; so in the paper
NEAREST = 6


def answered_photos(model: Model, collection: Collection, seed: int = 0) -> list[AnsweredPhoto]:
    """Eight photos drawn by ``seed``, or all where there are fewer, with the network's answers. Raises DataError."""
    drawn = np.random.default_rng(seed).permutation(len(collection)).tolist()
    photos = dict(islice(_readable(model, collection, drawn), ANSWERED))
    if not photos:
        raise DataError(f"None of the photos of {collection.title} can be read: choose other photos.")
    numbers = sorted(photos)
    logits = model.logits(np.stack([photos[number].tensor for number in numbers]))
    return [
        AnsweredPhoto(
            collection.names[number],
            collection.class_of(number),
            photos[number].pixels,
            tuple((answer.label, answer.probability) for answer in strongest(row, model.info.categories)),
        )
        for number, row in zip(numbers, logits, strict=True)
    ]


def neighbour_rows(model: Model, collection: Collection, found: Exemplars, seed: int = 0) -> list[PhotoNeighbours]:
    """Five photos drawn by ``seed``, each with the six that are nearest to it by fc7. Raises DataError.

    ``found`` is what a search through the collection kept. A photo's own copies are not its neighbours.
    """
    seen = np.flatnonzero(found.answers[: len(found.fc7)] >= 0)
    drawn = np.random.default_rng(seed).permutation(seen).tolist()
    rows = {}
    for number, query in islice(_readable(model, collection, drawn), QUERIES):
        others = (found.thumbnails != found.thumbnails[number]).any((1, 2, 3)) & (found.answers[: len(found.fc7)] >= 0)
        near, _ = nearest(found.fc7, found.fc7[number], others, NEAREST)
        pixels = tuple(photo.pixels for _, photo in _readable(model, collection, near.tolist()))
        if pixels:
            rows[number] = PhotoNeighbours(query.pixels, pixels)
    if not rows:
        raise DataError(f"{collection.title} has too few photos for neighbours: add photos, or choose a folder.")
    return [rows[number] for number in sorted(rows)]


def _readable(model: Model, collection: Collection, numbers: Sequence[int]) -> Iterator[tuple[int, Preprocessed]]:
    """Those of the photos that can be read, as the network sees them."""
    for number in numbers:
        try:
            yield number, preprocess(collection.read(number), model.info.preprocessing)
        except (ImageError, DataError):
            continue
