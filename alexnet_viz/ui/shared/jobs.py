"""Slow answers in the background: one job at a time a visitor, two at a time in all, with progress and a way to stop.

A job makes several values one after another and puts each into the cache under its identity as soon as it is there.
Nobody has to wait for it: a page looks into the cache, draws what there is, and asks again. After each value the job
goes to the end of the queue, so that who wants many values keeps nobody from a single one; the presenter's go first.
"""

from __future__ import annotations

import logging
import math
import os
import secrets
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from alexnet_viz import permissions
from alexnet_viz.errors import Busy, Stopped, as_user_error
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.permissions import Permissions
from alexnet_viz.progress import CountProgress

_log = logging.getLogger("alexnet_viz")
WAITING = 200  # jobs that wait for a place; a room has one a visitor
UNWATCHED = 150  # seconds without a look: its visitor is gone, and the job stops
FORGIVEN = 60  # seconds until what failed is tried again


@dataclass(frozen=True)
class Task:
    """One value to make: ``key`` is its identity, ``title`` what the progress bar says."""

    key: Hashable
    title: str
    make: Callable[[CountProgress], object]


def _weight(value: object) -> int:
    """The bytes of all arrays and texts that a value holds, and a little for itself."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, str):
        return len(value)
    if isinstance(value, tuple):
        parts: Iterable[object] = value
    else:
        parts = (value if isinstance(value, dict) else getattr(value, "__dict__", {})).values()
    held = (np.ndarray, tuple, dict, str)
    return 1024 + sum(_weight(part) for part in parts if isinstance(part, held) or hasattr(part, "__dict__"))


def _step_back() -> None:
    """Leave the cores to those who wait for a page: Linux lets one thread, and those that it begins, be niced.

    Fewer threads would not do: torch.set_num_threads in one thread holds for all that begin after it.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(10, os.getpriority(os.PRIO_PROCESS, thread)))


made: LRUCache[Any] = LRUCache(512 << 20, _weight)  # all visitors' results, by identity
_failed: OrderedDict[tuple[Hashable, Permissions], tuple[float, str]] = OrderedDict()  # by task and by who asked
_pool = ThreadPoolExecutor(2, thread_name_prefix="slow", initializer=_step_back)
_current: dict[str, Job] = {}
_queue: deque[Job] = deque()  # that wait for a place, the next first
_guard = threading.Lock()


class Job:
    """Tasks on their way, for one visitor."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.tasks = tuple(tasks)
        self.keys = frozenset(task.key for task in tasks)
        self.finished = 0  # tasks
        self.part: tuple[int, int] = (0, 0)  # of the task on its way
        self.began: float | None = None  # that task's start; None while it waits for a place
        self._over = threading.Event()
        self._stop = threading.Event()
        self._seen = time.monotonic()
        self._permissions = permissions.current()

    def look(self) -> None:
        """Somebody still wants it."""
        self._seen = time.monotonic()

    def stop(self) -> None:
        self._stop.set()

    def give_up(self) -> None:
        """It has not begun, and never will."""
        self._over.set()

    def wait(self, seconds: float) -> None:
        """Until it is over, but not longer: what is quick need not show a progress bar."""
        self._over.wait(seconds)

    @property
    def over(self) -> bool:
        return self._over.is_set()

    @property
    def share(self) -> float:
        """Done of all, 0–1, each task counted alike."""
        done, total = self.part
        return min(1.0, (self.finished + (done / total if total else 0)) / len(self.tasks))

    @property
    def words(self) -> str:
        """What is being made, how far it is, how long it will still take, and what comes after it."""
        began = self.began
        if began is None:
            before = place_in_queue(self)
            return f"Waiting for a free place: {before} before you." if before else "Waiting for a free place."
        done, total = self.part
        task = self.tasks[min(self.finished, len(self.tasks) - 1)]
        words = f"{task.title}"
        if done and total:
            left = (time.monotonic() - began) / done * (total - done)
            words += f": {done:,} of {total:,}, " + ("a moment left" if left < 1 else f"about {left:.0f} s left")
        more = len(self.tasks) - self.finished - 1
        return words + (f"; then {more} more" if more > 0 else "")

    def run_next_task(self) -> None:
        """Make the next value, with the visitor's permissions; afterwards the job may be over."""
        task = self.tasks[self.finished]
        self.part, self.began = (0, 0), time.monotonic()
        with permissions.acting_with(self._permissions):
            if not self._make(task):
                self._over.set()
        self.part, self.began = (0, 0), None

    def _make(self, task: Task) -> bool:
        """Make a value; whether there is another to make."""
        try:
            self._progress(0, 0)
            made.get(task.key, partial(task.make, self._progress))
        except Stopped:
            return False
        except Exception as error:
            if known := as_user_error(error):
                _fail(task.key, str(known))
            else:
                reference = secrets.token_hex(4)
                _log.exception("bug %s", reference)
                _fail(task.key, f"This is a bug in the app, not in what you did. Please report reference {reference}.")
                return False
        self.finished += 1
        return self.finished < len(self.tasks)

    @property
    def goes_first(self) -> bool:
        """Whether it is the presenter's, for whom the room waits."""
        return self._permissions == permissions.ALL

    def _progress(self, done: int, total: int) -> None:
        self.part = (done, total)
        if self._stop.is_set() or time.monotonic() - self._seen > UNWATCHED:
            raise Stopped


def start(visitor: str, tasks: Sequence[Task]) -> Job:
    """This visitor's job for these tasks: the one on its way if it has the same ones, else a new one in its place.

    Raises Busy where too many wait already.
    """
    keys = frozenset(task.key for task in tasks)
    with _guard:
        job = _current.get(visitor)
        if job and not job.over and keys <= job.keys:
            job.look()
            return job
        if job:
            _end(job)
        job = Job(tasks)
        if len(_queue) >= WAITING and not job.goes_first:
            raise Busy(f"{WAITING} visitors wait for slow maps already: try again in a minute.")
        for gone in [name for name, job_of_visitor in _current.items() if job_of_visitor.over]:
            del _current[gone]
        _current[visitor] = job
        _enqueue(job)
    _pool.submit(_work)
    return job


def _enqueue(job: Job) -> None:
    """Put a job behind all others that wait; the presenter's before all of the audience's."""
    if job.goes_first:
        _queue.insert(sum(other.goes_first for other in _queue), job)
    else:
        _queue.append(job)


def _work() -> None:
    """One task of the job whose turn it is."""
    with _guard:
        if not _queue:  # its job was stopped meanwhile
            return
        job = _queue.popleft()
    job.run_next_task()
    if not job.over:
        with _guard:
            _enqueue(job)
        _pool.submit(_work)


def place_in_queue(job: Job) -> int:
    """How many jobs come before it."""
    with _guard:
        return _queue.index(job) if job in _queue else 0


def leave(visitor: str) -> None:
    """This visitor wants nothing slow any more."""
    with _guard:
        if job := _current.pop(visitor, None):
            _end(job)


def _end(job: Job) -> None:
    """Stop a job; one that waits gives up its place at once."""
    job.stop()
    if job in _queue:
        _queue.remove(job)
        job.give_up()


def failure(key: Hashable) -> str | None:
    """What went wrong with a value of late, in a sentence for the page."""
    when, words = _failed.get((key, permissions.current()), (-math.inf, ""))
    return words if time.monotonic() - when < FORGIVEN else None


def _fail(key: Hashable, words: str) -> None:
    with _guard:
        _failed[key, permissions.current()] = (time.monotonic(), words)
        while len(_failed) > 256:
            _failed.popitem(last=False)
