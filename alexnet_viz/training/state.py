"""What a run's functions are handed: what stays as it is during the run, and what a step changes.

A checkpoint holds all of the second; nothing random is in it, because nothing random has a state: the photos' order is
a function of (seed, epoch), an augmentation of (seed, epoch, index), dropout of (seed, step, rank).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from alexnet_viz.errors import RunError
from alexnet_viz.network.variants import AlexNet
from alexnet_viz.training import batch_norm, checkpoints
from alexnet_viz.training.data import Splits
from alexnet_viz.training.distributed import ProcessGroup
from alexnet_viz.training.metrics import RunningMetrics, TrainingDiverged
from alexnet_viz.training.monitor import Monitor
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.training.schedule import Plan, is_best
from alexnet_viz.values import Preprocessing


@dataclass(frozen=True, eq=False)
class TrainingContext:
    """What stays as it is while a run trains. ``precision`` is fp32, bf16 or fp16, ``path`` the run directory."""

    path: Path
    recipe: Recipe
    splits: Splits
    plan: Plan
    group: ProcessGroup
    monitor: Monitor
    device: torch.device
    precision: str


@dataclass(eq=False)
class TrainingState:
    """What a training step changes and a checkpoint holds.

    ``model`` is ``network`` in the wrappers that a step needs, over the same parameters. ``history`` holds the
    validation top-1 of each epoch so far. ``saved_step`` and ``saved_epochs`` are the steps and validated epochs that
    the last checkpoint holds.
    """

    network: AlexNet
    model: nn.Module
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    metrics: RunningMetrics
    step: int = 0
    history: list[float] = field(default_factory=list)
    saved_step: int = -1
    saved_epochs: int = 0


def save_checkpoint(context: TrainingContext, state: TrainingState) -> None:
    """Write a checkpoint of this very moment, unless there is one. Raises TrainingDiverged rather than keep a NaN."""
    epochs = len(state.history)
    if (state.saved_step, state.saved_epochs) == (state.step, epochs):
        return
    state.metrics.check_finite(context.group, context.recipe.learning_rate)
    _check_weights(state)
    sums = context.group.all_gather(state.metrics.sums.tolist())
    best = state.saved_epochs < epochs and is_best(state.history)
    state.saved_step, state.saved_epochs = state.step, epochs
    if not context.group.is_main:
        return
    saved = {
        "step": state.step,
        "sums": sums,
        "history": state.history,
        "optimizer": state.optimizer.state_dict(),
        "scaler": state.scaler.state_dict(),
        "fingerprint": context.splits.fingerprint,
        "about": context.monitor.status.about,
    }
    if context.recipe.batch_norm:  # what is folded away cannot be trained on
        saved["network"] = state.network.state_dict()
    weights = batch_norm.folded(state.network)
    checkpoints.save(context.path, state.step, weights, saved, best=best, **_description(context, state))


def _check_weights(state: TrainingState) -> None:
    for name, parameter in state.network.named_parameters():
        if not torch.isfinite(parameter).all():
            raise TrainingDiverged(
                f"{name} is not finite after step {state.step - 1}: start again with a smaller learning_rate."
            )


def _description(context: TrainingContext, state: TrainingState) -> dict[str, Any]:
    """What the weights file says of itself, as ``network.files.save_weights`` takes it."""
    recipe, epoch = context.recipe, max(0, state.step - 1) // context.plan.steps_per_epoch
    size = recipe.size_at(epoch)
    return {
        "spec": replace(state.network.spec, input_size=size),
        "categories": context.splits.class_names,
        "preprocessing": Preprocessing.for_size(size),
        "title": f"{context.path.name}, step {state.step:,}",
        "source": f"trained by the preset {recipe.preset} on {recipe.data.partition(':')[0]}",
        "extra": {
            "recipe": recipe.as_dict(),
            "step": state.step,
            "epoch": epoch,
            "history": state.history,
            "data": context.splits.fingerprint,
        },
    }


def restore_checkpoint(context: TrainingContext, state: TrainingState, about: dict[str, Any]) -> None:
    """Go back to the run's last checkpoint, if there is one; where ``about`` differs from what it says, print so.

    Raises RunError where the photos are others, or no checkpoint can be read.
    """
    loaded = checkpoints.load_last(context.path)
    if loaded is None:
        return
    weights, saved = loaded
    if saved["fingerprint"] != context.splits.fingerprint:
        raise RunError(
            f"The photos of {context.recipe.data} are not those that this run began with: put those back, then "
            "resume, or start a new run; its last checkpoint is intact."
        )
    for key in ("device", "precision", "threads", "processes", "torch"):
        if saved["about"][key] != about[key]:
            print(f"{key} was {saved['about'][key]} and is {about[key]}: the run goes on, but not bit for bit.")
    state.network.load_state_dict(saved.get("network", weights))
    state.optimizer.load_state_dict(saved["optimizer"])
    state.scaler.load_state_dict(saved["scaler"])
    state.step, state.history = saved["step"], saved["history"]
    state.saved_step, state.saved_epochs = state.step, len(state.history)
    _restore_sums(state.metrics.sums, saved["sums"], context.group)
    print(f"Resumed at step {state.step:,} of {context.plan.steps:,}.")


def _restore_sums(sums: torch.Tensor, saved: list[list[float]], group: ProcessGroup) -> None:
    """Give each process its own ``sums`` (4,) of those saved (processes, 4); all to the main one if they are not as
    many as then."""
    by_rank = torch.tensor(saved, dtype=sums.dtype, device=sums.device)
    if len(by_rank) == group.world_size:
        sums += by_rank[group.rank]
    elif group.is_main:
        sums += by_rank.sum(0)
