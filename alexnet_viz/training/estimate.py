"""What a run will cost, from a few timed steps on synthetic photos: ``python -m alexnet_viz.training.estimate``.

``in_own_process`` is for a server: the steps take all cores for some seconds, as the run will.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from alexnet_viz import permissions
from alexnet_viz.disk import runs_folder
from alexnet_viz.errors import RecipeError, UserError
from alexnet_viz.network.layers import steps
from alexnet_viz.training.process_tuning import chosen_niceness, keep_freed_memory, set_passive_waiting, set_threads
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.training.schedule import HALF, plan_training, steps_to_keep

if TYPE_CHECKING:
    import torch

_GB = 1e9
_SMALL = 1 << 30  # bytes
_PROCESS = 500_000_000  # bytes of Python with torch, before there is a network
_CGROUP = Path("/sys/fs/cgroup")  # of the container, if this is one


@dataclass(frozen=True)
class Cost:
    """``seconds`` for the whole run without its data and validation, on ``device``; ``memory`` and ``disk`` in bytes.

    ``memory`` counts the process, weights, gradients, the optimiser's state and a batch's activations, from the shapes.
    """

    parameters: int
    photos: int
    steps_per_epoch: int
    steps: int
    seconds: float
    memory: int
    disk: int
    device: str
    precision: str


def in_own_process(recipe: Recipe) -> Cost:
    """``estimate`` of a recipe with its data, read in a process of its own; UserErrors come back as RecipeErrors."""
    permissions.require("runs")
    done = subprocess.run(
        [sys.executable, "-m", "alexnet_viz.training.estimate"],
        input=recipe.as_json(),
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    if done.returncode == 2:
        raise RecipeError(done.stderr.strip().splitlines()[-1])
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def estimate(recipe: Recipe, photos: int, classes: int, timed: int = 3) -> Cost:
    """The cost of training on so many photos of so many classes; RecipeError if memory or disk cannot hold it."""
    import torch

    from alexnet_viz.network.device import pick
    from alexnet_viz.training.distributed import check_processes
    from alexnet_viz.training.precision import resolve_precision

    plan = plan_training(recipe, photos)
    parameters, memory = sizes(recipe, classes)
    device = pick(None if recipe.device == "auto" else recipe.device)
    on = torch.device(device.name)
    check_processes(recipe.processes, on.type)
    check_memory(recipe, classes)
    needed = memory * (recipe.processes if on.type == "cpu" else 1)
    kept = len(steps_to_keep(recipe, plan.steps, parameters)) * HALF * parameters
    disk = 4 * 8 * parameters + kept  # three checkpoints of weights and momentum, and one being written
    folder = next(p for p in (runs_folder().absolute(), *runs_folder().absolute().parents) if p.exists())
    if disk > shutil.disk_usage(folder).free:
        raise RecipeError(f"The checkpoints need {disk / _GB:.1f} GB in {folder}: free some space, or narrow fc_width.")
    set_threads(recipe.threads, recipe.processes)
    per_step = {side: _step_seconds(recipe, classes, side, on, timed) for side in _sides(recipe)}
    seconds = sum(plan.steps_per_epoch * per_step[recipe.size_at(epoch)] for epoch in range(recipe.epochs))
    precision = resolve_precision(on, recipe.precision)
    return Cost(parameters, photos, plan.steps_per_epoch, plan.steps, seconds, needed, disk, device.title, precision)


def _sides(recipe: Recipe) -> set[int]:
    return {recipe.size_at(epoch) for epoch in range(recipe.epochs)}


def sizes(recipe: Recipe, classes: int) -> tuple[int, int]:
    """(parameters, bytes of memory in one process), from the layers' shapes alone."""
    parameters, values = _counts(recipe, classes)
    return parameters, _weights_memory(recipe, parameters) + _batch_memory(recipe, values)


def _counts(recipe: Recipe, classes: int) -> tuple[int, int]:
    """(parameters, values that the layers put out for one photo at the largest input side)."""
    parameters = 0
    for step in steps(recipe.spec(classes)):
        if step.layer.kind == "conv":
            parameters += step.output[0] * (step.input[0] // step.layer.groups * step.layer.kernel**2 + 1)
        elif step.layer.kind == "fc":
            parameters += step.output[0] * (step.input[0] + 1)
    largest = replace(recipe.spec(classes), input_size=max(_sides(recipe)))
    return parameters, sum(math.prod(step.output) for step in steps(largest))


def _weights_memory(recipe: Recipe, parameters: int) -> int:
    """Bytes of weights, gradients, the optimiser's one or two moments, a checkpoint's copy, and the process itself."""
    return _PROCESS + 4 * parameters * (5 if recipe.optimizer == "adamw" else 4)


def _batch_memory(recipe: Recipe, values: int) -> int:
    """Bytes of one process's share of a batch: all activations, and a quarter for the gradients, which live shortly.

    Measured on a CPU in fp32 (torchvision, 224 pixels): 3.9 MB a photo between batches of 32 and 256; this says 5.5.
    """
    return 5 * values * (recipe.batch_size // (recipe.processes * recipe.machines))


def check_memory(recipe: Recipe, classes: int, *, waits: bool = False) -> None:
    """RecipeError, which names the setting to lower, where a run needs more memory than is free.

    ``waits`` is for a run that starts when others have ended: then all of the memory counts, not what is free now.
    """
    parameters, values = _counts(recipe, classes)
    weights, batch = _weights_memory(recipe, parameters), _batch_memory(recipe, values)
    free_here = _free_main_memory(total=waits)
    if recipe.processes * (weights + batch) < min(_SMALL, free_here / 2):
        return  # it fits anywhere, and torch, which takes seconds to import, need not be asked
    title, free, on_cpu = _device_memory(recipe, free_here, total=waits)
    sharing = recipe.processes if on_cpu else 1  # processes on a CPU share this machine's memory; GPUs have their own
    if free is None or sharing * (weights + batch) <= free:
        return
    if sharing * weights > free:
        remedy = f"lower fc_width (now {recipe.fc_width:,})"
    else:
        world = recipe.processes * recipe.machines
        most = int((free / sharing - weights) // (batch / (recipe.batch_size // world))) * world
        remedy = f"lower batch_size to {most:,}" if most else "lower input_size"
    raise RecipeError(
        f"This needs about {sharing * (weights + batch) / _GB:.1f} GB of memory and {title} has {free / _GB:.1f} GB "
        f"{'in all' if waits else 'free'}: {remedy}."
    )


def _device_memory(recipe: Recipe, free_here: int, *, total: bool) -> tuple[str, int | None, bool]:
    """(title, bytes free or in all, whether it is the CPU) of the device that a recipe runs on."""
    if recipe.device != "cpu":
        from alexnet_viz.network.device import pick

        device = pick(None if recipe.device == "auto" else recipe.device)
    if recipe.device == "cpu" or device.name == "cpu":
        return "this machine", free_here, True
    return device.title, device.memory_total if total else device.memory_free, False


def _free_main_memory(*, total: bool) -> int:
    """Bytes of main memory that are free, or in all; in a container no more than it may have."""
    memory = psutil.virtual_memory()
    amount = memory.total if total else memory.available
    try:
        limit = int((_CGROUP / "memory.max").read_text("ascii"))
        used = 0 if total else _used_in_container()
    except (OSError, ValueError):  # no such container, or one without a limit ("max")
        return amount
    return min(amount, limit - used)


def _used_in_container() -> int:
    """Bytes without the files that the kernel keeps in memory: they make room, and may fill all that there is."""
    lines = (_CGROUP / "memory.stat").read_text("ascii").splitlines()
    counts = {name: int(value) for name, _, value in (line.partition(" ") for line in lines)}
    kept_files = counts.get("active_file", 0) + counts.get("inactive_file", 0)
    return int((_CGROUP / "memory.current").read_text("ascii")) - kept_files


def _step_seconds(recipe: Recipe, classes: int, side: int, device: torch.device, timed: int) -> float:
    """The mean time of a step of this process's share of the batch, after one to warm up."""
    import torch
    import torch.nn.functional as F

    from alexnet_viz.training.model import make_network
    from alexnet_viz.training.optimizer import make_optimizer
    from alexnet_viz.training.precision import autocast

    network = make_network(recipe, classes, device)
    optimizer = make_optimizer(recipe, network)
    share = recipe.batch_size // (recipe.processes * recipe.machines)
    x = torch.randn(share, 3, side, side, device=device).contiguous(memory_format=torch.channels_last)
    labels = torch.zeros(share, dtype=torch.int64, device=device)
    for index in range(timed + 1):
        if index == 1:
            begun = time.perf_counter()
        with autocast(device, recipe.precision):
            logits = network(x)
        loss = F.cross_entropy(logits.float(), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()  # waits for the device
    return (time.perf_counter() - begun) / timed


def main() -> int:
    """The recipe comes as JSON on the standard input, the cost leaves as JSON on the standard output."""
    from alexnet_viz.training import data

    set_passive_waiting()
    keep_freed_memory()
    try:
        os.nice(chosen_niceness())
        recipe = Recipe.from_json(sys.stdin.read())
        cost = estimate(recipe, *data.count(recipe))
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(asdict(cost)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
