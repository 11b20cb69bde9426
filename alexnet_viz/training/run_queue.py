"""One run after another: workers wait for their turn by themselves, so no server needs to live for it."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from alexnet_viz.training import runs
from alexnet_viz.training.processes import identity

POLL = 1.0  # seconds


@contextmanager
def turn(run: Path, *, wait: bool) -> Iterator[bool]:
    """Hold the turn of the run's directory while inside; False if a stop was asked for before it came.

    Without ``wait`` the run goes ahead at once, and holds the turn only if it is free.
    """
    with open(run.parent / ".turn", "a") as file:
        os.set_inheritable(file.fileno(), True)  # torchrun, into which the worker may turn, goes on holding it
        if wait:
            yield _take(run, file)
        else:
            _try(file)
            yield True


def _take(run: Path, file: TextIO) -> bool:
    """Wait until it is the run's turn and hold it; False if a stop was asked for before."""
    me = identity()
    mine = replace(
        runs.read_status(run),
        state="queued",
        pid=me.pid,
        started=me.started,
        birth=me.birth,
        host=socket.gethostname(),
        activity="waiting for its turn",
    )
    while not (_is_next(run, mine) and _try(file)):
        if (run / "stop").exists():
            return False
        runs.write_status(run, replace(mine, heartbeat=time.time(), heartbeat_monotonic=time.monotonic()))
        time.sleep(POLL)
    return True


def _is_next(run: Path, status: runs.Status) -> bool:
    """Whether no other living process that waits was started before; a run that nobody launched does not wait."""
    mine = _ticket(run, status)
    tickets = [
        _ticket(other.path, other.status)
        for other in runs.list_runs(run.parent)
        if isinstance(other, runs.Run) and other.path.name != run.name and other.state == "queued"
    ]
    return all(mine < (started, name) for started, name in tickets if started)


def _ticket(run: Path, status: runs.Status) -> tuple[float, str]:
    """A run's place in the row, the same for all who look: as it was written, for the clock may have been set since."""
    return runs.read_launch(run).started or status.started, run.name


def _try(file: TextIO) -> bool:
    """Hold the turn if nobody does."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
