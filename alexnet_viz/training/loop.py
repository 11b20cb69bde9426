"""The training loop: from a recipe and its photos to checkpoints and metric rows in the run directory."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet_viz.errors import Stopped
from alexnet_viz.training.checkpoints import keep_weights, save_checkpoint
from alexnet_viz.training.data import Splits
from alexnet_viz.training.distributed import ProcessGroup
from alexnet_viz.training.loader import train_loader
from alexnet_viz.training.metrics import gradient_norms, memory_used
from alexnet_viz.training.monitor import Monitor
from alexnet_viz.training.optimizer import set_learning_rate
from alexnet_viz.training.precision import autocast
from alexnet_viz.training.prefetch import StepTimer
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.training.schedule import dropout_seed, ends_early, learning_rate
from alexnet_viz.training.setup import set_up
from alexnet_viz.training.snapshot_capture import take_snapshot
from alexnet_viz.training.state import TrainingContext, TrainingState
from alexnet_viz.training.validation import validate


def train(
    path: Path, recipe: Recipe, splits: Splits, group: ProcessGroup, monitor: Monitor, device: torch.device
) -> bool:
    """Train a run from its last checkpoint, or from the start, to its end: True; or False if asked to stop before.

    Raises TrainingDiverged when the loss or a weight is no longer a number, RecipeError or RunError where the run
    cannot begin, OSError where the disk fails.
    """
    context, state = set_up(path, recipe, splits, group, monitor, device)
    try:
        while len(state.history) < recipe.epochs and not ends_early(state.history, recipe.early_stopping):
            train_epoch(context, state)
            validate(context, state)
            save_checkpoint(context, state)
    except Stopped:
        save_checkpoint(context, state)
        return False
    take_snapshot(context, state)
    if context.kept_steps:
        keep_weights(context, state)
    return True


def train_epoch(context: TrainingContext, state: TrainingState) -> None:
    """Take the steps that are left of the epoch: none where only its validation is. Raises Stopped if asked to stop."""
    recipe, plan, group, monitor = context.recipe, context.plan, context.group, context.monitor
    epoch = len(state.history)
    done = state.step - epoch * plan.steps_per_epoch
    state.network.train()
    monitor.update(activity="training", epoch=epoch)
    timer, saved = StepTimer(state.step), time.monotonic()
    with closing(train_loader(context, epoch, skip=done)) as batches:
        for x, labels in timer.batches(batches):
            due = group.is_main and done > 0 and time.monotonic() - saved >= 60 * recipe.checkpoint_minutes
            stop, due = group.any_rank(monitor.stop_asked, due)
            if stop:
                raise Stopped
            if due:
                save_checkpoint(context, state)
                saved = time.monotonic()
            if state.step in plan.snapshot_steps:
                take_snapshot(context, state)
            if state.step in context.kept_steps:
                keep_weights(context, state)
            done += 1
            log = done % plan.log_every == 0 or done == plan.steps_per_epoch
            measured = train_step(context, state, x, labels, measure=log)
            monitor.update(step=state.step)
            if log:
                log_row(context, state, epoch, measured, timer)


def train_step(
    context: TrainingContext, state: TrainingState, x: Tensor, labels: Tensor, *, measure: bool = False
) -> dict[str, Any]:
    """One step of the optimiser on x float32 (B, 3, S, S) and labels int64 (B,).

    With ``measure`` it returns the learning rate, each layer's gradient norm and each ReLU's share of dead units.
    """
    recipe = context.recipe
    rate = learning_rate(recipe, context.plan, state.step, state.history)
    set_learning_rate(state.optimizer, rate)
    # Seeded at every step, dropout leaves no generator state to save.
    torch.manual_seed(dropout_seed(recipe.seed, state.step, context.group.rank))
    with autocast(context.device, context.precision):
        logits, dead = state.model(x, measure)
    loss = F.cross_entropy(logits.float(), labels, label_smoothing=recipe.label_smoothing)
    state.optimizer.zero_grad()
    state.scaler.scale(loss).backward()
    state.scaler.unscale_(state.optimizer)
    norms = gradient_norms(state.network) if measure else {}
    state.scaler.step(state.optimizer)
    state.scaler.update()
    state.metrics.add(state.step, loss, logits, labels)
    state.step += 1
    if not measure:
        return {}
    return {
        "learning_rate": rate,
        "grad_norm": {name: float(norm) for name, norm in norms.items()},
        "dead": {name: float(share) for name, share in dead.items()},
    }


def log_row(
    context: TrainingContext, state: TrainingState, epoch: int, measured: dict[str, Any], timer: StepTimer
) -> None:
    """Write a row of the training curve: means since the row before, what the step measured, and how fast it went."""
    state.metrics.check_finite(context.group, context.recipe.learning_rate)
    means = state.metrics.pop_means(context.group)
    seconds, waited, steps = timer.lap(state.step)
    rate = steps * context.recipe.batch_size / seconds
    timing = {"images_per_second": rate, "data_share": waited / seconds, "memory": memory_used(context.device)}
    context.monitor.row("train", step=state.step, epoch=epoch, **means, **measured, timing=timing)
    left = (context.plan.steps - state.step) * seconds / steps
    context.monitor.update(images_per_second=rate, seconds_left=left)
