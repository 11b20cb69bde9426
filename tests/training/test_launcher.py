"""Launching, stopping and queueing real workers."""

import contextlib
import os
import socket
import subprocess
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest

from alexnet_viz.errors import RecipeError, RunError, UserError
from alexnet_viz.network.variants import build
from alexnet_viz.training import estimate, launcher, runs
from tests.waiting import PATIENCE


@pytest.fixture
def launch(tiny):
    """launch(**changes) creates and starts a long run; at the end all are killed, each process checked to be theirs."""
    launched = []

    def launch(queue=False, **changes):
        launched.append(runs.create_run(tiny.changed(epochs=500, **changes)))
        launcher.start(launched[-1], queue=queue)
        return launched[-1]

    yield launch
    for run in launched:
        launcher.kill(run)


def wait_for(run, *states, step=0):
    end = time.monotonic() + PATIENCE
    while (found := runs.read_run(run)).state not in states or found.status.step < step:
        assert time.monotonic() < end, runs.log_tail(run)
        time.sleep(0.05)
    return found


def test_started_twice_it_starts_once_and_outlives_its_parent(launch, monkeypatch):
    monkeypatch.setenv("ALEXNET_VIZ_NICENESS", "10")
    run = launch()
    process = runs.read_launch(run)
    pid = process.pid
    assert launcher.start(run) == pid
    found = wait_for(run, "running", step=1)
    assert found.status.pid == pid
    assert psutil.Process(pid).nice() == 10
    if (group := Path(f"/proc/{pid}/autogroup")).exists():
        assert group.read_text().split()[-1] == "10"
    assert len(runs.list_runs()) == 1
    launcher.ask_to_stop(run)
    wait_for(run, "stopped")
    assert launcher.start(run) != pid  # resumed at once, though the first may still be about to end
    found = wait_for(run, "running")
    assert found.status.attempt == 2
    launcher.kill(run)
    assert wait_for(run, "failed").status.attempt == 2
    assert not runs.is_alive(*process)


def test_queued_runs_wait_for_each_other(launch):
    first = launch(queue=True)
    wait_for(first, "running", step=1)
    second, third = launch(queue=True), launch(queue=True)
    assert wait_for(second, "queued").status.step == 0
    launcher.terminate(first)
    wait_for(first, "stopped")
    wait_for(second, "running")
    assert runs.read_run(third).state == "queued"
    launcher.ask_to_stop(third)
    assert wait_for(third, "stopped").status.step == 0


def test_nothing_is_hit_that_is_not_the_runs(tiny):
    """A run whose pids belong to other processes by now."""
    run = runs.create_run(tiny)
    me = psutil.Process()
    runs.write_status(run, runs.Status("running", me.pid, me.create_time() - 100))
    runs.replace_json(run / "launch.json", {"pid": me.pid, "started": me.create_time() - 100})
    launcher.kill(run)
    launcher.terminate(run)
    assert me.is_running()


def test_a_run_under_way_is_not_deleted_and_an_ended_one_is(launch):
    run = launch()
    wait_for(run, "running", step=1)
    with pytest.raises(RunError, match="under way"):
        launcher.delete(run)
    launcher.end(run)
    assert wait_for(run, "stopped", "failed").status.step >= 1
    launcher.delete(run)
    assert not run.exists()
    assert not runs.list_runs()


def test_a_run_that_trains_on_another_machine_is_not_deleted_until_that_is_silent(tiny):
    run = runs.create_run(tiny)
    status = runs.Status("running", 2**22 + 1, 1.0, host="elsewhere", heartbeat=time.time())
    runs.write_status(run, status)
    with pytest.raises(RunError, match="under way"):
        launcher.delete(run)
    runs.write_status(run, replace(status, heartbeat=time.time() - 60))
    launcher.delete(run)
    assert not run.exists()


def test_on_a_full_disk_no_worker_is_left_that_nobody_knows_of(tiny, full_disk):
    run = runs.create_run(tiny)
    with pytest.raises(RunError, match=r"cannot be started \(.*\): free some space"), full_disk():
        launcher.start(run)
    assert not [child for child in psutil.Process().children() if str(run) in child.cmdline()]
    assert not list(run.glob(".*"))
    assert runs.read_run(run).state == "queued"


def test_a_finished_run_is_not_started(tiny):
    run = runs.create_run(tiny)
    runs.write_status(run, runs.Status("finished"))
    with pytest.raises(RunError, match="is finished"):
        launcher.start(run)


def test_a_batch_of_more_than_all_photos_is_refused(tiny):
    for data in (tiny.data, "textures"):
        with pytest.raises(RecipeError, match="larger than the"):
            launcher.check(tiny.changed(data=data, batch_size=65536))


def test_weights_to_begin_with_must_be_there(tiny, tmp_path):
    """A run's are looked for in the folder of the new run."""
    launcher.check(tiny)
    for start, error in (
        ("run:gone", "no run 'gone' with a checkpoint"),
        ("run:gone@start", "no run 'gone' with a checkpoint"),
        ("gone.pt", "there is no such file"),
    ):
        with pytest.raises(UserError, match=error):
            launcher.check(tiny.changed(start=start), tmp_path)
    there = runs.create_run(tiny, tmp_path, "there")
    runs.replace_json(there / "checkpoints" / "index.json", {"last": ["step-1"], "best": None})
    (there / "checkpoints" / "step-1.safetensors").touch()
    for start in ("run:there", "run:there@start"):
        launcher.check(tiny.changed(start=start), tmp_path)


def test_several_machines_get_a_command_each(tiny):
    recipe = tiny.changed(processes=4, machines=2)
    run = runs.create_run(recipe)
    command = launcher.machines_command(run, recipe, "node1")
    assert "--nnodes=2 --nproc-per-node=4" in command
    assert f"--rdzv-endpoint=node1:29500 -m alexnet_viz.training.worker {run.resolve()}" in command


@pytest.mark.parametrize("slurm", [False, True])
def test_two_machines_train_together_by_the_line_they_are_given(tiny, tmp_path, slurm):
    """Both are this one; nothing but the port differs from what the page prints. A fake SLURM runs its script."""
    recipe = tiny.changed(machines=2, epochs=1)
    run = runs.create_run(recipe, tmp_path / "shared runs")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    line = launcher.machines_command(run, recipe, "127.0.0.1").replace(":29500", f":{port}")
    environment = dict(os.environ)
    if slurm:
        for name, what in (
            ("srun", 'shift\n"$@" & one=$!\n"$@" && wait $one'),
            ("scontrol", "echo 127.0.0.1; echo other"),
        ):
            (tmp_path / name).write_text(f"#!/bin/bash\n{what}\n", encoding="ascii")
            (tmp_path / name).chmod(0o755)
        environment |= {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "SLURM_JOB_NODELIST": "n[1-2]",
            "SLURM_CPUS_PER_TASK": "4",
        }
        line = launcher.slurm_script(run, recipe).replace(":29500", f":{port}")
    with open(tmp_path / "log.txt", "wb") as log:
        popen = partial(subprocess.Popen, ["bash", "-c", line], cwd=tmp_path, stdout=log, stderr=log, env=environment)
        two = [popen() for _ in range(1 if slurm else 2)]
        try:
            codes = [machine.wait(PATIENCE) for machine in two]
        finally:
            for machine in two:
                with contextlib.suppress(psutil.NoSuchProcess):
                    for process in [*psutil.Process(machine.pid).children(recursive=True), machine]:
                        process.kill()
    seen = runs.read_run(run)
    assert set(codes) == {0}, (tmp_path / "log.txt").read_text()
    assert (seen.state, seen.status.about["processes"]) == ("finished", 2)


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_slurm_is_asked_for_what_the_processes_need(tiny, tmp_path, device):
    recipe = tiny.changed(processes=2, machines=2, threads=6, device=device)
    script = launcher.slurm_script(runs.create_run(recipe, tmp_path / "my runs"), recipe)
    asked = dict(
        line.removeprefix("#SBATCH --").split("=") for line in script.splitlines() if line.startswith("#SBATCH")
    )
    del asked["job-name"]
    gpus = {} if device == "cpu" else {"gpus-per-node": "2"}
    assert asked == {"nodes": "2", "ntasks-per-node": "1", "cpus-per-task": "12", **gpus}
    assert subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True).stderr == ""


def test_the_cost_of_a_run(tiny):
    recipe = tiny.changed(sizes=((0, 63), (1, 80)), input_size=80)
    cost = estimate.in_own_process(recipe)  # 48 photos of 4 classes
    assert (cost.steps_per_epoch, cost.steps, cost.precision) == (6, 12, "fp32")
    assert cost.parameters == sum(p.numel() for p in build(recipe.spec(4)).parameters())
    assert cost.seconds > 0
    assert cost.memory > 3 * 4 * cost.parameters


def test_the_cost_of_missing_data_is_their_error(tiny):
    with pytest.raises(RecipeError, match="no folder or"):
        estimate.in_own_process(tiny.changed(data="folder:/nowhere"))


def test_a_run_that_needs_more_memory_than_there_is_is_refused(tiny):
    with pytest.raises(RecipeError, match="GB of memory"):
        estimate.estimate(tiny.changed(batch_size=65536, input_size=1024), photos=70_000, classes=4)
