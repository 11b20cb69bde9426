"""Validation after each epoch: every validation photo once, its row of metrics, and the best epoch's answers."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet_viz.errors import Stopped
from alexnet_viz.network.variants import AlexNet
from alexnet_viz.training import augment
from alexnet_viz.training.answers import SHOWN_SIDE, Answers, most_wrong, write_answers
from alexnet_viz.training.loader import ValidationBatch, validation_loader
from alexnet_viz.training.metrics import topk_hits
from alexnet_viz.training.precision import autocast
from alexnet_viz.training.schedule import is_best
from alexnet_viz.training.state import TrainingContext, TrainingState
from alexnet_viz.values import Preprocessing

PhotoAnswers = tuple[np.ndarray, ...]  # (index, label, its probability, five best classes, theirs), B rows each


def validate(context: TrainingContext, state: TrainingState) -> None:
    """Validate the epoch that has just ended: its top-1 joins the history, its metrics are written as a row.

    The best epoch so far leaves its answers. Raises Stopped, with nothing changed, when a stop is asked for meanwhile.
    """
    epoch, group, monitor = len(state.history), context.group, context.monitor
    monitor.update(activity="validating")
    means, answers = evaluate(context, state.network, context.recipe.size_at(epoch))
    state.history.append(means["top1"])
    monitor.row("val", step=state.step, epoch=epoch, **means)
    if group.is_main:
        print(f"epoch {epoch + 1} of {context.recipe.epochs}: top-1 {means['top1']:.1%}, top-5 {means['top5']:.1%}")
    monitor.update(best_top1=max(state.history))
    gathered = [batch for batches in group.all_gather(answers) for batch in batches]
    if group.is_main and is_best(state.history):
        write_answers(context.path, _joined_answers(context, state.step, gathered))


def evaluate(context: TrainingContext, network: AlexNet, size: int) -> tuple[dict[str, float], list[PhotoAnswers]]:
    """(means over all validation photos, this process's answers), with the network in eval mode from then on.

    The means are ``loss`` (plain cross-entropy), ``top1`` and ``top5``; with ten_crop ``ten_crop_top1`` and
    ``ten_crop_top5`` too. Raises Stopped when any process is asked to stop.
    """
    network.eval()
    sums, answers = torch.zeros(6, dtype=torch.float64), []
    with closing(validation_loader(context, size)) as batches, torch.inference_mode():
        for batch in batches:
            if context.group.any_rank(context.monitor.stop_asked)[0]:
                raise Stopped
            context.monitor.update()
            if batch is not None:
                logits = _logits(context, network, batch.x)
                sums += _sums(context, network, batch, logits)
                answers.append((batch.indices, *_best_five(logits, batch.labels)))
    *totals, count = context.group.all_reduce_sum(sums).tolist()
    if count != len(context.splits.val):
        raise AssertionError(f"{count:.0f} of {len(context.splits.val)} validation photos were counted")
    names = ("loss", "top1", "top5", "ten_crop_top1", "ten_crop_top5")[: 5 if context.recipe.ten_crop else 3]
    return {name: total / count for name, total in zip(names, totals, strict=False)}, answers


def _sums(context: TrainingContext, network: AlexNet, batch: ValidationBatch, logits: Tensor) -> Tensor:
    """(loss, top-1 hits, top-5 hits, those of ten crops, photos) of a batch, float64 (6,), on the CPU."""
    loss = F.cross_entropy(logits, batch.labels, reduction="sum")
    top1, top5, count = topk_hits(logits, batch.labels)
    ten1, ten5 = top1, top5
    if batch.crops is not None:
        ten1, ten5, _ = topk_hits(_ten_crop(context, network, batch.crops), batch.labels)
    return torch.stack([loss, top1, top5, ten1, ten5, count]).double().cpu()


def _logits(context: TrainingContext, network: AlexNet, x: Tensor) -> Tensor:
    """float32 (B, classes) for x (B, 3, S, S)."""
    with autocast(context.device, context.precision):
        return network(x).float()


def _ten_crop(context: TrainingContext, network: AlexNet, crops: Tensor) -> Tensor:
    """The mean probability over ten crops (B, 10, 3, S, S), as Krizhevsky et al. 2012, section 4.1; (B, classes)."""
    flat = crops.flatten(0, 1).contiguous(memory_format=torch.channels_last)
    return _logits(context, network, flat).softmax(1).unflatten(0, crops.shape[:2]).mean(1)


def _best_five(logits: Tensor, labels: Tensor) -> PhotoAnswers:
    """(labels, probability of the true class, five best classes, their probabilities), on the CPU."""
    probabilities = logits.softmax(1)
    top = probabilities.topk(min(5, logits.shape[1]))
    true = probabilities.gather(1, labels[:, None])[:, 0]
    return tuple(t.cpu().numpy() for t in (labels, true, top.indices, top.values))


def _joined_answers(context: TrainingContext, step: int, batches: list[PhotoAnswers]) -> Answers:
    """All processes' answers in the order of the validation set: what the page's tables are made of."""
    columns = [np.concatenate(column) for column in zip(*batches, strict=True)]
    rows = np.argsort(columns[0])
    index, label, probability, top5, top5_probability = (column[rows] for column in columns)
    shown = most_wrong(label, probability, top5[:, 0])
    pixels = augment.eval_pixels(context.splits.val, index[shown], Preprocessing.for_size(SHOWN_SIDE))
    return Answers(step, index, label, probability, top5, top5_probability, shown, pixels)
