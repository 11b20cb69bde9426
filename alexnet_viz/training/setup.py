"""Setting up a run: from a recipe and its photos to the state that the training loop works on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from alexnet_viz.network.variants import AlexNet
from alexnet_viz.training import augment, batch_norm, runs
from alexnet_viz.training.checkpoints import restore_checkpoint
from alexnet_viz.training.data import Splits
from alexnet_viz.training.distributed import ProcessGroup
from alexnet_viz.training.metrics import RunningMetrics
from alexnet_viz.training.model import make_network, wrap_model
from alexnet_viz.training.monitor import Monitor
from alexnet_viz.training.optimizer import make_optimizer
from alexnet_viz.training.precision import resolve_precision
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.training.schedule import plan_training, steps_to_keep
from alexnet_viz.training.state import TrainingContext, TrainingState

CALIBRATION_PHOTOS = 512  # photos that the first means and variances of given weights are taken from


def set_up(
    path: Path, recipe: Recipe, splits: Splits, group: ProcessGroup, monitor: Monitor, device: torch.device
) -> tuple[TrainingContext, TrainingState]:
    """A run as its last checkpoint left it, or at its start.

    Raises RecipeError where the recipe does not fit its photos, its first weights or the processes; RunError where the
    photos are not those of the checkpoint.
    """
    plan = plan_training(recipe, len(splits.train))
    network = _first_network(path, recipe, splits, device)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    context = TrainingContext(
        path,
        recipe,
        splits,
        plan,
        group,
        monitor,
        device,
        precision=resolve_precision(device, recipe.precision),
        kept_steps=steps_to_keep(recipe, plan.steps, parameters),
    )
    state = TrainingState(
        network,
        model=wrap_model(recipe, network, group, device),
        optimizer=make_optimizer(recipe, network),
        scaler=torch.amp.GradScaler(device.type, enabled=context.precision == "fp16"),
        metrics=RunningMetrics(device),
    )
    about = _about(context)
    restore_checkpoint(context, state, about)
    if group.is_main:
        runs.write_class_names(path, splits.class_names)
    monitor.update(about=about, steps=context.plan.steps, step=state.step, activity="training")
    return context, state


def _first_network(path: Path, recipe: Recipe, splits: Splits, device: torch.device) -> AlexNet:
    """The network before its first step; on resuming, any network of the same shapes: the checkpoint fills it."""
    classes = len(splits.class_names)
    if runs.read_index(path)["last"]:  # the weights it once began with may be gone, and are not needed
        return make_network(replace(recipe, start=""), classes, device)
    network = make_network(recipe, classes, device, path.parent)
    if recipe.start and recipe.batch_norm:
        indices = np.linspace(0, len(splits.train) - 1, min(CALIBRATION_PHOTOS, len(splits.train))).astype(int)
        x = augment.train_batch(splits.train, indices, recipe, size=recipe.size_at(0), epoch=0, device=device)
        batch_norm.calibrate(network, x)
    return network


def _about(context: TrainingContext) -> dict[str, Any]:
    """What the run is trained on and with, as plain data for its status and its checkpoints."""
    splits = context.splits
    return {
        "device": str(context.device),
        "precision": context.precision,
        "threads": torch.get_num_threads(),
        "processes": context.group.world_size,
        "torch": str(torch.__version__),  # its own class does not load as plain data
        "photos": [len(splits.train), len(splits.val)],
        "classes": len(splits.class_names),
        "skipped": len(splits.skipped),
        "notes": list(splits.notes),
    }
