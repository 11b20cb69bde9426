"""The state of a run in training: what stays the same during the run, and what a step changes.

A checkpoint holds all of the second; nothing random is in it, because nothing random has a state: the photos' order is
a function of (seed, epoch), an augmentation of (seed, epoch, index), dropout of (seed, step, rank).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from alexnet_viz.network.variants import AlexNet
from alexnet_viz.training.data import Splits
from alexnet_viz.training.distributed import ProcessGroup
from alexnet_viz.training.metrics import RunningMetrics
from alexnet_viz.training.monitor import Monitor
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.training.schedule import TrainingPlan


@dataclass(frozen=True, eq=False)
class TrainingContext:
    """What stays as it is while a run trains. ``precision`` is fp32, bf16 or fp16, ``path`` the run directory.

    ``kept_steps`` are the steps after which the whole weights are kept beside the checkpoints.
    """

    path: Path
    recipe: Recipe
    splits: Splits
    plan: TrainingPlan
    group: ProcessGroup
    monitor: Monitor
    device: torch.device
    precision: str
    kept_steps: frozenset[int]


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
