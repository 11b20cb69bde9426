"""A run whose photos moved: from the shell, with a real worker."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from alexnet_viz.errors import DataError, RunError
from alexnet_viz.training import data_place, runs
from alexnet_viz.training.recipe import preset

HOME = Path(__file__).parents[2]


def shell(*arguments):
    command = [sys.executable, "-m", "alexnet_viz", *map(str, arguments)]
    return subprocess.run(command, cwd=HOME, capture_output=True, text=True)


def worker(run):
    """The worker itself, with no niceness: beside other tests a niced one takes minutes to import torch."""
    command = [sys.executable, "-u", "-m", "alexnet_viz.training.worker", str(run)]
    return subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_a_run_goes_on_with_photos_that_moved(tiny, photos, tmp_path, make_tree):
    place = shutil.copytree(photos, tmp_path / "photos")
    run = runs.create_run(tiny.changed(data=f"folder:{place}", epochs=50), tmp_path / "runs", "moved")
    with worker(run) as process:
        assert process.stdout.readline() == (
            "4 classes, 63 photos: 48 to train on, 15 to validate (from train/ and val/)\n"
        )
        while not runs.read_index(run)["last"]:
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        process.kill()
    first = json.loads((run / "data.json").read_text("utf-8"))
    assert first["data"] == f"folder:{place}"
    config = (run / "config.json").read_bytes()

    there = place.rename(tmp_path / "elsewhere")
    with worker(run) as process:
        assert "There is no folder or .zip file" in process.communicate()[0]
        assert process.returncode == 2
    assert f"resume {run.name} --data PLACE" in runs.read_status(run).error
    other = make_tree({f"{name}/{i}.jpg": None for name in "abcd" for i in range(3)}, "other")
    done = shell("resume", run, "--data", other)
    assert done.returncode == 2
    assert "are not those that the run moved began with" in done.stderr
    assert json.loads((run / "data.json").read_text("utf-8")) == first
    data_place.move(run, str(there))
    with worker(run) as process:
        while "Resumed at step" not in (line := process.stdout.readline()):
            assert line
        process.kill()
    assert json.loads((run / "data.json").read_text("utf-8")) == first | {"data": f"folder:{there}"}
    assert (run / "config.json").read_bytes() == config


def test_where_photos_may_be_said_to_be(tiny, photos, tmp_path):
    run = runs.create_run(tiny, tmp_path / "runs", "run")
    with pytest.raises(DataError, match="There is no folder"):
        data_place.move(run, str(tmp_path / "nowhere"))
    assert not (run / "data.json").exists()
    data_place.move(run, f"folder:{photos}")
    assert data_place.current_recipe(run, tiny) == tiny
    textures = runs.create_run(preset("quick"), tmp_path / "runs", "textures")
    with pytest.raises(DataError, match="drawn by formula"):
        data_place.move(textures, str(photos))


@pytest.mark.parametrize("torn", ["", "null", "[]", "[" * 100_000, '{"data": 3}', '{"data": "nothing"}'])
def test_a_damaged_file_is_said_and_can_be_mended(tiny, photos, tmp_path, torn):
    run = runs.create_run(tiny, tmp_path / "runs", "run")
    (run / "data.json").write_text(torn)
    with pytest.raises(RunError, match=r"data\.json is damaged: say anew"):
        data_place.current_recipe(run, tiny)
    data_place.move(run, str(photos))
    assert data_place.current_recipe(run, tiny) == tiny


def test_a_pipe_in_its_place_is_not_waited_for(tiny, tmp_path):
    run = runs.create_run(tiny, tmp_path / "runs", "run")
    os.mkfifo(run / "data.json")
    with pytest.raises(RunError, match=r"data\.json is damaged: say anew"):
        data_place.current_recipe(run, tiny)


def test_a_run_under_way_is_left_alone(tiny, photos, tmp_path):
    run = runs.create_run(tiny, tmp_path / "runs", "run")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        started = psutil.Process(process.pid).create_time()
        status = runs.Status("running", pid=process.pid, started=started, heartbeat=time.time(), attempt=1)
        runs.write_status(run, status)
        with pytest.raises(RunError, match="is under way: stop it"):
            data_place.move(run, str(photos))
