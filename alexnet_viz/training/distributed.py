"""The processes that train one run together, as torchrun starts them; a process alone pays nothing for an exchange."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from alexnet_viz.errors import RecipeError


@dataclass(frozen=True)
class ProcessGroup:
    """This process's rank among ``world_size`` processes; ``local_rank`` counts on its own machine.

    Every process must take part in every exchange, in the same order.
    """

    rank: int = 0
    local_rank: int = 0
    world_size: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this is the one process that writes to the run directory."""
        return self.rank == 0

    def any_rank(self, *flags: bool) -> list[bool]:
        """Each flag, true where it is true in any process."""
        if self.world_size == 1:
            return list(flags)
        raised = torch.tensor(flags, dtype=torch.int32)
        dist.all_reduce(raised, dist.ReduceOp.MAX)
        return raised.bool().tolist()

    def all_reduce_sum(self, values: Tensor) -> Tensor:
        """The sum of ``values`` over all processes, on the CPU; ``values`` itself stays as it is."""
        values = values.cpu()
        if self.world_size > 1:
            values = values.clone()
            dist.all_reduce(values)
        return values

    def all_gather(self, value: Any) -> list[Any]:
        """Every process's value, by rank. Anything that can be pickled."""
        if self.world_size == 1:
            return [value]
        values: list[Any] = [None] * self.world_size
        dist.all_gather_object(values, value)
        return values


def check_processes(processes: int, device: str) -> None:
    """RecipeError where more processes would run on this machine than it has GPUs: each needs one to itself."""
    gpus = torch.cuda.device_count()
    if device == "cuda" and processes > gpus:
        raise RecipeError(
            f"{processes} processes need a GPU each, and this machine has {gpus}: set processes={gpus}, or device=cpu."
        )


@contextmanager
def join_process_group(device: str) -> Iterator[ProcessGroup]:
    """Join the group that torchrun's environment describes, or be alone. gloo between CPUs, NCCL between GPUs."""
    if "RANK" not in os.environ:
        yield ProcessGroup()
        return
    dist.init_process_group("cpu:gloo,cuda:nccl" if device == "cuda" else "gloo")
    yield ProcessGroup(int(os.environ["RANK"]), int(os.environ["LOCAL_RANK"]), int(os.environ["WORLD_SIZE"]))
    dist.destroy_process_group()  # not after an error: the others may hang in an exchange, and torchrun ends them
