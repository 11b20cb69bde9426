"""Slow work in the background: shared results, one job a visitor, stopped when asked to or when nobody looks."""

import os
import sys
import threading

import pytest
import torch

from alexnet_viz import permissions
from alexnet_viz.errors import AttributionError, Busy
from alexnet_viz.permissions import Permissions
from alexnet_viz.ui.shared import jobs
from alexnet_viz.ui.shared.jobs import Task
from tests.waiting import PATIENCE, wait_until


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread alone cannot be niced")
def test_slow_work_steps_back_and_nothing_else_does():
    here = os.getpriority(os.PRIO_PROCESS, 0)

    def make(progress):
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    jobs.start("nice", [Task("how nice", "", make)]).wait(20)
    assert jobs.made.peek("how nice") == max(here, 10)
    assert os.getpriority(os.PRIO_PROCESS, 0) == here


class Slow:
    """A task that goes on step by step when let, and tells how it ended."""

    def __init__(self, key, steps=3):
        self.key, self.steps, self.gate, self.ended = key, steps, threading.Semaphore(0), None
        self.task = Task(key, f"Map {key}", self.make)

    def make(self, progress):
        try:
            for step in range(self.steps):
                self.gate.acquire(timeout=PATIENCE)
                progress(step + 1, self.steps)
        except BaseException as error:
            self.ended = type(error).__name__
            raise
        self.ended = "made"
        return f"value of {self.key}"

    def go(self, steps=1):
        self.gate.release(steps)


@pytest.fixture(autouse=True)
def alone():
    yield
    for visitor in list(jobs._current):
        jobs.leave(visitor)


def test_a_job_makes_its_values_one_after_another_and_says_how_far_it_is():
    one, two = Slow("a1"), Slow("a2")
    job = jobs.start("me", [one.task, two.task])
    one.go()
    wait_until(lambda: job.part == (1, 3))
    assert "Map a1: 1 of 3" in job.words
    assert job.words.endswith("; then 1 more")
    assert job.share == pytest.approx(1 / 6)
    assert jobs.made.peek("a1") is None
    one.go(2)
    wait_until(lambda: job.finished == 1)
    assert jobs.made.peek("a1") == "value of a1"  # there before the second is
    two.go(3)
    wait_until(lambda: job.over)
    assert jobs.made.peek("a2") == "value of a2"


def test_the_same_wish_is_the_same_job_and_a_new_wish_ends_the_old():
    one, two = Slow("b1", 50), Slow("b2")
    job = jobs.start("me", [one.task])
    assert jobs.start("me", [one.task]) is job
    one.go()
    wait_until(lambda: job.part == (1, 50))
    other = jobs.start("me", [two.task])
    one.go(50)
    wait_until(lambda: job.over)
    assert one.ended == "Stopped"
    assert jobs.made.peek("b1") is None
    two.go(3)
    wait_until(lambda: other.over)
    assert two.ended == "made"


def test_stop_keeps_nothing_and_may_be_tried_again():
    one = Slow("c1")
    job = jobs.start("me", [one.task])
    job.stop()
    one.go(3)
    wait_until(lambda: job.over)
    assert jobs.made.peek("c1") is None
    again = Slow("c1")
    job = jobs.start("me", [again.task])
    again.go(3)
    wait_until(lambda: jobs.made.peek("c1") is not None)


def test_a_job_that_nobody_looks_at_stops(monkeypatch):
    one = Slow("d1")
    job = jobs.start("me", [one.task])
    one.go()
    wait_until(lambda: job.part == (1, 3))
    monkeypatch.setattr(jobs, "UNWATCHED", -1)
    one.go()
    wait_until(lambda: job.over)
    assert one.ended == "Stopped"
    assert jobs.made.peek("d1") is None


def test_a_users_error_is_told_and_the_next_task_goes_on(caplog, monkeypatch):
    def refuse(progress):
        raise AttributionError("This layer has no maps: choose another.")

    def fail(progress):
        raise ZeroDivisionError

    def overreach(progress):
        torch.empty(2**50)

    makes = {"e0": overreach, "e1": refuse, "e2": lambda progress: 7, "e3": fail}
    job = jobs.start("me", [Task(key, "", make) for key, make in makes.items()])
    wait_until(lambda: job.over)
    assert "memory of this machine is used up" in jobs.failure("e0")
    assert jobs.failure("e1") == "This layer has no maps: choose another."
    assert jobs.made.peek("e2") == 7
    assert "bug in the app" in jobs.failure("e3")
    assert jobs.failure("e2") is None
    monkeypatch.setattr(jobs, "FORGIVEN", -1)
    assert jobs.failure("e1") is None  # it may be tried again


def test_two_at_once_and_the_third_waits_its_turn():
    slow = [Slow(f"f{i}") for i in range(3)]
    mine = [jobs.start(f"visitor {i}", [one.task]) for i, one in enumerate(slow)]
    wait_until(lambda: sum(job.began is not None for job in mine) == 2)
    assert mine[2].words.startswith("Waiting for a free place")
    slow[0].go(3)
    wait_until(lambda: mine[2].began is not None)
    for one in slow:
        one.go(3)
    wait_until(lambda: all(job.over for job in mine))


def test_who_wants_many_values_keeps_nobody_from_one():
    many = [Slow(f"g{i}") for i in range(3)]
    other, single = Slow("g other"), Slow("g single")
    first = jobs.start("many", [one.task for one in many])
    second = jobs.start("other", [other.task])
    wait_until(lambda: first.began is not None and second.began is not None)
    third = jobs.start("single", [single.task])
    many[0].go(3)
    wait_until(lambda: third.began is not None)  # before the second value of the first visitor
    assert first.finished == 1
    assert first.words == "Waiting for a free place."
    for one in (*many, other, single):
        one.go(3)
    wait_until(lambda: first.over and second.over and third.over)
    assert [jobs.made.peek(one.key) for one in many] == [f"value of g{i}" for i in range(3)]


def test_the_place_in_the_queue_is_said_and_the_presenter_goes_first():
    running = [Slow(f"h{i}") for i in range(2)]
    audience = Permissions()
    with permissions.acting_with(audience):
        jobs_of_running = [jobs.start(f"running {i}", [one.task]) for i, one in enumerate(running)]
        wait_until(lambda: all(job.began is not None for job in jobs_of_running))
        waiting = [Slow(f"h waiting {i}") for i in range(2)]
        queued = [jobs.start(f"waiting {i}", [one.task]) for i, one in enumerate(waiting)]
    assert [job.words for job in queued] == ["Waiting for a free place.", "Waiting for a free place: 1 before you."]
    presenters = Slow("h presenter")
    job = jobs.start("presenter", [presenters.task])
    assert job.words == "Waiting for a free place."
    assert queued[1].words.endswith(": 2 before you.")
    for one in (*running, *waiting, presenters):
        one.go(3)
    wait_until(lambda: job.over and all(other.over for other in queued))


def test_a_task_runs_with_its_visitors_permissions():
    with permissions.acting_with(Permissions(checkpoints=True)):
        job = jobs.start("me", [Task("may", "", lambda progress: str(permissions.current()))])
    wait_until(lambda: job.over)
    assert jobs.made.peek("may") == str(Permissions(checkpoints=True))


def test_a_full_queue_says_so_and_those_who_left_free_their_place(monkeypatch):
    running = [Slow(f"k{i}") for i in range(2)]
    begun = [jobs.start(f"running {i}", [one.task]) for i, one in enumerate(running)]
    wait_until(lambda: all(job.began is not None for job in begun))
    monkeypatch.setattr(jobs, "WAITING", 1)
    waiting, more = Slow("k waiting"), Slow("k more")
    presenters = Slow("k presenter")
    with permissions.acting_with(Permissions()):
        left = jobs.start("waiting", [waiting.task])
        with pytest.raises(Busy, match="try again"):
            jobs.start("more", [more.task])
    first = jobs.start("presenter", [presenters.task])  # nobody keeps the presenter out
    jobs.leave("presenter")
    assert first.over
    jobs.leave("waiting")
    assert left.over
    with permissions.acting_with(Permissions()):
        last = jobs.start("more", [more.task])
    for one in (*running, more):
        one.go(3)
    wait_until(lambda: last.over)
    assert waiting.ended is None
