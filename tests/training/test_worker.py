"""The worker as a real process: killed, stopped, failing, resumed, in company. Kills only what it started."""

import contextlib
import errno
import resource
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import psutil
import pytest
import torch

from alexnet_viz.training import checkpoints, runs, worker
from tests.waiting import PATIENCE, wait_until

HOME = Path(__file__).parents[2]


@pytest.fixture
def spawn():
    """spawn(run) starts a worker on a run; what still lives at the end is killed."""
    started = []

    def spawn(run, **options):
        command = [sys.executable, "-m", "alexnet_viz.training.worker", str(run)]
        with open(run / "log.txt", "ab") as log:
            started.append(subprocess.Popen(command, cwd=HOME, stdout=log, stderr=log, **options))
        return started[-1]

    yield spawn
    for process in started:
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
        process.kill()
        process.wait()


@pytest.fixture
def work(spawn):
    """work(run) trains a run to the worker's own end; its exit code."""
    return lambda run, **options: spawn(run, **options).wait(PATIENCE)


def kill_at(process, run, step):
    """kill -9 as soon as the checkpoint after so many steps counts."""
    wait_until(lambda: last_step(run) >= step, process)
    process.kill()
    process.wait()


def has_rows(run, attempt):
    return any(row["attempt"] == attempt for row in runs.read_metrics(run)[0])


def last_step(run):
    names = runs.read_index(run)["last"]
    return int(names[0].removeprefix("step-")) if names else -1


def rows(run):
    """The metric rows that count, without what tells how fast and in which attempt they came."""
    kept = runs.latest(runs.read_metrics(run)[0])
    return [{key: value for key, value in row.items() if key not in ("attempt", "timing")} for row in kept]


def assert_same_end(one, other):
    """Weights, the optimiser's moments and metric rows, bit for bit."""
    (weights, state), (others, other_state) = (
        checkpoints.read_last_checkpoint(one),
        checkpoints.read_last_checkpoint(other),
    )
    assert state["step"] == other_state["step"]
    assert all(torch.equal(weights[key], others[key]) for key in weights)
    moments, other_moments = state["optimizer"]["state"], other_state["optimizer"]["state"]
    assert len(moments) == len(weights)
    for one_state, two_state in ((moments[i], other_moments[i]) for i in moments):  # momentum, or AdamW's two moments
        assert one_state.keys() == two_state.keys()
        assert all(torch.equal(one_state[key], two_state[key]) for key in one_state)
    assert rows(one) == rows(other)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """Finished runs by recipe, each trained once."""
    return {}


@pytest.fixture
def reference(uninterrupted, work, tmp_path_factory):
    def reference(recipe):
        if recipe not in uninterrupted:
            run = runs.create_run(recipe, tmp_path_factory.mktemp("reference"))
            assert work(run) == 0, runs.log_tail(run)
            uninterrupted[recipe] = run
        return uninterrupted[recipe]

    return reference


# --- resuming ------------------------------------------------------------------------------------


def test_killed_at_any_moment_it_resumes_bit_for_bit(tiny, spawn, work, reference):
    """Mid-epoch, with a half-written file in sight, at an epoch's end, in the last batch; two epochs of six steps."""
    run = runs.create_run(tiny)
    kill_at(spawn(run), run, 2)
    assert runs.read_run(run).state == "failed"
    process = spawn(run)
    wait_until(lambda: last_step(run) >= 4 and any((run / "checkpoints").glob(".*")), process)
    process.kill()
    process.wait()
    for step in (6, 11):
        kill_at(spawn(run), run, step)
    assert work(run) == 0
    status = runs.read_run(run).status
    assert (status.state, status.attempt, status.step) == ("finished", 5, 12)
    assert_same_end(run, reference(tiny))


def test_a_stop_writes_a_checkpoint_first(tiny, spawn, work, reference):
    recipe = tiny.changed(epochs=4)
    run = runs.create_run(recipe.changed(checkpoint_minutes=60.0))  # how often changes nothing
    for attempt, ask in enumerate((subprocess.Popen.terminate, lambda _: (run / "stop").touch()), start=1):
        process = spawn(run)
        wait_until(partial(has_rows, run, attempt), process)
        ask(process)
        assert process.wait(PATIENCE) == 0
        found = runs.read_run(run)
        assert found.state == "stopped"
        assert last_step(run) == found.status.step >= runs.read_metrics(run)[0][-1]["step"]
        assert not (run / "stop").exists()
    assert work(run) == 0
    assert_same_end(run, reference(recipe))


def test_two_processes_resume_bit_for_bit_and_torchrun_restarts_a_killed_one(tiny, spawn, reference):
    recipe = tiny.changed(dropout=0.0, processes=2)
    run = runs.create_run(recipe)
    process = spawn(run)
    wait_until(lambda: last_step(run) >= 3, process)
    rank = runs.read_status(run).pid
    assert psutil.Process(rank).parent().pid == process.pid
    psutil.Process(rank).kill()
    assert process.wait(PATIENCE) == 0
    status = runs.read_status(run)
    assert (status.state, status.attempt) == ("finished", 2)
    assert_same_end(run, reference(recipe))


def test_two_processes_reach_what_one_reaches(tiny, reference):
    """The same global batch; only the order of the additions differs, hence the tolerance. Dropout draws by process."""
    one, two = (reference(tiny.changed(dropout=0.0, processes=count)) for count in (1, 2))
    (weights, _), (others, _) = checkpoints.read_last_checkpoint(one), checkpoints.read_last_checkpoint(two)
    for key in weights:
        torch.testing.assert_close(weights[key], others[key], rtol=1e-4, atol=1e-6)
    for row, other in zip(rows(one), rows(two), strict=True):
        assert row["loss"] == pytest.approx(other["loss"], rel=1e-4)
        assert (row["split"], row["top1"], row["top5"]) == (other["split"], other["top1"], other["top5"])


# --- failing -------------------------------------------------------------------------------------


def test_one_process_trains_a_run_at_a_time(tiny, spawn, work):
    run = runs.create_run(tiny.changed(epochs=50))
    first = spawn(run)
    wait_until(lambda: runs.read_status(run).pid == first.pid, first)
    assert work(run) == 2
    assert "another process" in runs.log_tail(run)
    assert runs.read_run(run).state == "running"


def test_a_finished_run_stays_as_it_is(tiny, work, reference):
    run = reference(tiny)
    before = {file: file.stat().st_mtime_ns for file in run.rglob("*") if file.name not in ("log.txt", "lock")}
    assert work(run) == 2
    assert "is finished" in runs.log_tail(run)
    assert {file: file.stat().st_mtime_ns for file in before} == before


@pytest.mark.parametrize("activity", ["starting", "training"])
def test_a_worker_whose_run_is_moved_away_ends_and_does_not_make_it_anew(tiny, spawn, tmp_path, activity):
    run = runs.create_run(tiny.changed(epochs=1000))
    process = spawn(run)
    wait_until(lambda: runs.read_status(run).activity == activity, process)
    run.rename(tmp_path / "away")
    assert process.wait(PATIENCE) == 2
    assert not run.exists()
    assert "was moved or deleted: its training ended" in runs.log_tail(tmp_path / "away")


def test_missing_photos_fail_with_a_sentence_before_anything_starts(tiny, work, tmp_path):
    run = runs.create_run(tiny.changed(data=f"folder:{tmp_path / 'nowhere'}"))
    assert work(run) == 2
    found = runs.read_run(run)
    assert found.state == "failed"
    assert "nowhere" in found.status.error
    assert "Traceback" not in runs.log_tail(run)


def test_photos_that_are_left_out_are_listed_in_the_log(tiny, photos, work, tmp_path):
    shutil.copytree(photos, tmp_path / "mine")
    (tmp_path / "mine" / "train" / "a" / "bad.png").write_bytes(b"no photo")
    run = runs.create_run(tiny.changed(data=f"folder:{tmp_path / 'mine'}", epochs=1))
    assert work(run) == 0
    assert "left out: train/a/bad.png" in runs.log_tail(run)


def test_with_a_full_disk_or_without_its_photos_it_fails_and_goes_on_later(tiny, photos, spawn, work, tmp_path):
    """A limit on the size of files stands for the disk: what a checkpoint needs is more."""
    shutil.copytree(photos, tmp_path / "mine")
    run = runs.create_run(tiny.changed(data=f"folder:{tmp_path / 'mine'}"))
    kill_at(spawn(run), run, 2)
    before = runs.read_index(run)
    limit = 1 << 20
    assert work(run, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))) == 1
    found = runs.read_run(run)
    assert (found.state, "disk is full" in found.status.error) == ("failed", True)
    assert runs.read_index(run) == before
    (tmp_path / "mine").rename(tmp_path / "away")
    assert work(run) == 2
    found = runs.read_run(run)
    assert (found.state, "mine" in found.status.error) == ("failed", True)
    assert "Put the photos back, then resume" in found.status.error
    assert runs.read_index(run) == before
    (tmp_path / "away").rename(tmp_path / "mine")
    assert work(run) == 0
    assert runs.read_run(run).state == "finished"


def test_memory_that_runs_out_in_a_step_fails_with_a_sentence(tiny, monkeypatch):
    monkeypatch.setattr("alexnet_viz.training.loop.train_step", lambda *_, **__: torch.empty(2**50))
    monkeypatch.setattr(worker, "_listen", lambda _: None)  # the signals of the tests' process are its own
    run = runs.create_run(tiny)
    assert worker._run(run, tiny, writes=True) == 1
    found = runs.read_run(run)
    assert found.state == "failed"
    assert found.status.error.startswith("The memory is used up: choose a smaller batch_size")


def test_without_a_byte_left_on_the_disk_the_status_still_says_why(tiny, monkeypatch):
    """Nor can the log be written to, which lies on the same disk."""

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    def train(*_):
        monkeypatch.setattr(Path, "write_bytes", full)
        full()

    run = runs.create_run(tiny)
    monkeypatch.setattr("alexnet_viz.training.loop.train", train)
    monkeypatch.setattr(worker, "_listen", lambda _: None)
    log, code = open("/dev/full", "w", buffering=1), None  # noqa: SIM115 closing it raises, too
    with contextlib.suppress(OSError), log:
        monkeypatch.setattr(sys, "stderr", log)
        code = worker._run(run, tiny, writes=True)
    assert code == 1
    found = runs.read_run(run)
    assert (found.state, found.problems) == ("failed", ())
    assert found.status.error.startswith("The disk is full")
