"""The batches that a process trains and validates on, prepared ahead of their use."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from alexnet_viz.training import augment
from alexnet_viz.training.prefetch import prefetch
from alexnet_viz.training.schedule import order
from alexnet_viz.training.state import TrainingContext
from alexnet_viz.values import Preprocessing

VALIDATION_BATCH = 128


def train_loader(context: TrainingContext, epoch: int, skip: int = 0) -> Generator[tuple[Tensor, Tensor], None, None]:
    """This process's share of each of the epoch's batches but the first ``skip``: (x, labels) on the device.

    x is float32 (B, 3, S, S), labels int64 (B,), with B = batch_size / processes.
    """
    recipe, group = context.recipe, context.group
    photos = order(recipe.seed, epoch, len(context.splits.train))
    share = recipe.batch_size // group.world_size
    starts = (step * recipe.batch_size + group.rank * share for step in range(skip, context.plan.steps_per_epoch))
    return prefetch(partial(_train_batch, context, epoch), [photos[i : i + share] for i in starts], recipe.workers)


def _train_batch(context: TrainingContext, epoch: int, indices: np.ndarray) -> tuple[Tensor, Tensor]:
    """x is in channels_last, but not on a CPU: conv1 takes it as it is there, and what follows is as its weights."""
    recipe, photos, device = context.recipe, context.splits.train, context.device
    x = augment.train_batch(photos, indices, recipe, size=recipe.size_at(epoch), epoch=epoch, device=device)
    labels = torch.from_numpy(photos.labels[indices]).to(device)
    return x if device.type == "cpu" else x.contiguous(memory_format=torch.channels_last), labels


class ValidationBatch(NamedTuple):
    """B validation photos, on the device.

    ``indices`` int (B,) are their places in the validation set, ``x`` is float32 (B, 3, S, S), ``labels`` int64 (B,);
    ``crops`` float32 (B, 10, 3, S, S), or None unless the recipe has ten_crop.
    """

    indices: np.ndarray
    x: Tensor
    crops: Tensor | None
    labels: Tensor


def validation_loader(context: TrainingContext, size: int) -> Generator[ValidationBatch | None, None, None]:
    """Every world_size-th validation photo, so that none is counted twice, at an input size.

    Every process gets the same number of batches, None where it has one less than the first: all must take part in
    every exchange.
    """
    group, count = context.group, len(context.splits.val)
    photos = np.arange(group.rank, count, group.world_size)
    batches = -(-count // (group.world_size * VALIDATION_BATCH))  # those of rank 0
    indices = [photos[i * VALIDATION_BATCH : (i + 1) * VALIDATION_BATCH] for i in range(batches)]
    return prefetch(partial(_validation_batch, context, size), indices, context.recipe.workers)


def _validation_batch(context: TrainingContext, size: int, indices: np.ndarray) -> ValidationBatch | None:
    if not len(indices):
        return None
    photos, device, preprocessing = context.splits.val, context.device, Preprocessing.for_size(size)
    x = augment.eval_batch(photos, indices, preprocessing, device=device)
    ten_crop = context.recipe.ten_crop
    crops = augment.eval_batch(photos, indices, preprocessing, device=device, ten_crop=True) if ten_crop else None
    labels = torch.from_numpy(photos.labels[indices]).to(device)
    return ValidationBatch(indices, x.contiguous(memory_format=torch.channels_last), crops, labels)
