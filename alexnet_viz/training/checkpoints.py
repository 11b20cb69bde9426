"""Checkpoints: a weights file that the whole app can open, beside the state that training goes on from.

A checkpoint is two files, each written whole and flushed; it counts only once ``index.json`` names it. So a worker
may be killed at any moment: the index names whole checkpoints only.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from alexnet_viz.disk import write_atomically
from alexnet_viz.errors import RunError
from alexnet_viz.network.checkpoint_index import kept_file
from alexnet_viz.network.files import read_weights, save_weights
from alexnet_viz.training import batch_norm
from alexnet_viz.training.distributed import ProcessGroup
from alexnet_viz.training.metrics import TrainingDiverged
from alexnet_viz.training.runs import read_index
from alexnet_viz.training.schedule import is_best
from alexnet_viz.training.state import TrainingContext, TrainingState
from alexnet_viz.values import Preprocessing

KEEP = 2  # newest checkpoints kept, beside the best


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
    about = _description(context, state, context.recipe.size_at(_epoch(context, state)))
    write_checkpoint(context.path, state.step, weights, saved, best=best, **about)


def _epoch(context: TrainingContext, state: TrainingState) -> int:
    return max(0, state.step - 1) // context.plan.steps_per_epoch


def _check_weights(state: TrainingState) -> None:
    for name, parameter in state.network.named_parameters():
        if not torch.isfinite(parameter).all():
            raise TrainingDiverged(
                f"{name} is not finite after step {state.step - 1}: start again with a smaller learning_rate."
            )


def keep_weights(context: TrainingContext, state: TrainingState) -> None:
    """Keep the whole weights of this moment for good, in half precision, for ``run:ID@STEP``, and no optimiser's state.

    Whatever size training is at, they see photos at the run's final size, as the film's pictures do: what changes from
    one to the next is then the network alone. Processes other than the main one do nothing.
    """
    if not context.group.is_main:
        return
    largest = torch.finfo(torch.float16).max
    weights = batch_norm.folded(state.network)
    halves = {name: weight.clamp(-largest, largest).half() for name, weight in weights.items()}
    about = _description(context, state, context.recipe.final_size)
    file = kept_file(context.path, state.step)
    file.parent.mkdir(exist_ok=True)  # not its parents: a run that was deleted stays so
    save_weights(file, halves, **about)


def _description(context: TrainingContext, state: TrainingState, size: int) -> dict[str, Any]:
    """What weights for photos of a ``size`` say of themselves, as ``network.files.save_weights`` takes it."""
    recipe, epoch = context.recipe, _epoch(context, state)
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
    loaded = read_last_checkpoint(context.path)
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


def _restore_sums(sums: Tensor, saved: list[list[float]], group: ProcessGroup) -> None:
    """Add to each process's ``sums`` (4,) its own of those saved (processes, 4).

    With another number of processes than then, the main one gets all.
    """
    by_rank = torch.tensor(saved, dtype=sums.dtype, device=sums.device)
    if len(by_rank) == group.world_size:
        sums += by_rank[group.rank]
    elif group.is_main:
        sums += by_rank.sum(0)


# --- files ---------------------------------------------------------------------------------------


def write_checkpoint(
    path: Path, step: int, weights: dict[str, Tensor], state: dict[str, Any], *, best: bool, **about: Any
) -> str:
    """Write a run's checkpoint and forget the oldest; its name. ``about`` goes to network.files.save_weights."""
    folder = path / "checkpoints"
    name = f"step-{step:08d}"
    save_weights(folder / f"{name}.safetensors", weights, **about)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(folder / f"{name}.state.pt", buffer.getvalue())
    index = read_index(path)
    last: list[str] = [name, *(other for other in index["last"] if other != name)][:KEEP]
    best_name = name if best else index["best"]
    write_atomically(folder / "index.json", json.dumps({"last": last, "best": best_name}).encode())
    _remove_others(folder, {*last, best_name})
    return name


def read_last_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """(weights, state) of the newest checkpoint that can be read; None if the run has none yet."""
    names = read_index(path)["last"]
    for name in names:
        folder = path / "checkpoints"
        try:
            state = torch.load(folder / f"{name}.state.pt", map_location="cpu", weights_only=True)
            return read_weights(folder / f"{name}.safetensors")[0], state
        except Exception as error:  # a damaged disk: torch.load raises nearly anything
            print(f"{name} cannot be read ({error}): trying the one before.")
    if names:
        raise RunError(f"No checkpoint of {path.name} can be read: start a new run.")
    return None


def _remove_others(folder: Path, kept: set[str | None]) -> None:
    """Delete older checkpoints and what killed workers left half written."""
    for file in folder.iterdir():
        if file.name.startswith(".") or (file.name.startswith("step-") and file.name.partition(".")[0] not in kept):
            file.unlink(missing_ok=True)
