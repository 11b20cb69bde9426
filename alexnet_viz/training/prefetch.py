"""Batches prepared by threads while the step before them runs, and how long the loop had to wait for them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

Item = TypeVar("Item")
Batch = TypeVar("Batch")


def prefetch(prepare: Callable[[Item], Batch], items: Iterable[Item], threads: int) -> Generator[Batch, None, None]:
    """``prepare`` of each item, in order, by so many threads that are as many batches ahead; 0: when it is asked for.

    Close it to end the threads early (``contextlib.closing``). What ``prepare`` raises comes out where its batch would.
    """
    if threads == 0:
        yield from map(prepare, items)
        return
    futures: deque[Future[Batch]] = deque()
    # One compute thread each: the cores belong to the step that runs meanwhile.
    pool = ThreadPoolExecutor(threads, "prefetch", initializer=torch.set_num_threads, initargs=(1,))
    try:
        for item in items:
            futures.append(pool.submit(prepare, item))
            if len(futures) > threads:
                yield futures.popleft().result()
        while futures:
            yield futures.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


class StepTimer:
    """The time from one row of the training curve to the next, and how much of it the loop waited for its data."""

    def __init__(self, step: int) -> None:
        self._started, self._waited, self._step = time.monotonic(), 0.0, step

    def batches(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The same batches; the time until each comes is counted as waiting."""
        iterator = iter(batches)
        while True:
            asked = time.monotonic()
            try:
                batch = next(iterator)
            except StopIteration:
                return
            self._waited += time.monotonic() - asked
            yield batch

    def lap(self, step: int) -> tuple[float, float, int]:
        """(seconds, those of them spent waiting, steps) since the last lap, up to this step; the next one begins."""
        now = time.monotonic()
        lap = now - self._started, self._waited, step - self._step
        self._started, self._waited, self._step = now, 0.0, step
        return lap
