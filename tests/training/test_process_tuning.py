"""The tuning of a process, in processes of their own where it cannot be undone."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch

from alexnet_viz.errors import SettingError
from alexnet_viz.training.process_tuning import chosen_niceness, lower_priority, set_passive_waiting, set_threads

HOME = Path(__file__).parents[2]


@pytest.fixture
def _threads_as_before():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("_threads_as_before")
@pytest.mark.parametrize(
    ("threads", "processes", "cores", "given"), [(3, 1, 8, 3), (0, 1, 8, 8), (0, 3, 8, 2), (0, 16, 8, 1)]
)
def test_each_process_gets_its_share_of_the_cores_unless_told_otherwise(monkeypatch, threads, processes, cores, given):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    set_threads(threads, processes)
    assert torch.get_num_threads() == given


def test_waiting_is_passive_unless_the_environment_says_otherwise(monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    set_passive_waiting()
    assert os.environ["OMP_WAIT_POLICY"] == "passive"
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    set_passive_waiting()
    assert os.environ["OMP_WAIT_POLICY"] == "active"


_TOUCH = """
import resource, sys
from alexnet_viz.training import process_tuning
if sys.argv[1] == "kept":
    process_tuning.keep_freed_memory()
import torch
for step in range(40):
    if step == 20:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.empty(16_000_000).fill_(1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_memory_that_was_freed_is_used_again_without_fresh_pages():
    kept, given_back = (
        int(subprocess.run([sys.executable, "-c", _TOUCH, how], cwd=HOME, capture_output=True, check=True).stdout)
        for how in ("kept", "given back")
    )
    assert kept * 10 < given_back  # page faults of 20 times 64 MB, more than glibc would keep by itself


def test_a_run_lets_others_go_first_as_far_as_the_environment_says(monkeypatch):
    monkeypatch.delenv("ALEXNET_VIZ_NICENESS")
    assert chosen_niceness() == 10
    monkeypatch.setenv("ALEXNET_VIZ_NICENESS", "3")
    assert chosen_niceness() == 3


@pytest.mark.parametrize("text", ["-5", "20", "low", ""])
def test_a_niceness_that_none_is_names_the_variable(monkeypatch, text):
    monkeypatch.setenv("ALEXNET_VIZ_NICENESS", text)
    with pytest.raises(SettingError, match="ALEXNET_VIZ_NICENESS must be a whole number from 0 to 19"):
        chosen_niceness()


@pytest.mark.parametrize(("before", "after"), [(0, 10), (13, 13)])
def test_a_run_lets_others_go_first_and_no_process_is_raised(before, after):
    if os.getpriority(os.PRIO_PROCESS, 0) > before:
        pytest.skip("these tests run with a low priority themselves")
    command = [sys.executable, "-c", f"import os; os.nice({before}); print(flush=True); input()"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, text=True
    ) as child:
        child.stdout.readline()
        lower_priority(psutil.Process(child.pid), 10)
        assert psutil.Process(child.pid).nice() == after
        child.communicate("\n")
