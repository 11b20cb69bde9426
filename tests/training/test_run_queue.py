"""Waiting for a turn: real processes that do no more than wait, and their locks. Kills only what it started."""

import contextlib
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from alexnet_viz.errors import RunError
from alexnet_viz.training import launcher, run_queue, runs
from alexnet_viz.training.recipe import preset
from tests.waiting import wait_until

HOME = Path(__file__).parents[2]
WAIT = """
import sys
from pathlib import Path
from alexnet_viz.training.run_queue import Ticket, turn

run, *ticket = sys.argv[1:]
with turn(Path(run), Ticket(*map(int, ticket))) as came:
    print(came, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def make_run():
    return lambda: runs.create_run(preset("quick"))


@pytest.fixture
def wait_in_line(make_run):
    """wait_in_line() -> (process, run): one that waits for its turn, prints True and holds it until it is killed."""
    started = []

    def wait_in_line():
        run = make_run()
        with run_queue.new_ticket(run.parent) as ticket:
            command = [sys.executable, "-c", WAIT, str(run), *map(str, ticket)]
            pipe = subprocess.PIPE
            started.append(
                subprocess.Popen(command, cwd=HOME, stdin=pipe, stdout=pipe, text=True, pass_fds=[ticket.descriptor])
            )
        return started[-1], run

    yield wait_in_line
    for process in started:
        kill(process)
        process.stdin.close()
        process.stdout.close()


def kill(process):
    process.kill()
    process.wait()


def waits(run):
    return runs.read_status(run).activity == "waiting for its turn"


def test_the_turn_goes_by_launch_and_passes_by_those_who_died(wait_in_line):
    (first, _), (second, _), (third, one), (fourth, other) = (wait_in_line() for _ in range(4))
    assert first.stdout.readline() == "True\n"
    wait_until(lambda: waits(one) and waits(other))
    assert runs.read_run(other).state == "queued"
    kill(second)
    kill(first)
    assert third.stdout.readline() == "True\n"
    assert fourth.poll() is None
    assert waits(other)
    kill(third)
    assert fourth.stdout.readline() == "True\n"


def test_a_stop_ends_the_waiting_and_leaves_no_ticket(wait_in_line):
    (first, _), (second, run) = wait_in_line(), wait_in_line()
    assert first.stdout.readline() == "True\n"
    (run / "stop").touch()
    assert second.stdout.readline() == "False\n"
    assert [path.name for path in (run.parent / ".queue").iterdir()] == ["lock"]


@pytest.fixture
def looks(monkeypatch):
    """looks(run, after) -> the files that a wait of three looks opens or lists; ``after`` is called at the first."""
    heard, seen = threading.local(), []

    def hear(event, arguments):
        if getattr(heard, "on", False) and event in ("open", "os.listdir", "os.scandir"):
            seen.append(str(arguments[0]))

    sys.addaudithook(hear)  # it cannot be taken away, but it hears nothing after the test

    def looks(run, after=lambda: None):
        count = 0

        def sleep(seconds):
            nonlocal count
            count += 1
            if count == 1:
                after()
            if count == 3:
                (run / "stop").touch()

        monkeypatch.setattr(run_queue.time, "sleep", sleep)
        monkeypatch.setattr(run_queue, "HEARTBEAT", 0.0)
        with run_queue.new_ticket(run.parent), run_queue.new_ticket(run.parent) as ticket:
            ticket = ticket._replace(descriptor=os.dup(ticket.descriptor))
            heard.on = True
            try:
                with run_queue.turn(run, ticket) as came:
                    assert not came
            finally:
                heard.on = False
        return seen

    return looks


def test_who_waits_looks_at_tickets_and_at_no_other_run(make_run, looks):
    run, *others = (make_run() for _ in range(5))
    seen = looks(run)
    assert seen.count(str(run.parent / ".queue")) >= 3
    assert str(run.parent) not in seen
    assert not [path for path in seen if any(path.startswith(f"{other}/") for other in others)]


def test_on_a_full_disk_it_waits_on(make_run, looks, full_disk):
    run = make_run()
    with contextlib.ExitStack() as stack:
        looks(run, lambda: stack.enter_context(full_disk()))


def test_a_run_that_is_moved_away_waits_no_longer(make_run, looks, tmp_path):
    run = make_run()
    with pytest.raises(RunError, match="moved or deleted: it no longer waits"):
        looks(run, lambda: run.rename(tmp_path / "away"))
    assert not run.exists()


def test_as_many_wait_as_may_and_a_run_too_many_is_refused_with_a_sentence(make_run):
    run = make_run()
    with contextlib.ExitStack() as waiting:
        for _ in range(run_queue.MAX_WAITING):
            waiting.enter_context(run_queue.new_ticket(run.parent))
        with pytest.raises(RunError, match=f"{run_queue.MAX_WAITING} runs are waiting .*: stop one of them"):
            launcher.start(run, queue=True)
        assert not runs.read_launch(run).pid
    with run_queue.new_ticket(run.parent) as ticket:  # all have gone, none took its ticket along
        assert ticket.number == 1
        assert {path.name for path in (run.parent / ".queue").iterdir()} == {"1", "lock"}


def test_launched_at_once_each_has_a_number_of_its_own(make_run):
    folder = make_run().parent
    together = threading.Barrier(run_queue.MAX_WAITING)

    def take():
        together.wait()
        with run_queue.new_ticket(folder) as ticket:
            together.wait()
            return ticket.number

    with ThreadPoolExecutor(run_queue.MAX_WAITING) as pool:
        taken = [pool.submit(take) for _ in range(run_queue.MAX_WAITING)]
        assert sorted(one.result() for one in taken) == list(range(1, run_queue.MAX_WAITING + 1))
