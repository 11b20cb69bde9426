"""The run directory and its reader."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from alexnet_viz.errors import RunError
from alexnet_viz.training import runs
from alexnet_viz.training.recipe import preset
from alexnet_viz.training.runs import Status

HOME = Path(__file__).parents[2]


@pytest.fixture
def run():
    return runs.create_run(preset("quick"))


@pytest.fixture
def sleeper():
    """A process that lives until it is killed, and its start time."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield child, psutil.Process(child.pid).create_time()
    child.kill()
    child.wait()


def running(path, pid, started, **more):
    status = Status("running", pid, started, host=runs.socket.gethostname(), heartbeat=time.time())
    runs.write_status(path, replace(status, **more))


def row(step, attempt=1, **changes):
    """A row of validation, as the loop writes it."""
    place = {"split": "val", "step": step, "epoch": 0, "attempt": attempt}
    return place | {"loss": 1.0, "top1": 0.5, "top5": 1.0} | changes


def test_the_page_reads_runs_without_torch():
    rooms = [f"alexnet_viz.training.{name}" for name in ("runs", "recipe", "snapshots", "launcher", "estimate")]
    code = "import sys, importlib; [importlib.import_module(n) for n in sys.argv[1:]]; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code, *rooms], cwd=HOME, check=False).returncode == 0


def test_a_new_run_keeps_its_recipe_and_waits(run):
    found = runs.read_run(run)
    assert found.recipe == preset("quick")
    assert (found.state, found.stalled, found.id) == ("queued", False, run.name)
    assert run.name.endswith("-quick-textures")


def test_on_a_full_disk_nothing_is_left_of_a_new_run(tmp_path, full_disk):
    refused = pytest.raises(RunError, match=r"No run can be made in .*: free some space or choose another folder")
    with refused, full_disk():
        runs.create_run(preset("quick"), tmp_path, "mine")
    assert not list(tmp_path.iterdir())
    runs.create_run(preset("quick"), tmp_path, "mine")


def test_a_status_lost_with_the_power_loses_no_run(run):
    runs.append_metrics(run, row(1, attempt=2))
    (run / "status.json").write_bytes(b"")
    (found,) = runs.list_runs()
    assert found.state == "unreadable"
    assert runs.read_status(run).attempt == 2  # the next attempt's rows must count as later


def test_runs_of_the_same_second_get_names_of_their_own():
    recipe = preset("textbook").changed(data="folder:/photos/My cats.zip")
    names = {runs.create_run(recipe).name for _ in range(3)}
    assert len(names) == 3
    assert all("textbook-My-cats" in name for name in names)


def test_one_name_makes_one_run():
    runs.create_run(preset("quick"), run_id="mine")
    with pytest.raises(RunError, match="already"):
        runs.create_run(preset("quick"), run_id="mine")


@pytest.mark.parametrize("name", ["../away", " ", ".hidden", "a/b"])
def test_a_name_cannot_lead_elsewhere(name):
    with pytest.raises(RunError, match="cannot name a run"):
        runs.create_run(preset("quick"), run_id=name)


def test_a_run_is_found_by_its_id_and_by_its_path(run):
    assert runs.find_run(run.name) == run
    assert runs.find_run(run) == run
    with pytest.raises(RunError, match="no run 'other'"):
        runs.find_run("other")


def test_the_list_has_the_newest_first_and_leaves_out_what_is_no_run(run):
    newer = runs.create_run(preset("textbook"))
    (run.parent / "notes").mkdir()
    (run.parent / "file").touch()
    (run.parent / ".deleted-1").mkdir()
    (run.parent / ".deleted-1" / "config.json").write_text("{")
    assert [found.id for found in runs.list_runs()] == [newer.name, run.name]


def test_settings_that_later_versions_add_take_their_defaults(run):
    config = json.loads((run / "config.json").read_text())
    del config["recipe"]["sharpness"]
    (run / "config.json").write_text(json.dumps(config))
    runs.write_status(run, Status("finished"))
    status = json.loads((run / "status.json").read_text()) | {"from_the_future": 1}
    (run / "status.json").write_text(json.dumps(status))
    assert runs.read_run(run).recipe.sharpness == 0
    assert runs.read_run(run).state == "finished"


def test_a_run_that_was_asked_to_stop_says_so_until_it_has(run, sleeper):
    child, started = sleeper
    running(run, child.pid, started)
    (run / "stop").touch()
    assert runs.read_run(run).state == "stopping"
    runs.write_status(run, Status("stopped"))
    assert runs.read_run(run).state == "stopped"


def test_notes_and_class_names_stand_beside_a_config_that_never_changes(run):
    config = (run / "config.json").read_bytes()
    assert (runs.read_notes(run), runs.class_names(run)) == ("", ())
    runs.write_notes(run, "learned über stripes")
    runs.write_class_names(run, ("ein", "zwei"))
    assert (runs.read_notes(run), runs.class_names(run)) == ("learned über stripes", ("ein", "zwei"))
    runs.write_notes(run, "  ")
    assert not (run / "notes.txt").exists()
    assert (run / "config.json").read_bytes() == config


# --- alive ---------------------------------------------------------------------------------------


def test_a_living_worker_runs_and_a_silent_one_is_stalled(run, sleeper):
    child, started = sleeper
    running(run, child.pid, started)
    assert (runs.read_run(run).state, runs.read_run(run).stalled) == ("running", False)
    running(run, child.pid, started, heartbeat=time.time() - 60)
    assert (runs.read_run(run).state, runs.read_run(run).stalled) == ("running", True)


def test_a_killed_worker_has_failed_also_while_nobody_waited_for_it(run, sleeper):
    child, started = sleeper
    running(run, child.pid, started)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and a zombie from here on
    os.kill(child.pid, 0)  # which is why a pid alone tells nothing
    assert runs.read_run(run).state == "failed"


def test_another_process_with_the_same_pid_is_not_the_worker(run, sleeper):
    child, started = sleeper
    running(run, child.pid, started - 100)
    assert runs.read_run(run).state == "failed"


def test_a_worker_on_another_machine_is_believed(run):
    running(run, 2**22 + 1, 1.0, host="elsewhere")
    assert runs.read_run(run).state == "running"


def test_a_run_says_on_which_other_machine_it_is_and_whether_that_gives_signs(run):
    running(run, 2**22 + 1, 1.0, host="elsewhere", heartbeat=time.time() - 60)
    found = runs.read_run(run)
    assert (found.state, found.stalled, found.elsewhere) == ("running", True, "elsewhere")
    running(run, os.getpid(), psutil.Process().create_time())
    assert runs.read_run(run).elsewhere == ""


def test_a_dead_rank_under_a_living_torchrun_is_about_to_come_back(run, sleeper):
    child, started = sleeper
    running(run, 2**22 + 1, 1.0, agent=child.pid, agent_started=started)
    assert runs.read_run(run).state == "running"


def test_a_stopped_run_that_was_launched_again_waits(run, sleeper):
    child, started = sleeper
    runs.write_status(run, Status("stopped", 2**22 + 1, 1.0))
    runs.replace_json(run / "launch.json", {"pid": child.pid, "started": started})  # as older versions wrote it
    assert runs.read_run(run).state == "queued"


def test_a_run_is_held_by_one_process_until_it_dies(run):
    code = "import sys, time; from pathlib import Path; from alexnet_viz.training.runs import locked\n"
    code += "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", code, run], cwd=HOME, stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RunError, match="another process"), runs.locked(run):
            pass
        holder.kill()
    with runs.locked(run):
        pass


# --- metrics -------------------------------------------------------------------------------------


def test_a_torn_last_row_is_not_read_and_then_cut_off(run):
    assert runs.read_metrics(run) == ([], 0, "")
    runs.append_metrics(run, row(1))
    with open(run / "metrics.jsonl", "ab") as file:
        file.write(b'{"step": 2, "lo')
    rows, offset, problem = runs.read_metrics(run)
    assert (rows, problem) == ([row(1)], "")
    runs.cut_torn_line(run)
    runs.append_metrics(run, row(2))
    assert runs.read_metrics(run, offset).rows == [row(2)]


def test_nothing_new_reads_nothing(run):
    runs.append_metrics(run, row(1))
    _, offset, _ = runs.read_metrics(run)
    assert runs.read_metrics(run, offset) == ([], offset, "")


def attempt_rows(attempt, *places):
    return [{"attempt": attempt, "step": step, "split": split} for step, split in places]


def test_what_a_later_attempt_does_again_replaces_the_earlier():
    first = attempt_rows(1, (10, "train"), (20, "train"), (20, "val"), (30, "train"))
    again = attempt_rows(2, (20, "val"), (30, "train"), (40, "train"))
    third = attempt_rows(3, (40, "train"))
    assert runs.latest(first + again) == first[:2] + again
    assert runs.latest(first + again + third) == first[:2] + again[:2] + third


def test_the_best_checkpoint_goes_before_the_last(run):
    assert runs.read_run(run).weights is None
    for name in ("step-1", "step-2"):
        (run / "checkpoints" / f"{name}.safetensors").touch()
    runs.replace_json(run / "checkpoints" / "index.json", {"last": ["step-2", "step-1"], "best": None})
    assert runs.read_run(run).weights.name == "step-2.safetensors"
    runs.replace_json(run / "checkpoints" / "index.json", {"last": ["step-2", "step-1"], "best": "step-1"})
    assert runs.read_run(run).weights.name == "step-1.safetensors"


def test_the_log_ends_with_its_last_lines(run):
    assert runs.log_tail(run) == ""
    (run / "log.txt").write_text("".join(f"line {n}\n" for n in range(1000)))
    assert runs.log_tail(run, 2) == "line 998\nline 999"
