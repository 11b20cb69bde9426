"""One run after another: workers wait for their turn by themselves, so no server needs to live for it.

    runs/.turn          its record lock is held by the run whose turn it is
    runs/.queue/12      a ticket, numbered in the order of launches; its lock is held by the worker that waits with it
    runs/.queue/lock    held while a ticket is made

Both kinds of lock end with the process that holds them, however it ends. A worker that waits looks at the names of the
tickets and at the locks of those before its own, never at other runs.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TextIO

from alexnet_viz.display import display_name
from alexnet_viz.errors import RunError
from alexnet_viz.training import runs
from alexnet_viz.training.processes import identity

MAX_WAITING = 8  # runs of a directory that may wait, beside the one that trains
POLL = 1.0  # seconds from one look to the next: by then a worker that waits has seen a stop
HEARTBEAT = 5.0  # seconds between signs of life, a quarter of runs.STALLED_AFTER


class Ticket(NamedTuple):
    """A place in the queue: its number, and the descriptor of its open file, whose lock says that somebody waits."""

    number: int
    descriptor: int


# --- who launches a worker -----------------------------------------------------------------------


@contextmanager
def new_ticket(folder: Path) -> Iterator[Ticket]:
    """The last place in the queue of a directory of runs, to be handed to a worker as an open descriptor (flock).

    Outside of the context the ticket is the worker's alone. Raises RunError where MAX_WAITING wait already; OSError.
    """
    queue = folder / ".queue"
    queue.mkdir(exist_ok=True)
    with open(queue / "lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = [number for number in _numbers(queue) if _is_held(queue / str(number))]
        if len(waiting) >= MAX_WAITING:
            raise RunError(
                f"{MAX_WAITING} runs are waiting for their turn, and no more may: stop one of them, or try again when "
                "the next has begun."
            )
        for number in {*_numbers(queue)} - {*waiting}:  # left by workers that died while they waited
            (queue / str(number)).unlink(missing_ok=True)
        number = max(waiting, default=0) + 1
        descriptor = os.open(queue / str(number), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield Ticket(number, descriptor)
    finally:
        os.close(descriptor)


def _numbers(queue: Path) -> list[int]:
    try:
        return [int(name) for name in os.listdir(queue) if name.isdecimal()]
    except FileNotFoundError:
        return []


def _is_held(ticket: Path) -> bool:
    """Whether a living process waits with a ticket. Those who ask at once do not take each other for one that does."""
    try:
        descriptor = os.open(ticket, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)


# --- the worker ----------------------------------------------------------------------------------


@contextmanager
def turn(run: Path, ticket: Ticket | None = None) -> Iterator[bool]:
    """Hold the turn of the run's directory while inside; False if a stop was asked for before it came.

    Without a ticket the run goes ahead at once, and holds the turn only if it is free. Raises RunError where the run
    is moved or deleted while it waits.
    """
    with open(run.parent / ".turn", "a") as file:
        os.set_inheritable(file.fileno(), True)  # torchrun, into which the worker may turn, goes on holding it
        if ticket is None:
            _try(file)
            yield True
        else:
            yield _wait(run, ticket, file)


def _wait(run: Path, ticket: Ticket, file: TextIO) -> bool:
    """Wait until it is the run's turn and hold it; False if a stop was asked for before."""
    queue = run.parent / ".queue"
    next_sign = 0.0
    try:
        while _is_any_before(ticket, queue) or not _try(file):
            if (run / "stop").exists():
                return False
            if time.monotonic() >= next_sign:
                _say_that_it_waits(run)
                next_sign = time.monotonic() + HEARTBEAT
            time.sleep(POLL)
        return True
    finally:
        (queue / str(ticket.number)).unlink(missing_ok=True)
        os.close(ticket.descriptor)


def _is_any_before(ticket: Ticket, queue: Path) -> bool:
    return any(_is_held(queue / str(number)) for number in _numbers(queue) if number < ticket.number)


def _say_that_it_waits(run: Path) -> None:
    me = identity()
    status = replace(
        runs.read_status(run),
        state="queued",
        pid=me.pid,
        started=me.started,
        birth=me.birth,
        host=socket.gethostname(),
        activity="waiting for its turn",
        heartbeat=time.time(),
        heartbeat_monotonic=time.monotonic(),
    )
    with suppress(OSError):  # on a full disk it waits on; by its turn there may be room
        runs.write_status(run, status)
    if not run.is_dir():
        raise RunError(f"The folder of the run {display_name(run.name)} was moved or deleted: it no longer waits.")


def _try(file: TextIO) -> bool:
    """Hold the turn if nobody does."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
