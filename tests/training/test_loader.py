"""The batches of each process."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from alexnet_viz.training import augment, loader
from alexnet_viz.training.distributed import ProcessGroup
from alexnet_viz.training.loader import train_loader, validation_loader
from alexnet_viz.training.schedule import order


@pytest.fixture
def contexts(set_up_run, tiny):
    """contexts(n) -> the contexts of n processes that train ``tiny`` together."""
    context, _ = set_up_run(tiny)
    return lambda n: [replace(context, group=ProcessGroup(rank, rank, n)) for rank in range(n)]


def test_an_epoch_is_its_photos_in_their_order_as_augmented(contexts, tiny):
    (context,) = contexts(1)
    photos, indices = context.splits.train, order(tiny.seed, 1, 48)
    batches = list(train_loader(context, epoch=1))
    assert len(batches) == 6
    expected = augment.train_batch(photos, indices, tiny, size=67, epoch=1, device="cpu")
    assert torch.equal(torch.cat([x for x, _ in batches]), expected)
    assert torch.cat([labels for _, labels in batches]).tolist() == photos.labels[indices].tolist()


def test_an_epoch_that_was_left_goes_on_with_the_same_batches(contexts):
    (context,) = contexts(1)
    whole, rest = list(train_loader(context, epoch=0)), list(train_loader(context, epoch=0, skip=4))
    assert len(rest) == 2
    assert all(torch.equal(a[0], b[0]) for a, b in zip(whole[4:], rest, strict=True))
    assert list(train_loader(context, epoch=0, skip=6)) == []


def test_processes_share_each_batch_in_the_order_of_their_ranks(contexts):
    (alone,), together = contexts(1), contexts(2)
    shares = zip(*(train_loader(context, epoch=0) for context in together), strict=True)
    for (x, labels), parts in zip(train_loader(alone, epoch=0), shares, strict=True):
        assert torch.equal(x, torch.cat([part[0] for part in parts]))
        assert torch.equal(labels, torch.cat([part[1] for part in parts]))


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_each_validation_photo_comes_once_and_every_process_has_as_many_batches(contexts, monkeypatch, processes):
    monkeypatch.setattr(loader, "VALIDATION_BATCH", 4)  # 15 photos: three processes of four get one batch, half full
    by_rank = [list(validation_loader(context, 67)) for context in contexts(processes)]
    assert len({len(batches) for batches in by_rank}) == 1
    batches = [batch for batches in by_rank for batch in batches if batch is not None]
    assert sorted(np.concatenate([batch.indices for batch in batches])) == list(range(15))
    labels = contexts(1)[0].splits.val.labels
    for batch in batches:
        assert batch.labels.tolist() == labels[batch.indices].tolist()
        assert batch.x.shape == (len(batch.indices), 3, 67, 67)
        assert batch.crops is None


def test_a_process_without_a_photo_left_gets_an_empty_batch(contexts, monkeypatch):
    monkeypatch.setattr(loader, "VALIDATION_BATCH", 7)  # 15 photos by two: 8 in two batches, 7 in one
    first, second = (list(validation_loader(context, 67)) for context in contexts(2))
    assert [len(batch.indices) for batch in first] == [7, 1]
    assert len(second[0].indices) == 7
    assert second[1] is None
