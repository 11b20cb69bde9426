"""Which photos of a collection drive each unit most and least, and which give it most relevance: one pass for all.

Activation maximisation over photos as in Zeiler, Fergus 2013 (arXiv:1311.2901); relevance maximisation as in Achtibat
et al. 2023 (arXiv:2206.03208). A unit's relevance for a photo is Σ over its map of activation × gradient of the logit
of the class that the network gives the photo: what layer-wise relevance propagation gives by its rule LRP-0, but for
the paper's response normalisation, which that rule does not know.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from threading import Event
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from alexnet_viz.display import display_name
from alexnet_viz.errors import DataError, DecoderBusy, ImageError
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.inspection.model import Model
from alexnet_viz.network.device import full_precision
from alexnet_viz.network.layers import steps
from alexnet_viz.network.variants import AlexNet
from alexnet_viz.units.collection import Collection
from alexnet_viz.units.neighbours import THUMBNAIL, thumbnail
from alexnet_viz.units.objectives import CLASSES
from alexnet_viz.units.projection import MAP_LAYERS
from alexnet_viz.values import Exemplars, LayerExemplars, Photo, Ranking

_SIGNS = {"most": 1, "least": -1, "relevant": 1}  # times which a ranking's values fall
KINDS = tuple(_SIGNS)  # the rankings of a layer
TOP = 9  # photos a unit, as Zeiler and Fergus show them
VECTORS = 10_000  # photos whose vectors and thumbnails are kept: 200 MB
EXAMPLES = 20  # photos that could not be read are named up to so many
_LARGEST_HALF = 65504  # of float16
_BATCH = 32
_READERS = 2  # batches that are read while one is computed


def exemplars(
    model: Model, collection: Collection, relevance: bool = True, begun: Exemplars | None = None
) -> Iterator[Exemplars]:
    """Look through a collection, batch by batch; each value holds what was seen so far. Go on from ``begun``.

    Of equal values the earlier photo comes first, and on one photo the first cell. A photo that cannot be read is
    skipped and named; DataError where the whole place is gone. Where the collection is all done, there is one value.
    """
    search = _Search(begun or _nothing(model, collection, relevance), model.device.name)
    if search.done == len(collection):
        yield search.value()
    for batch in _batches(model, collection, search.done):
        if len(batch.photos):
            search.take(model, batch, collection.labels[batch.photos])
        search.skip(batch.problems)
        search.done = batch.end
        yield search.value()


@dataclass(frozen=True)
class _Batch:
    """The numbers (B,) of photos, the network's input of them, (B, 3, S, S), and what is wrong with others."""

    photos: np.ndarray
    inputs: np.ndarray
    thumbnails: list[np.ndarray]
    problems: list[str]
    end: int  # the number of the first photo behind the batch


def _batches(model: Model, collection: Collection, begin: int) -> Iterator[_Batch]:
    """The photos from number ``begin`` on; the next ones are read while one batch is in use."""
    over = Event()
    read = partial(_read, model, collection, over)
    with ThreadPoolExecutor(_READERS) as threads:
        starts = iter(range(begin, len(collection), _BATCH))
        waiting = deque(threads.submit(read, start) for start in islice(starts, _READERS))
        try:
            while waiting:
                batch = waiting.popleft().result()
                waiting.extend(threads.submit(read, start) for start in islice(starts, 1))
                yield batch
        finally:
            over.set()
            for future in waiting:
                future.cancel()


def _read(model: Model, collection: Collection, over: Event, start: int) -> _Batch:
    numbers, inputs, thumbnails, problems = [], [], [], []
    end = min(start + _BATCH, len(collection))
    for number in range(start, end):
        try:
            seen = preprocess(_photo(collection, number, over), model.info.preprocessing)
            inputs.append(seen.tensor)
            thumbnails.append(thumbnail(seen.pixels))
            numbers.append(number)
        except (ImageError, DataError) as error:
            place = collection.place
            if place and not place.exists():
                raise DataError(
                    f"{display_name(place)} is no longer there: put it back, then go on where this stopped."
                ) from error
            problems.append(str(error))  # which names the file
    return _Batch(np.array(numbers, np.int64), np.array(inputs, np.float32), thumbnails, problems, end)


def _photo(collection: Collection, number: int, over: Event) -> Photo:
    """A photo, waiting for its turn however long others take, or until nobody wants it: it must not be missing."""
    while True:
        try:
            return collection.read(number)
        except DecoderBusy:
            if over.is_set():
                raise


def _layers(model: Model, inputs: np.ndarray, relevance: bool) -> Iterator[tuple[str, Tensor, Tensor | None]]:
    """Each layer with weights: its name, its output before ReLU, and on request there the gradient of each photo's
    strongest logit. Without gradients an output is there as soon as it is computed, and no other is kept."""
    x = model.tensor(inputs)
    if not relevance:
        yield from ((name, y, None) for name, y in _outputs(model.network, x))
        return
    with torch.enable_grad():
        outputs = dict(_outputs(model.network, x))
        logits = outputs[CLASSES]
        strongest = logits.gather(1, logits.argmax(1, keepdim=True)).sum()
        gradients = torch.autograd.grad(strongest, list(outputs.values()))
    for (name, y), gradient in zip(outputs.items(), gradients, strict=True):
        yield name, y.detach(), gradient


def _outputs(network: AlexNet, x: Tensor) -> Iterator[tuple[str, Tensor]]:
    is_first = True
    for name, module in network.named_children():
        x = module(x)
        if isinstance(module, nn.Conv2d | nn.Linear):
            if is_first and torch.is_grad_enabled():
                x = x.detach().requires_grad_()  # nothing below the first layer is asked for
            is_first = False
            yield name, x


class _Search:
    """What was seen so far. Rankings and sums are replaced once a batch is whole, never written to: what was stopped in
    the middle of a batch goes on with that batch. What a photo has a row for is written in place."""

    def __init__(self, begun: Exemplars, device: str) -> None:
        self._begun = begun
        self._rankings: dict[tuple[str, str], tuple[Tensor, ...]] = {}
        for name, layer in begun.layers.items():
            for kind, of in layer.rankings.items():
                parts = (of.values * _SIGNS[kind], of.photos, of.cells)
                self._rankings[name, kind] = tuple(torch.from_numpy(part).to(device) for part in parts)
        self._class_sums = {name: layer.class_sums for name, layer in begun.layers.items()}
        self._class_counts = begun.class_counts
        self.done, self._skipped, self._skipped_count = begun.done, begun.skipped, begun.skipped_count

    @full_precision
    @torch.no_grad()
    def take(self, model: Model, batch: _Batch, labels: np.ndarray) -> None:
        """Pass a batch through the network and rank what its photos, of these classes, gave."""
        numbers = torch.from_numpy(batch.photos.astype(np.int32)).to(model.device.name)
        members = labels == np.arange(len(self._class_counts))[:, None]  # (classes, B)
        rankings, sums = dict(self._rankings), {}
        first = batch.photos[batch.photos < len(self._begun.thumbnails)]  # those that have a row of their own
        if len(first):
            self._begun.thumbnails[first] = batch.thumbnails[: len(first)]
        for name, output, gradient in _layers(model, batch.inputs, "relevant" in self._begun.layers[CLASSES].rankings):
            cells = output.flatten(2) if output.ndim == 4 else output[:, :, None]
            largest = cells.amax(2)
            scores = {"most": (cells, largest), "least": (cells, -cells.amin(2))}
            if gradient is not None:
                relevance = cells * gradient.reshape(cells.shape)
                scores["relevant"] = relevance, relevance.sum(2)
            for kind, of in scores.items():
                rankings[name, kind] = _ranked(rankings[name, kind], *of, numbers, _SIGNS[kind])
            sums[name] = self._class_sums[name] + (members.astype(np.float32) @ largest.clamp_min(0).cpu().numpy()).T
            if name in MAP_LAYERS and len(first):
                means = cells[: len(first)].clamp(0, _LARGEST_HALF).mean(2)
                getattr(self._begun, name)[first] = means.cpu().numpy()
            if name == CLASSES:
                self._begun.answers[batch.photos] = largest.argmax(1).cpu().numpy()
        self._rankings, self._class_sums = rankings, sums
        self._class_counts = self._class_counts + members.sum(1)

    def skip(self, problems: list[str]) -> None:
        """Count photos that could not be read."""
        self._skipped = (*self._skipped, *problems)[:EXAMPLES]
        self._skipped_count += len(problems)

    def value(self) -> Exemplars:
        """All of it, for others to look at."""
        layers = {
            name: LayerExemplars({kind: self._ranking(name, kind) for kind in layer.rankings}, self._class_sums[name])
            for name, layer in self._begun.layers.items()
        }
        return replace(
            self._begun,
            layers=layers,
            class_counts=self._class_counts,
            done=self.done,
            skipped=self._skipped,
            skipped_count=self._skipped_count,
        )

    def _ranking(self, name: str, kind: str) -> Ranking:
        values, photos, cells = (part.cpu().numpy() for part in self._rankings[name, kind])
        return Ranking(values * _SIGNS[kind], photos, cells)


def _ranked(
    ranking: tuple[Tensor, ...], cells: Tensor, scores: Tensor, photos: Tensor, sign: int
) -> tuple[Tensor, ...]:
    """A ranking (values, photos, cells) with new photos (B,) let in by their scores (B, C).

    Where on the map it was is the largest of ``sign`` · cells, (B, C, P).
    """
    values, numbers, places = ranking
    rows = (scores > values[:, -1]).any(0).nonzero()[:, 0]  # units for which a photo of this batch comes in
    if not len(rows):
        return ranking
    entering = torch.cat([values[rows], scores[:, rows].T], 1)
    entering, order = entering.sort(dim=1, descending=True, stable=True)
    entering, order = entering[:, :TOP], order[:, :TOP]
    row, column = (order >= TOP).nonzero(as_tuple=True)
    photo = order[row, column] - TOP
    new_numbers, new_places = (kept[rows].gather(1, order.clamp(max=TOP - 1)) for kept in (numbers, places))
    new_numbers[row, column] = photos[photo]
    new_places[row, column] = (cells[photo, rows[row]] * sign).argmax(1).int()
    changed = (values, entering), (numbers, new_numbers), (places, new_places)
    return tuple(kept.index_copy(0, rows, new) for kept, new in changed)


def _nothing(model: Model, collection: Collection, relevance: bool) -> Exemplars:
    """No photo seen yet."""
    classes, total = len(collection.class_names), len(collection)
    units = {step.layer.name: step.layer.out for step in steps(model.info.spec) if step.layer.kind in ("conv", "fc")}

    def empty(count: int, kind: str) -> Ranking:
        values = np.full((count, TOP), -np.inf * _SIGNS[kind], np.float32)
        return Ranking(values, np.full((count, TOP), -1, np.int32), np.zeros((count, TOP), np.int32))

    kinds = [kind for kind in KINDS if relevance or kind != "relevant"]
    layers = {
        name: LayerExemplars({kind: empty(count, kind) for kind in kinds}, np.zeros((count, classes), np.float32))
        for name, count in units.items()
    }
    rows = min(total, VECTORS)
    vectors: dict[str, Any] = {name: np.zeros((rows, units[name]), np.float16) for name in MAP_LAYERS}
    thumbnails = np.zeros((rows, THUMBNAIL, THUMBNAIL, 3), np.uint8)
    counts, answers = np.zeros(classes, np.int64), np.full(total, -1, np.int32)
    return Exemplars(layers, counts, answers, **vectors, thumbnails=thumbnails, done=0, total=total)
