"""What is measured while training: loss and accuracy between two rows, gradient norms, memory."""

from __future__ import annotations

import psutil
import torch
from torch import Tensor, nn

from alexnet_viz.errors import RunError
from alexnet_viz.training.distributed import ProcessGroup

_NEVER = 2**31 - 1  # a step that no run reaches


class TrainingDiverged(RunError):
    """The loss or a weight is not a number any more: the run cannot go on by itself."""


class RunningMetrics:
    """Loss, top-1 hits, top-5 hits and photos, added up on the device: a step need not wait for the device.

    ``sums`` (4,) is float64, but float32 on Apple's GPUs, which have nothing wider.
    """

    def __init__(self, device: torch.device) -> None:
        self.sums = torch.zeros(4, dtype=torch.float32 if device.type == "mps" else torch.float64, device=device)
        self._first_nonfinite_step = torch.tensor(_NEVER, device=device)

    @torch.no_grad()
    def add(self, step: int, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Count a step's batch: mean ``loss`` (), ``logits`` (B, classes), ``labels`` int64 (B,)."""
        first = self._first_nonfinite_step
        self._first_nonfinite_step = torch.where(torch.isfinite(loss), first, first.clamp(max=step))
        self.sums += torch.stack([loss.detach() * len(labels), *topk_hits(logits, labels)])

    def pop_means(self, group: ProcessGroup) -> dict[str, float]:
        """``loss``, ``top1`` and ``top5`` over the photos of all processes since the last call."""
        loss, top1, top5, photos = group.all_reduce_sum(self.sums).tolist()
        self.sums.zero_()
        return {"loss": loss / photos, "top1": top1 / photos, "top5": top5 / photos}

    def check_finite(self, group: ProcessGroup, learning_rate: float) -> None:
        """Raise TrainingDiverged in every process if the loss of any was not finite at any step so far."""
        step = min(group.all_gather(int(self._first_nonfinite_step)))
        if step < _NEVER:
            raise TrainingDiverged(
                f"The loss at step {step} is not a number any more: start again with a smaller learning_rate "
                f"(it is {learning_rate:g})."
            )

    def synchronize(self) -> None:
        """Wait until the device has done all steps that were counted."""
        self._first_nonfinite_step.item()


def topk_hits(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How many photos have their class first, or among the first five; and how many photos there are.

    ``logits`` (B, classes), ``labels`` int64 (B,). With fewer than five classes, top-5 is all of them.
    """
    right = logits.detach().topk(min(5, logits.shape[1])).indices == labels[:, None]
    return right[:, 0].sum(), right.sum(), torch.tensor(len(labels), device=labels.device)


def gradient_norms(network: nn.Module) -> dict[str, Tensor]:
    """The L2 norm of the gradient of each convolution's and fully connected layer's weight and bias together."""
    return {
        name: torch.stack([p.grad.norm() for p in layer.parameters() if p.grad is not None]).norm()
        for name, layer in network.named_children()
        if isinstance(layer, (nn.Conv2d, nn.Linear))
    }


def memory_used(device: torch.device) -> int:
    """Bytes: the most that the GPU's tensors took, or what this process takes of the machine's memory."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else psutil.Process().memory_info().rss
