"""A process is told from every other one, also after the clock was set."""

import os
import subprocess
import sys
import time
from dataclasses import replace

import psutil
import pytest

from alexnet_viz.training import processes, runs
from alexnet_viz.training.recipe import preset


@pytest.fixture
def child():
    """A process that lives until it is killed."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield psutil.Process(child.pid)
    child.kill()
    child.wait()


@pytest.fixture
def set_clock(monkeypatch):
    """set_clock(seconds): the wall clock jumps, and with it the time of the boot that psutil adds to start times."""
    boot, now = psutil.boot_time(), time.time

    def jump(seconds):
        monkeypatch.setattr(psutil._psplatform, "boot_time", lambda: boot + seconds)
        monkeypatch.setattr(time, "time", lambda: now() + seconds)

    return jump


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere start times do not hang on the time of the boot")
@pytest.mark.parametrize("seconds", [3, -3, 7200, -7200])
def test_a_clock_that_is_set_makes_no_living_worker_fail(child, set_clock, seconds):
    run = runs.create_run(preset("quick"))
    me = processes.identity(child)
    status = runs.Status("running", *me[:2], host=runs.socket.gethostname(), birth=me.birth)
    now = {"heartbeat": time.time(), "heartbeat_monotonic": time.monotonic()}
    runs.write_status(run, replace(status, **now))
    runs.write_launch(run, me)
    set_clock(seconds)
    assert psutil.Process(child.pid).create_time() == pytest.approx(me.started + seconds, abs=0.1)
    assert (runs.read_run(run).state, runs.read_run(run).stalled) == ("running", False)
    assert runs.is_alive(*runs.read_launch(run))


def test_the_same_pid_after_another_start_or_boot_is_another_process(child):
    pid, started, birth = processes.identity(child)
    assert processes.is_alive(pid, started, birth)
    seconds, at, boot = birth.partition("@")
    assert not processes.is_alive(pid, started, f"{float(seconds) - 100}{at}{boot}")
    assert not processes.is_alive(pid, started, f"{seconds}{at}another-boot")
    assert not processes.is_alive(0, started, birth)


def test_files_of_older_versions_know_the_start_time_alone(child):
    assert processes.is_alive(child.pid, child.create_time())
    assert not processes.is_alive(child.pid, child.create_time() - 100)


def test_a_zombie_does_not_live(child):
    me = processes.identity(child)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not processes.is_alive(*me)
