"""The training page without a browser: a real worker, launched, watched, stopped and resumed from the page."""

import time
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from alexnet_viz.disk import runs_folder
from alexnet_viz.figures.training import curves, filter_grid, map_grid, smoothed
from alexnet_viz.training import launcher, runs
from alexnet_viz.training.recipe import preset

HOME = Path(__file__).parents[2]
TRAIN = str(HOME / "pages" / "train" / "train.py")


@pytest.fixture
def page():
    app = AppTest.from_file(str(HOME / "alexnet_viz" / "ui" / "shell.py"), default_timeout=90)
    app.query_params["weights"] = "random"
    app.run()
    yield app.switch_page(TRAIN).run()
    for run in runs.list_runs(runs_folder()):
        launcher.kill(run.path)


def setting(app, name, value):
    next(box for box in app.text_input if box.label == name).set_value(value)


def wait_for(run, *states, steps=0):
    for _ in range(600):
        seen = runs.read_run(run)
        if seen.state in states and seen.status.step >= steps:
            return seen
        time.sleep(0.2)
    raise AssertionError(f"{seen.state} at step {seen.status.step}, log:\n{(run / 'log.txt').read_text()}")


def test_a_run_is_started_watched_stopped_and_resumed(page):
    setting(page, "epochs", "3")
    setting(page, "input size", "64")
    setting(page, "fc width", "16")
    setting(page, "classes", "4")
    page.run()
    assert not page.exception
    page.button(key="start").click().run()
    assert not page.exception
    (run,) = runs.list_runs(runs_folder())
    assert (run.recipe.epochs, run.recipe.input_size, run.recipe.classes) == (3, 64, 4)
    wait_for(run.path, "running", steps=2)
    page.run()
    assert "step" in page.get("progress")[0].proto.text
    page.button(key="stop").click().run()
    stopped = wait_for(run.path, "stopped")
    assert 0 < stopped.status.step < stopped.status.steps
    page.run()
    page.button(key="resume").click().run()
    resumed = wait_for(run.path, "running", "finished", steps=stopped.status.step + 1)
    assert resumed.status.attempt == 2
    page.run()
    assert not page.exception


def test_a_killed_worker_is_shown_as_failed_with_a_way_on(page):
    path = runs.create_run(preset("quick").changed(epochs=3, input_size=64, fc_width=16))
    launcher.start(path)
    wait_for(path, "running", steps=1)
    launcher.kill(path)
    wait_for(path, "failed")
    page.run()
    assert any("ended without a word" in error.value for error in page.error)
    assert page.button(key="resume")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [("epochs", "many", "epochs must be a whole number"), ("input size", "20", "Use at least 63 pixels")],
)
def test_what_cannot_work_is_refused_before_the_start(page, name, value, message):
    setting(page, name, value)
    page.run()
    assert any(message in error.value for error in page.error)
    assert not [button for button in page.button if button.key == "start"]
    assert not runs.list_runs(runs_folder())


def test_smoothing_is_a_debiased_average():
    assert smoothed([3.0, 3.0, 3.0], 0.9) == pytest.approx([3.0, 3.0, 3.0])
    assert smoothed([0.0, 1.0], 0.5) == pytest.approx([0.0, 2 / 3])
    assert smoothed([1.0, 5.0], 0.0) == [1.0, 5.0]


def test_curves_show_both_splits():
    rows = [{"split": s, "step": i, "loss": 2.0 - i, "top1": 0.1 * i} for i in range(3) for s in ("train", "val")]
    figure = curves(rows, "loss")
    assert [trace.name for trace in figure.data] == ["training", "validation"]
    assert list(figure.data[1].y) == [2.0, 1.0, 0.0]


def test_filters_are_drawn_as_they_are():
    filters = np.zeros((17, 3, 2, 2), np.float32)
    filters[0, 0] = 2.0  # all red
    filters[16, 2] = -1.0  # no blue
    drawn = np.asarray(filter_grid(filters, columns=16, zoom=3))
    assert drawn.shape == (14, 16 * 8 - 2, 4)
    assert drawn[0, 0].tolist() == [255, 128, 128, 255]
    assert drawn[8, 0].tolist() == [128, 128, 0, 255]
    assert drawn[8, 20, 3] == 0
    assert np.asarray(map_grid(np.eye(4, dtype=np.float32)[None], columns=1, side=4))[0, 0, 0] == 255
