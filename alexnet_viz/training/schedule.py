"""Schedules of a run as pure functions of its recipe and step: learning rate, snapshots, seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alexnet_viz.errors import RecipeError
from alexnet_viz.training.recipe import Recipe

KEPT = 24  # sets of whole weights of a run at most: more is no smoother to look at
HALF = 2  # bytes of a parameter in half precision
_ORDER, _DROPOUT = 1, 2  # keep draws made of the same seed apart


@dataclass(frozen=True)
class TrainingPlan:
    """A run in steps. ``log_every``: steps between two rows of the training curve, about 1,000 in all."""

    steps_per_epoch: int
    steps: int
    log_every: int
    snapshot_steps: frozenset[int]


def plan_training(recipe: Recipe, photos: int) -> TrainingPlan:
    """The steps of a run over so many training photos. Each epoch leaves out the last, incomplete batch."""
    per_epoch = photos // recipe.batch_size
    if per_epoch == 0:
        raise RecipeError(
            f"batch_size ({recipe.batch_size}) is larger than the {photos} training photos: use at most {photos}."
        )
    steps = per_epoch * recipe.epochs
    log_every = min(per_epoch, max(5, steps // 1000))
    return TrainingPlan(per_epoch, steps, log_every, _spread(steps, recipe.snapshots))


def steps_to_keep(recipe: Recipe, steps: int, parameters: int) -> frozenset[int]:
    """The steps after which a run keeps its whole weights: as many as fit into the recipe's megabytes, 24 at most.

    None where not even two fit: the start and the end are the least that shows a change.
    """
    count = min(KEPT, recipe.kept_megabytes * 1_000_000 // (HALF * parameters))
    return _spread(steps, count) if count > 1 else frozenset()


def _spread(steps: int, count: int) -> frozenset[int]:
    """So many moments from the first step to the last: filters change fastest at the start, so they lie closest there.

    Fewer where they fall on one step.
    """
    return frozenset(round(steps * (i / max(1, count - 1)) ** 2) for i in range(count))


def order(seed: int, epoch: int, photos: int) -> np.ndarray:
    """The order of the training photos in an epoch, int64 (photos,)."""
    return np.random.default_rng([_ORDER, seed, epoch]).permutation(photos)


def dropout_seed(seed: int, step: int, rank: int) -> int:
    """What dropout's generator starts from in a step, in each process."""
    return int(np.random.SeedSequence([_DROPOUT, seed, step, rank]).generate_state(1)[0])


def learning_rate(recipe: Recipe, plan: TrainingPlan, step: int, top1: Sequence[float]) -> float:
    """The learning rate of a step (from 0), given the validation top-1 of every epoch before it.

    The warm-up is linear; the cosine (Loshchilov & Hutter 2017, arXiv:1608.03983, without restarts) follows it and
    ends at zero.
    """
    warmup = recipe.warmup_epochs * plan.steps_per_epoch
    if step < warmup:
        return recipe.learning_rate * (step + 1) / (warmup + 1)
    match recipe.schedule:
        case "cosine":
            return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (plan.steps - warmup)))
        case "step":
            return recipe.learning_rate * 0.1 ** (step // plan.steps_per_epoch // recipe.step_epochs)
        case "plateau":
            return recipe.learning_rate * 0.1 ** plateaus(top1, recipe.patience)
        case _:
            return recipe.learning_rate


def plateaus(top1: Sequence[float], patience: int) -> int:
    """How often the accuracy stopped rising: each time, more than ``patience`` epochs without a new best."""
    best, waited, count = -math.inf, 0, 0
    for value in top1:
        best, waited = (value, 0) if value > best else (best, waited + 1)
        if waited > patience:
            count, waited = count + 1, 0
    return count


def is_best(top1: Sequence[float]) -> bool:
    """Whether the last epoch is the best so far; of equally good ones that is the last, which learned longest."""
    return top1[-1] >= max(top1)


def ends_early(top1: Sequence[float], patience: int) -> bool:
    """Whether the last ``patience`` epochs brought no new best accuracy; never, if ``patience`` is 0."""
    return 0 < patience < len(top1) and max(top1[-patience:]) <= max(top1[:-patience])
