"""What it costs to find every unit's exemplars in 1,000 photos, against the bare forward passes over the same photos.

Once on inputs that are ready, where only the search counts, and once with reading and preparing the photos on both
sides. The photos are crops of the samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
import torch

from alexnet_viz.images.decode import decode
from alexnet_viz.images.samples import SAMPLES, sample
from alexnet_viz.inspection.model import Model, get
from alexnet_viz.units import exemplars as search
from alexnet_viz.units.collection import Collection
from alexnet_viz.values import Exemplars, Photo
from benchmarks.side_by_side import side_by_side

PHOTOS = 1000
SIDE = 256


def crops(count: int) -> Collection:
    """Squares of the sample photos at random places."""
    rng = np.random.default_rng(0)
    samples = [decode(*sample(photo.key)).pixels for photo in SAMPLES]
    photos = []
    for number in range(count):
        pixels = samples[rng.integers(len(samples))]
        top, left = (rng.integers(side - SIDE + 1) for side in pixels.shape[:2])
        crop = np.ascontiguousarray(pixels[top : top + SIDE, left : left + SIDE])
        photos.append(Photo(str(number), crop, (SIDE, SIDE), "PNG", str(number)))
    names = tuple(photo.name for photo in photos)
    return Collection("crops", str(count), names, photos.__getitem__, np.full(count, -1))


@torch.inference_mode()
def forward(model: Model, batches: Iterable[search._Batch]) -> None:
    for batch in batches:
        model.network(model.tensor(batch.inputs))


def rank(model: Model, collection: Collection, batches: Sequence[search._Batch], relevance: bool) -> None:
    lists = search._Search(search._nothing(model, collection, relevance), model.device.name)
    for batch in batches:
        lists.take(model, batch, collection.labels[batch.photos])
        lists.value()


def whole(model: Model, collection: Collection, relevance: bool) -> Exemplars:
    *_, result = search.exemplars(model, collection, relevance)
    return result


def main() -> None:
    model, collection = get("bundled", device="cpu"), crops(PHOTOS)
    print(f"{torch.get_num_threads()} threads, PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}")
    batches = list(search._batches(model, collection, 0))
    for relevance, title in ((False, "activation lists"), (True, "activation and relevance lists")):
        ready = partial(rank, model, collection, batches, relevance)
        side_by_side(f"{title}, {PHOTOS} inputs / forward", ready, partial(forward, model, batches), rounds=3)
        ours = partial(whole, model, collection, relevance)
        bare = lambda: forward(model, search._batches(model, collection, 0))  # noqa: E731
        side_by_side(f"{title}, {PHOTOS} photos / read and forward", ours, bare, rounds=3)


if __name__ == "__main__":
    main()
