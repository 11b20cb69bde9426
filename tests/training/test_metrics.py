"""What is measured while training."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from alexnet_viz.training.distributed import ProcessGroup
from alexnet_viz.training.metrics import RunningMetrics, TrainingDiverged, gradient_norms, memory_used, topk_hits

LOGITS = torch.tensor([[0.0, 9, 5, 4, 3, 2, 1], [7.0, 6, 5, 4, 3, 2, 1], [1.0, 2, 3, 4, 5, 6, 7]])
LABELS = torch.tensor([2, 0, 0])  # second, first, last


@pytest.fixture
def metrics():
    return RunningMetrics(torch.device("cpu"))


def test_hits_among_the_first_and_the_first_five():
    assert [int(count) for count in topk_hits(LOGITS, LABELS)] == [1, 2, 3]
    assert [int(count) for count in topk_hits(LOGITS[:, :3], LABELS)] == [1, 3, 3]  # all there are are among five


def test_means_are_over_photos_whatever_the_batches_and_begin_anew(metrics):
    losses = [F.cross_entropy(LOGITS[rows], LABELS[rows]) for rows in (slice(0, 2), slice(2, 3))]
    metrics.add(0, losses[0], LOGITS[:2], LABELS[:2])
    metrics.add(1, losses[1], LOGITS[2:], LABELS[2:])
    means = metrics.pop_means(ProcessGroup())
    assert means == pytest.approx({"loss": F.cross_entropy(LOGITS, LABELS).item(), "top1": 1 / 3, "top5": 2 / 3})
    metrics.add(2, torch.tensor(0.5), LOGITS[1:2], LABELS[1:2])
    assert metrics.pop_means(ProcessGroup()) == {"loss": 0.5, "top1": 1, "top5": 1}


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_the_first_loss_that_is_no_number_is_named_however_late_one_looks(metrics, bad):
    for step, loss in enumerate([0.1, bad, 0.2, bad], start=40):
        metrics.check_finite(ProcessGroup(), 0.1) if step == 40 else None
        metrics.add(step, torch.tensor(loss), LOGITS, LABELS)
    with pytest.raises(TrainingDiverged, match=r"The loss at step 41 .*smaller learning_rate \(it is 0\.1\)"):
        metrics.check_finite(ProcessGroup(), 0.1)


def test_a_layers_gradient_norm_is_that_of_weight_and_bias_together():
    network = nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1), nn.ReLU())
    network[0].weight.grad, network[0].bias.grad = torch.tensor([[2.0, 3.0]]), torch.tensor([6.0])
    assert {name: norm.item() for name, norm in gradient_norms(network).items()} == {"0": 7.0}


def test_memory_is_in_bytes():
    assert 50e6 < memory_used(torch.device("cpu")) < 500e9
