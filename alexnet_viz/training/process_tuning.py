"""How a process that trains shares the machine: its priority, how it waits, what memory it keeps, its threads."""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

import psutil

from alexnet_viz.settings import Setting

# 10, so that the app's visitors go first. On a machine that is busy with other work a run then hardly moves.
NICENESS = Setting("ALEXNET_VIZ_NICENESS", "int", 10, low=0, high=19)
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4  # malloc.h


def set_passive_waiting() -> None:
    """Let OpenMP threads that wait for each other sleep; call it before torch is imported.

    By default they spin, which beside any other busy process costs nearly half the speed.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def keep_freed_memory() -> None:
    """Let glibc keep freed memory for the next step: every step frees and asks for all gradients and activations.

    By default large blocks go back to the system at once, and a fifth of a step's processor time went into fresh pages.
    """
    with contextlib.suppress(AttributeError, OSError):  # another C library
        allocator = ctypes.CDLL(None)
        for option, value in ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, -1), (_M_TOP_PAD, 2**26)):
            allocator.mallopt(option, value)


def chosen_niceness() -> int:
    """How far a process that trains stands back for others: as the environment has it. Raises SettingError."""
    return NICENESS.read(os.environ.get(NICENESS.name, NICENESS.default))


def lower_priority(process: psutil.Process, niceness: int) -> None:
    """Let others go before a process that leads a session of its own; one that stands back further already stays so."""
    niceness = max(niceness, process.nice())  # only root may go back
    process.nice(niceness)
    with contextlib.suppress(OSError):
        # Linux weighs whole sessions against each other first, and there a process's own niceness counts nothing.
        Path(f"/proc/{process.pid}/autogroup").write_text(str(niceness), encoding="ascii")


def set_threads(threads: int, processes: int) -> None:
    """Give torch so many threads; with 0, one process's share of the cores that it may run on."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    torch.set_num_threads(threads or max(1, cores // processes))
