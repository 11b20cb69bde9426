"""Batches prepared ahead by threads."""

import threading
import time
from contextlib import closing

import pytest

from alexnet_viz.training.prefetch import StepTimer, prefetch
from tests.waiting import PATIENCE


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_batches_come_in_order_each_prepared_once(threads):
    prepared = []
    assert list(prefetch(lambda i: prepared.append(i) or -i, range(20), threads)) == [-i for i in range(20)]
    assert sorted(prepared) == list(range(20))


def test_as_many_batches_are_prepared_ahead_as_there_are_threads():
    prepared, third = [], threading.Event()

    def prepare(i):
        prepared.append(i)
        if i == 2:
            third.set()
        return i

    with closing(prefetch(prepare, range(50), 2)) as batches:
        assert next(batches) == 0
        assert third.wait(PATIENCE)  # while the first is in use, two more are made
        time.sleep(0.05)
        assert sorted(prepared) == [0, 1, 2]


def test_without_threads_a_batch_is_prepared_when_it_is_asked_for():
    prepared = []
    with closing(prefetch(lambda i: prepared.append(i) or i, range(50), 0)) as batches:
        assert next(batches) == 0
        assert prepared == [0]


@pytest.mark.parametrize("threads", [0, 2])
def test_an_error_comes_out_where_its_batch_would(threads):
    batches = prefetch(lambda i: 1 / (3 - i), range(9), threads)
    assert [next(batches) for _ in range(3)] == [1 / 3, 1 / 2, 1]
    with pytest.raises(ZeroDivisionError):
        next(batches)


def test_closed_early_no_thread_is_left():
    with closing(prefetch(lambda i: i, range(1000), 3)) as batches:
        next(batches)
        assert any(thread.name.startswith("prefetch") for thread in threading.enumerate())
    assert not any(thread.name.startswith("prefetch") for thread in threading.enumerate())


def test_the_timer_tells_waiting_from_working(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def slow_batches():
        for i in range(3):
            clock[0] += 2.0
            yield i

    timer = StepTimer(step=10)
    for step, batch in enumerate(timer.batches(slow_batches()), start=11):
        clock[0] += 5.0
        if batch == 1:
            assert timer.lap(step) == (14.0, 4.0, 2)
    assert timer.lap(13) == (7.0, 2.0, 1)
