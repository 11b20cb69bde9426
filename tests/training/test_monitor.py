"""The worker's sign of life goes on whatever happens to it."""

import pytest

from alexnet_viz.training import monitor, runs
from alexnet_viz.training.monitor import Monitor
from alexnet_viz.training.recipe import preset
from tests.waiting import wait_until


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(monitor, "HEARTBEAT", 0.02)
    return runs.create_run(preset("quick"))


@pytest.mark.parametrize("error", [UnicodeError("odd name"), OSError(28, "No space left on device")])
def test_an_error_is_logged_once_and_the_heart_beats_on(run, monkeypatch, capfd, error):
    failures, write = [], runs.write_status

    def failing(path, status):
        if len(failures) < 3:
            failures.append(status)
            raise error
        write(path, status)

    with Monitor(run) as heart:
        monkeypatch.setattr(runs, "write_status", failing)
        before = runs.read_status(run).heartbeat_monotonic
        wait_until(lambda: len(failures) == 3 and runs.read_status(run).heartbeat_monotonic > before)
        assert heart._thread.is_alive()
    assert capfd.readouterr().err.count("UnicodeError: odd name") == isinstance(error, UnicodeError)


def test_a_name_that_is_not_utf_8_stops_no_heart(run):
    with Monitor(run) as heart:
        heart.update(activity="reading caf\udce9")
        wait_until(lambda: runs.read_status(run).activity == "reading caf\ufffd")


def test_a_status_says_who_the_worker_is(run):
    with Monitor(run):
        status = runs.read_run(run).status
        assert (runs.read_run(run).state, runs.read_run(run).stalled) == ("running", False)
    assert runs.is_alive(*status.process)
    assert status.birth


def test_a_run_that_was_moved_is_gone_and_tensorboard_does_not_make_it_anew(run):
    heart = Monitor(run)
    assert not heart.run_is_gone
    run.rename(run.with_name("moved"))
    assert heart.run_is_gone
    with pytest.raises(FileNotFoundError):
        heart._tensorboard(1)
    assert not run.exists()
    run.mkdir()  # another folder of the same name
    assert heart.run_is_gone
