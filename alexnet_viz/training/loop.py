"""The training loop: from a recipe and its photos to checkpoints and metric rows in the run directory.

Resuming is exact because nothing random has a state: the photos' order is a function of (seed, epoch), an augmentation
of (seed, epoch, index), dropout of (seed, step, process). What a step changes is in ``_Training``, and a checkpoint
holds all of it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from alexnet_viz.errors import RecipeError, RunError
from alexnet_viz.network.variants import AlexNet, build, initialise
from alexnet_viz.network.weights import load
from alexnet_viz.training import augment, batch_norm, checkpoints, runs
from alexnet_viz.training.answers import SHOWN_SIDE, Answers, most_wrong, write_answers
from alexnet_viz.training.cpu_layers import for_cpu
from alexnet_viz.training.data import Splits
from alexnet_viz.training.monitor import Monitor
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.training.schedule import Plan, dropout_seed, ends_early, learning_rate, order, plan
from alexnet_viz.training.snapshots import CHANNELS, MAPS, UNITS, Snapshot, write_photo, write_snapshot
from alexnet_viz.training.team import Team
from alexnet_viz.values import Preprocessing

VALIDATION_BATCH = 128
SETTLE = 512  # photos that the first means and variances of given weights are taken from
_NEVER = 2**31 - 1
_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class TrainingFailed(RunError):
    """A run that cannot go on by itself, such as one whose loss is no number any more."""


@dataclass
class _Training:
    """A run in progress. The fields from ``sums`` on, the weights and the optimiser's state are what a step changes.

    ``sums`` (4,) adds up since the last row: loss, top-1 hits, top-5 hits, photos. ``bad`` is the first step whose
    loss was not finite. ``history`` holds each finished epoch's validation top-1.
    """

    path: Path
    recipe: Recipe
    splits: Splits
    plan: Plan
    team: Team
    monitor: Monitor
    device: torch.device
    precision: str
    network: AlexNet
    model: nn.Module
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    sums: Tensor
    bad: Tensor
    step: int = 0
    history: list[float] = field(default_factory=list)
    saved: int = -1  # the step and
    validated: int = 0  # the number of validations that the last checkpoint holds


def train(path: Path, recipe: Recipe, splits: Splits, team: Team, monitor: Monitor, device: torch.device) -> bool:
    """Train a run from its last checkpoint, or from the start, to its end: True; or False if asked to stop before.

    Raises TrainingFailed when the loss or a weight is no longer a number; OSError where the disk fails.
    """
    training = _prepare(path, recipe, splits, team, monitor, device)
    while True:
        if training.step // training.plan.steps_per_epoch > len(training.history):
            if not _validate(training):
                _save(training)
                return False
            _save(training)
        if training.step == training.plan.steps or ends_early(training.history, recipe.early_stopping):
            _take_snapshot(training)
            return True
        if not _train_epoch(training):
            _save(training)
            return False


# --- beginning -----------------------------------------------------------------------------------


def precision_on(device: torch.device, wanted: str) -> str:
    """``auto`` as the device does it best: bf16 where its arithmetic units know it, fp16 on older GPUs, else fp32."""
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    return "bf16" if device.type == "cpu" and _cpu_has_bf16() else "fp32"


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The layers' arithmetic in that precision; the weights stay fp32."""
    dtype = _DTYPES[precision_on(device, precision)]
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)


def _cpu_has_bf16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return False
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags)


def _prepare(
    path: Path, recipe: Recipe, splits: Splits, team: Team, monitor: Monitor, device: torch.device
) -> _Training:
    precision = precision_on(device, recipe.precision)
    begins = not runs.read_index(path)["last"]  # else the weights it once began with may be gone, and are not needed
    first = recipe if begins else replace(recipe, start="")
    network = make_network(first, len(splits.class_names), device, path.parent)
    if begins and recipe.start and recipe.batch_norm:
        some = np.linspace(0, len(splits.train) - 1, min(SETTLE, len(splits.train))).astype(int)
        x = augment.train_batch(splits.train, some, recipe, size=recipe.size_at(0), epoch=0, device=device)
        batch_norm.settle(network, x)
    if team.world > 1 and recipe.batch_norm:
        if device.type != "cuda":
            raise RecipeError("batch_norm over several processes needs GPUs: set processes=1, or batch_norm=false.")
        network = nn.SyncBatchNorm.convert_sync_batchnorm(network)
    model: nn.Module = _Measured(network)
    if recipe.compile:
        model = torch.compile(model)
    if team.world > 1:
        model = DistributedDataParallel(model, device_ids=[device] if device.type == "cuda" else None)
    training = _Training(
        path=path,
        recipe=recipe,
        splits=splits,
        plan=plan(recipe, len(splits.train)),
        team=team,
        monitor=monitor,
        device=device,
        precision=precision,
        network=network,
        model=model,
        optimizer=make_optimizer(recipe, network),
        scaler=torch.amp.GradScaler(device.type, enabled=precision == "fp16"),
        sums=_no_sums(device),
        bad=torch.tensor(_NEVER, device=device),
    )
    about = {
        "device": str(device),
        "precision": precision,
        "threads": torch.get_num_threads(),
        "processes": team.world,
        "torch": str(torch.__version__),  # its own class does not load as plain data
        "photos": [len(splits.train), len(splits.val)],
        "classes": len(splits.class_names),
        "skipped": len(splits.skipped),
        "notes": list(splits.notes),
    }
    _restore(training, about)
    if team.first:
        runs.write_class_names(path, splits.class_names)
    monitor.update(about=about, steps=training.plan.steps, step=training.step, activity="training")
    return training


def make_network(recipe: Recipe, classes: int, device: torch.device, folder: Path | None = None) -> AlexNet:
    """The recipe's network with its first weights, as it is trained; ``folder`` is where ``start=run:ID`` looks."""
    network = build(recipe.spec(classes))
    initialise(network, recipe.seed, recipe.init)
    if recipe.start:
        _begin_with(network, recipe.start, folder)
    if recipe.batch_norm:
        batch_norm.insert(network)
    if device.type == "cpu":
        for_cpu(network)
    return network.to(device=device, memory_format=torch.channels_last)


@torch.no_grad()
def _begin_with(network: AlexNet, choice: str, folder: Path | None) -> None:
    """Copy the weights of a choice into a network; its fc8 stays as drawn where the number of classes differs."""
    found = load(choice, runs=folder)[0].state_dict()
    for key, own in network.state_dict().items():
        if key in found and found[key].shape == own.shape:
            own.copy_(found[key])
        elif not key.startswith("fc8."):
            shape = tuple(found[key].shape) if key in found else "none"
            raise RecipeError(
                f"start={choice} does not fit: its {key} has shape {shape}, this network needs {tuple(own.shape)}. "
                "Set variant and fc_width to those of the weights."
            )


def make_optimizer(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    """The recipe's optimiser over all of a network's parameters."""
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(
            network.parameters(),
            recipe.learning_rate,
            betas=(recipe.momentum, 0.999),
            weight_decay=recipe.weight_decay,
            fused=True,
        )
    return torch.optim.SGD(
        network.parameters(),
        recipe.learning_rate,
        recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=recipe.nesterov,
        fused=True,
    )


class _Measured(nn.Module):
    """The network; asked to measure, it also gives each ReLU's share of units that were zero for the whole batch."""

    def __init__(self, network: AlexNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, measure: bool = False) -> tuple[Tensor, dict[str, Tensor]]:
        if not measure:
            return self.network(x), {}
        outputs = self.network.record(x)
        relus = {name: out.detach() for name, out in outputs.items() if name.startswith("relu")}
        dead = {name: (out.transpose(0, 1).flatten(1).amax(1) == 0).float().mean() for name, out in relus.items()}
        return outputs["fc8"], dead


def _no_sums(device: torch.device) -> Tensor:
    return torch.zeros(4, dtype=torch.float32 if device.type == "mps" else torch.float64, device=device)


# --- training ------------------------------------------------------------------------------------


def _train_epoch(training: _Training) -> bool:
    """Train on to the epoch's end, or return False as soon as a stop is asked for."""
    recipe, per_epoch = training.recipe, training.plan.steps_per_epoch
    epoch, first = divmod(training.step, per_epoch)
    photos = order(recipe.seed, epoch, len(training.splits.train))
    share = recipe.batch_size // training.team.world
    batches = [photos[step * recipe.batch_size :][training.team.rank * share :][:share] for step in range(per_epoch)]
    training.network.train()
    training.monitor.update(activity="training", epoch=epoch)
    watch, saved = _Stopwatch(training.step), time.monotonic()
    prepared = _ahead(lambda indices: _train_batch(training, indices, epoch), batches[first:], recipe.workers)
    with closing(prepared):
        for x, labels in watch.waits(prepared):
            due = training.team.first and time.monotonic() - saved >= 60 * recipe.checkpoint_minutes
            stop, due = training.team.any(training.monitor.stop_asked, due and training.step % per_epoch > 0)
            if stop:
                return False
            if due:
                _save(training)
                saved = time.monotonic()
            if training.step in training.plan.snapshot_steps:
                _take_snapshot(training)
            in_epoch = training.step % per_epoch + 1
            row = in_epoch % training.plan.log_every == 0 or in_epoch == per_epoch
            measured = _step(training, x, labels, measure=row)
            training.monitor.update(step=training.step)
            if row:
                _write_row(training, epoch, measured, watch)
    return True


def _train_batch(training: _Training, indices: np.ndarray, epoch: int) -> tuple[Tensor, Tensor]:
    """(x, labels) of a training batch on the device: float32 (B, 3, S, S), int64 (B,).

    Off the CPU in channels_last; there conv1 takes it as it is, and what follows is in channels_last as its weights.
    """
    size = training.recipe.size_at(epoch)
    x = augment.train_batch(
        training.splits.train, indices, training.recipe, size=size, epoch=epoch, device=training.device
    )
    labels = torch.from_numpy(training.splits.train.labels[indices]).to(training.device)
    return x if x.device.type == "cpu" else x.contiguous(memory_format=torch.channels_last), labels


def _step(training: _Training, x: Tensor, labels: Tensor, *, measure: bool) -> dict[str, Any]:
    """One step of the optimiser; what was measured on the way, if asked for."""
    recipe, rate = training.recipe, learning_rate(training.recipe, training.plan, training.step, training.history)
    for group in training.optimizer.param_groups:
        group["lr"] = rate
    # Seeded at every step, dropout leaves no generator state to save.
    torch.manual_seed(dropout_seed(recipe.seed, training.step, training.team.rank))
    with autocast(training.device, training.precision):
        logits, dead = training.model(x, measure)
    loss = F.cross_entropy(logits.float(), labels, label_smoothing=recipe.label_smoothing)
    training.optimizer.zero_grad()
    training.scaler.scale(loss).backward()
    training.scaler.unscale_(training.optimizer)
    norms = {name: _norm(layer) for name, layer in training.network.named_children() if measure and _has_weights(layer)}
    training.scaler.step(training.optimizer)
    training.scaler.update()
    with torch.no_grad():
        training.bad = torch.where(torch.isfinite(loss), training.bad, training.bad.clamp(max=training.step))
        training.sums += torch.stack([loss.detach() * len(labels), *_hits(logits, labels)])
    training.step += 1
    if not measure:
        return {}
    return {
        "learning_rate": rate,
        "grad_norm": {name: float(norm) for name, norm in norms.items()},
        "dead": {name: float(share) for name, share in dead.items()},
    }


def _has_weights(layer: nn.Module) -> bool:
    return isinstance(layer, (nn.Conv2d, nn.Linear))


def _norm(layer: nn.Module) -> Tensor:
    return torch.stack([parameter.grad.norm() for parameter in layer.parameters()]).norm()


def _hits(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How many photos have their class first, or among the first five; and how many photos there are."""
    right = logits.detach().topk(min(5, logits.shape[1])).indices == labels[:, None]
    return right[:, 0].sum(), right.sum(), torch.tensor(len(labels), device=labels.device)


def _write_row(training: _Training, epoch: int, measured: dict[str, Any], watch: _Stopwatch) -> None:
    _check_finite(training)
    loss, top1, top5, photos = training.team.sum(training.sums).tolist()
    training.sums = _no_sums(training.device)
    seconds, waited, passed = watch.lap(training.step)
    rate = passed * training.recipe.batch_size / seconds
    timing = {"images_per_second": rate, "data_share": waited / seconds, "memory": _memory(training.device)}
    means = {"loss": loss / photos, "top1": top1 / photos, "top5": top5 / photos}
    training.monitor.row("train", step=training.step, epoch=epoch, **means, **measured, timing=timing)
    left = (training.plan.steps - training.step) * seconds / passed
    training.monitor.update(images_per_second=rate, seconds_left=left)


def _check_finite(training: _Training) -> None:
    bad = min(training.team.gather(int(training.bad)))
    if bad < _NEVER:
        raise TrainingFailed(
            f"The loss at step {bad} is not a number any more: start again with a smaller learning_rate "
            f"(it is {training.recipe.learning_rate:g})."
        )


def _memory(device: torch.device) -> int:
    """Bytes: the most that the GPU's tensors took, or what this process takes of the machine's memory."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else psutil.Process().memory_info().rss


class _Stopwatch:
    """How long the loop waited for its data, of the time between two rows."""

    def __init__(self, step: int) -> None:
        self.since, self.waited, self.step = time.monotonic(), 0.0, step

    def lap(self, step: int) -> tuple[float, float, int]:
        """(seconds, of which waited, steps) since the last lap."""
        now = time.monotonic()
        lap = now - self.since, self.waited, step - self.step
        self.since, self.waited, self.step = now, 0.0, step
        return lap

    def waits(self, batches: Iterable[Any]) -> Iterator[Any]:
        source = iter(batches)
        while True:
            begun = time.monotonic()
            try:
                batch = next(source)
            except StopIteration:
                return
            self.waited += time.monotonic() - begun
            yield batch


def _ahead(prepare: Callable[[np.ndarray], Any], batches: Iterable[np.ndarray], workers: int) -> Iterator[Any]:
    """``prepare`` of each batch, in order, made ahead of its use by so many threads."""
    if workers == 0:
        yield from map(prepare, batches)
        return
    waiting: deque[Future] = deque()
    # One compute thread each: the cores belong to the step that runs meanwhile.
    pool = ThreadPoolExecutor(workers, "prepare", initializer=torch.set_num_threads, initargs=(1,))
    try:
        for batch in batches:
            waiting.append(pool.submit(prepare, batch))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


# --- validation ----------------------------------------------------------------------------------


def _validate(training: _Training) -> bool:
    """Validate on every photo once, write the row and the best answers; False if asked to stop meanwhile.

    Each process takes every world-th photo, so none is counted twice; the loss is plain cross-entropy.
    """
    epoch = training.step // training.plan.steps_per_epoch - 1
    size = training.recipe.size_at(epoch)
    photos = np.arange(training.team.rank, len(training.splits.val), training.team.world)
    batches = [photos[start : start + VALIDATION_BATCH] for start in range(0, len(photos), VALIDATION_BATCH)]
    # Every process must take part in every exchange, also one that has a batch less than the first.
    rounds = -(-len(training.splits.val) // (training.team.world * VALIDATION_BATCH))
    batches += [photos[:0]] * (rounds - len(batches))
    training.network.eval()
    training.monitor.update(activity="validating")
    prepared = _ahead(lambda indices: _validation_batch(training, indices, size), batches, training.recipe.workers)
    sums, answers = torch.zeros(6, dtype=torch.float64), []
    with closing(prepared), torch.inference_mode():
        for indices, x, crops, labels in prepared:
            if training.team.any(training.monitor.stop_asked)[0]:
                return False
            training.monitor.update()
            if not len(indices):
                continue
            logits = _logits(training, x)
            loss = F.cross_entropy(logits, labels, reduction="sum")
            top1, top5, count = _hits(logits, labels)
            ten1, ten5 = _hits(_ten_crop(training, crops), labels)[:2] if crops is not None else (top1, top5)
            sums += torch.stack([loss, top1, top5, ten1, ten5, count]).double().cpu()
            answers.append((indices, *_best_five(logits, labels)))
    *totals, count = training.team.sum(sums).tolist()
    if count != len(training.splits.val):
        raise AssertionError(f"{count:.0f} of {len(training.splits.val)} validation photos were counted")
    means = dict(
        zip(("loss", "top1", "top5", "ten_crop_top1", "ten_crop_top5"), (t / count for t in totals), strict=True)
    )
    if not training.recipe.ten_crop:
        del means["ten_crop_top1"], means["ten_crop_top5"]
    training.history.append(means["top1"])
    training.monitor.row("val", step=training.step, epoch=epoch, **means)
    if training.team.first:
        print(f"epoch {epoch + 1} of {training.recipe.epochs}: top-1 {means['top1']:.1%}, top-5 {means['top5']:.1%}")
    training.monitor.update(best_top1=max(training.history))
    _write_answers(training, answers)
    return True


def _validation_batch(training: _Training, indices: np.ndarray, size: int) -> tuple:
    """(indices, x, ten crops or None, labels) of a validation batch on the device."""
    if not len(indices):
        return indices, None, None, None
    val, how = training.splits.val, Preprocessing.for_size(size)
    x = augment.eval_batch(val, indices, how, device=training.device)
    ten = training.recipe.ten_crop
    crops = augment.eval_batch(val, indices, how, device=training.device, ten_crop=True) if ten else None
    labels = torch.from_numpy(val.labels[indices]).to(training.device)
    return indices, x.contiguous(memory_format=torch.channels_last), crops, labels


def _logits(training: _Training, x: Tensor) -> Tensor:
    with autocast(training.device, training.precision):
        return training.network(x).float()


def _ten_crop(training: _Training, crops: Tensor) -> Tensor:
    """The mean probability over ten crops (B, 10, 3, S, S), as Krizhevsky et al. 2012, section 4.1; (B, classes)."""
    flat = crops.flatten(0, 1).contiguous(memory_format=torch.channels_last)
    return _logits(training, flat).softmax(1).unflatten(0, crops.shape[:2]).mean(1)


def _best_five(logits: Tensor, labels: Tensor) -> tuple[np.ndarray, ...]:
    """(labels, probability of the true class, five best classes, their probabilities), on the CPU."""
    probabilities = logits.softmax(1)
    top = probabilities.topk(min(5, logits.shape[1]))
    true = probabilities.gather(1, labels[:, None])[:, 0]
    return tuple(t.cpu().numpy() for t in (labels, true, top.indices, top.values))


def _write_answers(training: _Training, answers: list[tuple[np.ndarray, ...]]) -> None:
    """Keep every validation photo's answer if this epoch is the best so far: what the page's tables are made of."""
    gathered = [answer for part in training.team.gather(answers) for answer in part]
    if not training.team.first or not _is_best(training.history):
        return
    columns = [np.concatenate(column) for column in zip(*gathered, strict=True)]
    rows = np.argsort(columns[0])
    index, label, probability, top5, top5_probability = (column[rows] for column in columns)
    shown = most_wrong(label, probability, top5[:, 0])
    photos = _seen(training, index[shown], Preprocessing.for_size(SHOWN_SIDE))
    write_answers(
        training.path, Answers(training.step, index, label, probability, top5, top5_probability, shown, photos)
    )


def _seen(training: _Training, indices: np.ndarray, how: Preprocessing) -> np.ndarray:
    """What a network sees of validation photos, uint8 (n, S, S, 3)."""
    if not len(indices):
        return np.zeros((0, how.crop, how.crop, 3), np.uint8)
    x = augment.eval_batch(training.splits.val, indices, how, device=torch.device("cpu"))
    pixels = x.permute(0, 2, 3, 1).numpy() * np.float32(how.std) + np.float32(how.mean)
    return np.rint(255 * pixels.clip(0, 1)).astype(np.uint8)


def _is_best(history: list[float]) -> bool:
    return history[-1] >= max(history)  # of equally good ones the one that learned longest


# --- the film of learning ------------------------------------------------------------------------


@torch.inference_mode()
def _take_snapshot(training: _Training) -> None:
    """What the network looks like now, on the first validation photo at the final input size."""
    if not training.team.first:
        return
    val, how = training.splits.val, training.recipe.preprocessing
    x = augment.eval_batch(val, np.array([0]), how, device=training.device)
    if training.step == 0:
        write_photo(training.path, _seen(training, np.array([0]), how)[0], int(val.labels[0]))
    weights = batch_norm.folded(training.network)
    training.network.eval()
    outputs = training.network.record(x)
    training.network.train()
    snapshot = Snapshot(
        training.step,
        conv1=weights["conv1.weight"].cpu().numpy(),
        kernels={f"conv{i}": weights[f"conv{i}.weight"][:UNITS, :CHANNELS].cpu().numpy() for i in range(2, 6)},
        maps={f"relu{i}": outputs[f"relu{i}"][0, :MAPS].cpu().numpy() for i in range(1, 6)},
        probabilities=outputs["fc8"][0].softmax(0).cpu().numpy(),
    )
    write_snapshot(training.path, snapshot)


# --- checkpoints ---------------------------------------------------------------------------------


def _save(training: _Training) -> None:
    """Write a checkpoint of this very moment, unless there is one. Raises TrainingFailed rather than keep a NaN."""
    if training.saved == training.step and training.validated == len(training.history):
        return
    _check_finite(training)
    for name, parameter in training.network.named_parameters():
        if not torch.isfinite(parameter).all():
            raise TrainingFailed(
                f"{name} is not finite after step {training.step - 1}: start again with a smaller learning_rate."
            )
    sums = training.team.gather(training.sums.tolist())
    new = training.validated < len(training.history)
    training.saved, training.validated = training.step, len(training.history)
    if not training.team.first:
        return
    recipe, epoch = training.recipe, max(0, training.step - 1) // training.plan.steps_per_epoch
    size = recipe.size_at(epoch)
    state = {
        "step": training.step,
        "sums": sums,
        "history": training.history,
        "optimizer": training.optimizer.state_dict(),
        "scaler": training.scaler.state_dict(),
        "fingerprint": training.splits.fingerprint,
        "about": training.monitor.status.about,
    }
    if recipe.batch_norm:
        state["network"] = training.network.state_dict()
    checkpoints.save(
        training.path,
        training.step,
        batch_norm.folded(training.network),
        state,
        best=new and _is_best(training.history),
        spec=replace(training.network.spec, input_size=size),
        categories=training.splits.class_names,
        preprocessing=Preprocessing.for_size(size),
        title=f"{training.path.name}, step {training.step:,}",
        source=f"trained by the preset {recipe.preset} on {recipe.data.partition(':')[0]}",
        extra={
            "recipe": recipe.as_dict(),
            "step": training.step,
            "epoch": epoch,
            "history": training.history,
            "data": training.splits.fingerprint,
        },
    )


def _restore(training: _Training, about: dict[str, Any]) -> None:
    """Go back to the last checkpoint, if there is one."""
    loaded = checkpoints.load_last(training.path)
    if loaded is None:
        return
    weights, state = loaded
    if state["fingerprint"] != training.splits.fingerprint:
        raise RunError(
            f"The photos of {training.recipe.data} are not those that this run began with: put those back, then "
            "resume, or start a new run; its last checkpoint is intact."
        )
    for key in ("device", "precision", "threads", "processes", "torch"):
        if state["about"][key] != about[key]:
            print(f"{key} was {state['about'][key]} and is {about[key]}: the run goes on, but not bit for bit.")
    training.network.load_state_dict(state.get("network", weights))
    training.optimizer.load_state_dict(state["optimizer"])
    training.scaler.load_state_dict(state["scaler"])
    training.step, training.history = state["step"], state["history"]
    training.saved, training.validated = training.step, len(training.history)
    sums = torch.tensor(state["sums"], dtype=training.sums.dtype, device=training.device)  # (processes, 4)
    if len(sums) == training.team.world:
        training.sums += sums[training.team.rank]
    elif training.team.first:
        training.sums += sums.sum(0)
    print(f"Resumed at step {training.step:,} of {training.plan.steps:,}.")
