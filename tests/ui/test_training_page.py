"""The training page without a browser: a real worker, launched, watched, stopped and resumed from the page."""

import json
import os
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock
from urllib.parse import parse_qsl, urlencode

import numpy as np
import psutil
import pytest
import torch
from starlette.requests import Request
from streamlit.testing.v1 import AppTest

from alexnet_viz.disk import runs_folder
from alexnet_viz.errors import RunError
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.network.checkpoint_index import kept_file
from alexnet_viz.network.weights import load
from alexnet_viz.training import launcher, processes, runs
from alexnet_viz.training.answers import Answers, write_answers
from alexnet_viz.training.recipe import preset
from alexnet_viz.training.snapshots import Snapshot, read_photo, read_snapshot, write_photo, write_snapshot
from alexnet_viz.training.textures import CLASS_NAMES
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.training import feed, film, launch
from alexnet_viz.values import Photo, Preprocessing
from tests.kept_weights import keep
from tests.ui.pages import SHELL, answer_bars, script
from tests.waiting import PATIENCE, wait_until

TRAIN = script("train/train")
SMALL = {"epochs": 30, "batch_size": 16, "input_size": 64, "fc_width": 16, "classes": 2}


@pytest.fixture
def page():
    app = AppTest.from_file(SHELL, default_timeout=PATIENCE)
    app.query_params["weights"] = "random"
    app.run()
    yield app.switch_page(TRAIN).run()
    for run in runs.list_runs(runs_folder()):
        launcher.kill(run.path)


@pytest.fixture
def finished():
    """finished(**changes) -> the path of a run as a worker leaves it: rows, film, answers; no weights."""

    def make(top1=0.9, **changes):
        path = runs.create_run(preset("quick").changed(**changes), run_id=f"run-{len(runs.list_runs())}")
        for step in range(10, 110, 10):
            row = {"step": step, "epoch": (step - 1) // 50, "attempt": 1, "loss": 3.0 - step / 50, "top1": step / 200}
            own = {"grad_norm": {"conv1": 0.1, "fc8": 2.0}, "dead": {"relu1": 0.25}, "learning_rate": 0.01}
            timing = {"images_per_second": 100.0, "data_share": 0.1, "memory": 2**30}
            runs.append_metrics(path, {"split": "train", **row, "top5": 1.0, **own, "timing": timing})
            if step % 50 == 0:
                runs.append_metrics(path, {"split": "val", **row, "top1": top1 * step / 100, "top5": 1.0})
        rng = np.random.default_rng(0)
        for step in (0, 50, 100):
            maps = {f"relu{n}": rng.random((16, 5, 5)) for n in range(1, 6)}
            write_snapshot(path, Snapshot(step, rng.normal(size=(64, 3, 11, 11)), {}, maps, np.eye(14)[3]))
        write_photo(path, np.zeros((8, 8, 3), np.uint8), 3)
        label = np.repeat(np.arange(14), 2)
        top5 = np.stack([(label + i) % 14 for i in range(5)], 1)
        top5[7] = top5[7][::-1]  # class 3 is taken for class 7 once
        write_answers(
            path,
            Answers(
                100,
                np.arange(28),
                label,
                np.where(label == 3, 0.1, 0.9),
                top5,
                top5 / 14,
                np.array([7]),
                np.zeros((1, 8, 8, 3), np.uint8),
            ),
        )
        runs.write_class_names(path, CLASS_NAMES)
        runs.write_status(path, runs.Status("finished", step=100, steps=100, epoch=1, best_top1=top1, attempt=1))
        return path

    return make


def shown_along(app):
    """What the component of the weights along the way gets, once it is there; None where it is not shown."""
    wait_until(lambda: not any(button.key == "job_stop" for button in app.run().button), pause=0.3)
    assert not app.exception
    texts = [one.proto.mixed.json or one.proto.json for one in app.get("bidi_component")]
    return next((json.loads(text) for text in texts if '"strips"' in text), None)


def control(app, name, preset_name="quick"):
    key = f"recipe-{preset_name}-{name}"
    return next(one for one in (*app.number_input, *app.text_input, *app.selectbox) if one.key == key)


def wait_for(run, *states, steps=0):
    def is_there():
        seen = runs.read_run(run)
        return seen.state in states and seen.status.step >= steps

    wait_until(is_there, pause=0.2)
    return runs.read_run(run)


def ask(place, name=None, **query):
    """The answer to a browser that asks for run/what, or for a run of any ``name``."""
    run, what = place.split("/")[-2:]
    run = run if name is None else name
    scope = {"type": "http", "query_string": urlencode(query).encode(), "path_params": {"run": run, "what": what}}
    return feed.routes()[0].endpoint(Request(scope))


def unpacked(body):
    """(story, pixels) of an answer about the film."""
    end = 4 + int.from_bytes(body[:4], "big")
    return json.loads(body[4:end]), body[end:]


def charts(app):
    """The charts of lines by their title."""
    sent = [json.loads(one.proto.json) for one in app.get("bidi_component") if '"charts"' in one.proto.json]
    return {chart["title"]: chart for grid in sent for chart in json.loads(grid["charts"])}


def told(app):
    """What stands at the bar of the run."""
    (sent,) = [json.loads(one.proto.json) for one in app.get("bidi_component") if '"share"' in one.proto.json]
    return sent


# --- launching -----------------------------------------------------------------------------------


def test_a_run_is_started_watched_stopped_and_resumed(page):
    page.toggle(key="settings").set_value(True).run()
    for name, value in SMALL.items():
        control(page, name).set_value(value)
    page.run()
    assert not page.exception
    assert any(f"{len(SMALL)} settings changed" in caption.value for caption in page.caption)
    page.toggle(key="settings").set_value(False).run()
    assert any(f"{len(SMALL)} settings changed" in caption.value for caption in page.caption)  # hidden, not forgotten
    page.button(key="start").click().run()
    assert not page.exception
    (run,) = runs.list_runs(runs_folder())
    assert {name: getattr(run.recipe, name) for name in SMALL} == SMALL
    wait_for(run.path, "running", steps=7)
    page.run()
    assert "step" in told(page)["detail"]
    assert (told(page)["state"], told(page)["every"]) == ("running", feed.pace(run, 1))
    page.button(key="stop").click().run()
    stopped = wait_for(run.path, "stopped")
    assert 0 < stopped.status.step < stopped.status.steps
    page.run()
    page.button(key="resume").click().run()
    resumed = wait_for(run.path, "running", "finished", steps=stopped.status.step + 1)
    assert resumed.status.attempt == 2
    page.run()
    assert not page.exception


def test_a_killed_worker_is_shown_as_failed_with_its_last_words_and_a_way_on(page):
    path = runs.create_run(preset("quick").changed(**SMALL))
    launcher.start(path)
    wait_for(path, "running", steps=1)
    launcher.kill(path)
    wait_for(path, "failed")
    (path / "log.txt").write_text("its last words")
    page.run()
    assert any("ended without an error message" in error.value for error in page.error)
    assert any("its last words" in code.value for code in page.code)
    assert page.button(key="resume")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [("input_size", 20, "Use at least 63 pixels"), ("sizes", "many", "sizes must be"), ("classes", 15, "14 classes")],
)
def test_what_cannot_work_is_refused_before_the_start(page, name, value, message):
    page.toggle(key="settings").set_value(True).run()
    control(page, name).set_value(value).run()
    assert any(message in error.value for error in page.error)
    assert page.button(key="start").disabled
    assert not runs.list_runs(runs_folder())
    page.button(key="preset_again").click().run()
    assert not page.error
    assert not page.button(key="start").disabled


def test_data_that_are_not_there_are_refused_before_the_start(page, tmp_path):
    page.selectbox(key="data_source").set_value("folder").run()
    assert page.button(key="start").disabled  # no place yet
    for source, place, message in (
        ("folder", "/nowhere", "There is no folder"),
        ("cifar10", "", "get cifar-10-python.tar.gz from"),
        ("imagenette", str(tmp_path), f"is not in {tmp_path}: get imagenette2-320.tgz"),
        ("imagenet", str(tmp_path), "get ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar, ILSVRC2012_devkit"),
    ):
        page.selectbox(key="data_source").set_value(source).run()
        page.text_input(key="data_place").set_value(place).run()
        assert any(markdown(message) in error.value for error in page.error), source
        assert page.button(key="start").disabled
        assert any(button.key == "fetch" for button in page.button) == (source in ("cifar10", "imagenette"))
    (tmp_path / "one").mkdir()
    page.selectbox(key="data_source").set_value("folder").run()
    page.text_input(key="data_place").set_value(str(tmp_path)).run()
    for _ in range(100):  # a loaded machine takes its time to list it
        if page.error:
            break
        page.run()
    assert any("only the class 'one'" in error.value for error in page.error)
    assert page.button(key="start").disabled
    assert not runs.list_runs(runs_folder())


def test_every_number_has_a_control_with_its_bounds(page):
    page.toggle(key="settings").set_value(True).run()
    assert (control(page, "batch_size").min, control(page, "batch_size").max) == (1, 65536)
    assert (control(page, "dropout").min, control(page, "dropout").max) == (0.0, 0.95)
    assert control(page, "learning_rate").value == 7e-4
    assert control(page, "classes").value is None
    assert all(one.help for one in (*page.number_input, *page.selectbox, *page.toggle))


def test_the_cost_is_asked_of_another_process(page):
    page.toggle(key="settings").set_value(True).run()
    for name, value in {**SMALL, "batch_size": 4}.items():
        control(page, name).set_value(value)
    page.button(key="cost").click().run()
    assert any("Reading the data" in info.value for info in page.info)
    wait_until(lambda: any("parameters" in info.value for info in page.run().info), pause=0.3)
    told = next(info.value for info in page.info if "parameters" in info.value)
    assert "4,200 steps, 140 in each epoch of 560 photos" in told


# --- watching ------------------------------------------------------------------------------------


def test_all_that_a_row_holds_is_drawn(page, finished):
    finished()
    page.run()
    assert not page.exception
    drawn = charts(page)
    assert [(line["name"], line["last"]) for line in drawn["loss (cross-entropy)"]["lines"] if line["name"]] == [
        ("training", "1.288"),
        ("validation", "1.000"),
    ]
    assert [line["name"] for line in drawn["gradient norm (L2)"]["lines"] if line["y"]] == ["conv1", "fc8"]
    for title in ("top-1", "learning rate", "share of the time", "dead units", "speed (images/s)", "memory (GiB)"):
        assert drawn[title]["lines"][0]["y"], title


def test_the_film_begins_with_what_was_learned_while_noise_outweighs_it(page, finished):
    path = finished()
    pattern = np.sin(np.arange(11) / 2)
    for step, gain in ((50, 0.5), (100, 1.0)):
        start = read_snapshot(path, 0)
        write_snapshot(path, replace(start, step=step, conv1=start.conv1 + gain * pattern))
    page.run()
    (sent,) = [json.loads(one.proto.json) for one in page.get("bidi_component") if "/film" in one.proto.json]
    assert sent == {"run": path.name, "source": f"feed/{path.name}/film", "every": 0}
    story, pixels = unpacked(ask(f"{path.name}/film").body)
    assert (story["look"], story["steps"], story["first"], story["truth"]) == (
        "learned",
        [0, 50, 100],
        2,
        CLASS_NAMES[3],
    )
    assert story["top"] == [[[CLASS_NAMES[3], 1.0], *story["top"][0][1:]]]
    assert len(pixels) == 2 * 3 * 64 * 11 * 11 + 5 * 16 * 5 * 5
    assert story["photo"].startswith("data:image/png")


def test_the_film_is_asked_for_from_the_first_frame_that_is_lacking(finished):
    path = finished()
    length = 2 * 3 * 64 * 11 * 11 + 5 * 16 * 5 * 5
    for first, count in ((0, 3), (1, 2), (2, 1), (3, 0), (9, 0)):
        story, pixels = unpacked(ask(f"{path.name}/film", first=first).body)
        assert (story["first"], len(story["top"]), len(pixels)) == (first, count, count * length)
        assert ("photo" in story) == (first == 0)
    (path / "snapshots").rename(path / "elsewhere")
    assert unpacked(ask(f"{path.name}/film").body)[0]["steps"] == []


def test_a_better_epoch_brings_the_page_up_to_date(page, finished):
    """As the bar does each second: what the controls and the results depend on has changed."""
    path = finished()
    page.run()
    (ready,) = [one for one in page.get("popover") if one.proto.popover.label == "Use it"]
    assert ready.proto.popover.disabled
    before = told(page)["marks"]
    assert json.loads(ask(f"{path.name}/progress").body)["marks"] == before
    runs.replace_json(path / "checkpoints" / "index.json", {"last": ["step-00000100"], "best": None})
    (path / "checkpoints" / "step-00000100.safetensors").touch()
    runs.write_status(path, replace(runs.read_status(path), best_top1=0.95))
    after = json.loads(ask(f"{path.name}/progress").body)["marks"]
    page.run()
    (ready,) = [one for one in page.get("popover") if one.proto.popover.label == "Use it"]
    assert not ready.proto.popover.disabled
    assert told(page)["marks"] == after != before


def test_what_the_browser_asks_for_is_what_the_page_drew(page, finished):
    path = finished()
    page.run()
    drawn = [json.loads(one.proto.json) for one in page.get("bidi_component") if '"charts"' in one.proto.json]
    for grid in drawn:
        place, _, query = grid["source"].removeprefix("feed/").partition("?")
        assert ask(place, **dict(parse_qsl(query))).body.decode() == grid["charts"]
    assert [grid["source"].partition("?")[0] for grid in drawn] == [
        f"feed/{path.name}/{w}" for w in ("curves", "inside")
    ]
    smooth = json.loads(ask(f"{path.name}/curves", smooth=0.9, log=True, accuracy="top5").body)
    assert [(chart["title"], chart["log"]) for chart in smooth] == [("loss (cross-entropy)", True), ("top-5", False)]


@pytest.mark.parametrize("name", ["nothing", "..", ".", "", "a\0b", "x" * 300, "caf\ufffd", "\ud800", "../run-0"])
def test_a_run_that_there_is_not_is_not_found(finished, name):
    finished()
    assert ask(f"{name}/progress", name=name).status_code == 404


NO_SMOOTHING = ("much", "", "1", "2", "-1", "nan", "inf", "-inf", "1e308", "1_0", "9" * 5000)
NO_FRAME = ("x", "-1", "nan", "1.5", "0x1", "\0", "9" * 4000, "9" * 5000)
NONSENSE = [
    *("nothing", "curves?accuracy=loudness", "curves?accuracy=__class__"),
    *(f"curves?smooth={value}" for value in NO_SMOOTHING),
    *(f"film?first={value}" for value in NO_FRAME),
]


@pytest.mark.parametrize("question", NONSENSE, ids=lambda question: question[:30])
def test_nonsense_is_not_found(finished, question):
    finished()
    what, _, query = question.partition("?")
    assert ask(f"run-0/{what}", **dict(parse_qsl(query, keep_blank_values=True))).status_code == 404


def test_a_run_that_is_deleted_at_this_moment_is_not_found(finished, monkeypatch):
    path = finished()
    monkeypatch.setattr(film, "snapshot_steps", lambda run: (0, 50, 150))
    assert ask(f"{path.name}/film").status_code == 404


def test_a_fault_of_ours_is_not_taken_for_a_run_that_is_missing(finished, monkeypatch):
    path = finished()
    monkeypatch.setattr(feed, "curves", Mock(side_effect=KeyError("loss")))
    with pytest.raises(KeyError):
        ask(f"{path.name}/curves")


def test_rows_are_read_once_for_all_who_watch(page, finished, monkeypatch):
    path = finished()
    page.run()
    offsets = []
    read = runs.read_metrics
    monkeypatch.setattr(runs, "read_metrics", lambda path, offset=0: (offsets.append(offset), read(path, offset))[1])
    another = AppTest.from_file(SHELL, default_timeout=PATIENCE)
    another.query_params["weights"] = "random"
    another.run()
    another.switch_page(TRAIN).run()
    assert not another.exception
    assert set(offsets) == {(path / "metrics.jsonl").stat().st_size}


def test_a_run_that_does_not_stop_can_be_ended(page, finished):
    path = finished()
    with subprocess.Popen(["sleep", "600"]) as silent:
        process = processes.identity(psutil.Process(silent.pid))._asdict()
        status = replace(runs.read_status(path), state="running", host=socket.gethostname(), heartbeat=1.0, **process)
        runs.write_status(path, status)
        page.run()
        assert page.button(key="kill")  # no sign of life for long
        assert any("no sign" in warning.value for warning in page.warning)
        silent.kill()


def test_a_run_of_another_machine_can_be_ended_there_alone_and_resumed_here_once_that_is_silent(page, finished):
    path = finished()
    status = replace(runs.read_status(path), state="stopping", pid=2**22, host="elsewhere", heartbeat=time.time())
    runs.write_status(path, status)
    page.run()
    assert any("on elsewhere, which alone can end it" in text.value for text in page.markdown)
    assert not [button for button in page.button if button.key in ("kill", "stop", "resume")]
    runs.write_status(path, replace(status, state="running", heartbeat=1.0))
    page.run()
    assert page.button(key="resume")
    assert not [button for button in page.button if button.key in ("kill", "stop")]
    assert any("on elsewhere has given no sign" in warning.value for warning in page.warning)


# --- runs that cannot be read, or are gone --------------------------------------------------------


def damage(file, data=b""):
    return lambda run: (run / file).write_bytes(data)


def odd_name(run):
    run.rename(os.fsdecode(os.fsencode(run.parent) + b"/caf\xe9"))


DAMAGES = {
    "config.json": (damage("config.json", b"{"), "config.json is no valid JSON"),
    "status.json": (damage("status.json", b"null"), "status.json holds no status"),
    "classes.json": (damage("classes.json", b"[1]"), "classes.json is no list of class names"),
    "launch.json": (damage("launch.json"), "launch.json is empty"),
    "index.json": (damage("checkpoints/index.json", b"[" * 10**5), "index.json is nested too deeply"),
    "metrics.jsonl": (damage("metrics.jsonl", b"x\n{}\n"), "metrics.jsonl holds 2 lines that are no rows"),
    "answers.npz": (damage("answers.npz", b"PK"), "answers.npz is damaged"),
    "the last picture": (damage("snapshots/step-00000100.npz"), "step-00000100.npz is damaged"),
    "the photo": (damage("snapshots/photo.npz"), "photo.npz is damaged"),
    "notes.txt": (lambda run: (run / "notes.txt").mkdir(), "notes.txt is a folder"),
    "a name that is not UTF-8": (odd_name, ""),
}


@pytest.mark.parametrize(("harm", "said"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_named_and_everything_else_stands(page, finished, harm, said):
    good, bad = finished(), finished()
    harm(bad)
    page.session_state["run"] = "caf\ufffd" if harm is odd_name else bad.name
    page.run()
    told = [*(error.value for error in page.error), *(warning.value for warning in page.warning)]
    assert not page.exception
    assert not any("bug in the app" in text for text in told)
    assert [said in text.replace("&#58;", ":") for text in told] == [True] * bool(said)
    (table,) = (one.value for one in page.dataframe)
    assert len(table) == 2
    assert page.checkbox(key=f"sure-{page.session_state['run']}")
    page.selectbox(key="run").set_value(good.name).run()
    assert not page.error
    assert not page.warning
    assert len(charts(page)) == 8


def test_a_picture_that_cannot_be_read_is_grey_and_named_and_the_others_are_shown(finished):
    path = finished()
    damage("snapshots/step-00000000.npz")(path)
    write_snapshot(path, replace(read_snapshot(path, 100), conv1=np.ones((1, 3, 2, 2)), step=50))
    story, pixels = unpacked(ask(f"{path.name}/film", first=0).body)
    length = 2 * 3 * 64 * 11 * 11 + 5 * 16 * 5 * 5
    assert (story["steps"], len(pixels)) == ([0, 50, 100], 3 * length)
    assert [top[0][0].partition(":")[0] for top in story["top"]] == [
        "snapshots/step-00000000.npz is damaged",
        "This picture has another size.",
        CLASS_NAMES[3],
    ]
    assert set(pixels[: 2 * length]) == {128}
    assert len(set(pixels[2 * length :])) > 2


def test_resume_of_a_run_that_was_deleted_elsewhere_is_a_sentence_and_no_other_run_takes_its_place(page, finished):
    other, path = finished(), finished()
    runs.write_status(path, replace(runs.read_status(path), state="stopped"))
    page.session_state["run"] = path.name
    page.run()
    before = charts(page)
    launcher.delete(path)
    page.button(key="resume").click().run()
    assert not page.exception
    assert [error.value for error in page.error] == [
        f"The run {path.name} is gone&#58; it was deleted, or its folder was moved."
    ]
    assert page.selectbox(key="run").value == path.name != other.name
    (warning,) = page.warning
    assert "What you see of it is what this page read last" in warning.value
    assert charts(page) == before
    assert any("**27 of 28** validation photos right" in text.value for text in page.markdown)
    assert not [button for button in page.button if button.key in ("resume", "delete")]
    page.selectbox(key="run").set_value(other.name).run()
    assert not page.warning


def test_a_link_to_a_run_that_is_gone_opens_no_other(page, finished):
    finished()
    page.query_params["run"] = "was-here"
    page.run()
    assert page.selectbox(key="run").value == "was-here"
    (warning,) = page.warning
    assert "The run was-here is gone" in warning.value
    assert not charts(page)
    assert page.query_params["run"] == "was-here"


def test_weights_of_a_deleted_run_fall_back_with_a_notice(finished):
    path = finished()
    launcher.delete(path)
    app = AppTest.from_file(SHELL, default_timeout=PATIENCE)
    app.query_params["weights"] = f"run:{path.name}"
    app.run()
    for _ in range(2):  # until others are chosen
        (warning,) = app.warning
        assert f"There is no run &#39;{path.name}&#39;" in warning.value or f"no run '{path.name}'" in warning.value
        assert app.selectbox(key="weights").value == "bundled"
        assert not app.exception
        assert not app.error
        assert answer_bars(app)  # the page stands
        app.run()
    app.selectbox(key="weights").set_value("random").run()
    assert not app.warning


# --- who starts ----------------------------------------------------------------------------------


@pytest.fixture
def no_workers(monkeypatch):
    """Runs are made and nothing trains them."""
    monkeypatch.setattr(launcher, "start", lambda run, *, queue=False: 0)
    monkeypatch.setattr(launcher, "check", lambda recipe: None)


def test_two_visitors_who_start_in_the_same_second_get_a_run_each(page, no_workers, monkeypatch):
    monkeypatch.setattr(runs, "new_run_id", lambda recipe: "same-second")
    another = AppTest.from_file(SHELL, default_timeout=PATIENCE)
    another.query_params["weights"] = "random"
    another.run().switch_page(TRAIN).run()
    page.button(key="start").click().run()
    another.button(key="start").click().run()
    assert (page.selectbox(key="run").value, another.selectbox(key="run").value) == ("same-second", "same-second-2")
    assert len(runs.list_runs()) == 2


def test_a_double_click_makes_one_run_and_a_later_one_another(page, no_workers, monkeypatch):
    page.button(key="start").click().run()
    page.button(key="start").click().run()
    assert len(runs.list_runs()) == 1
    monkeypatch.setattr(launch, "_DOUBLE_CLICK", 0.0)
    page.button(key="start").click().run()
    assert len(runs.list_runs()) == 2


def test_a_run_whose_worker_cannot_be_started_is_not_left_behind(page, no_workers, monkeypatch):
    refusal = RunError("The run x cannot be started (No space left on device): free some space.")
    monkeypatch.setattr(launcher, "start", Mock(side_effect=refusal))
    page.button(key="start").click().run()
    assert [error.value.replace("&#58;", ":") for error in page.error] == [str(refusal)]
    assert runs.list_runs() == ()


@pytest.mark.parametrize("deed", ["resume", "stop", "notes", "delete"])
def test_on_a_full_disk_the_page_says_what_could_not_be_done(page, finished, monkeypatch, deed):
    path = finished()
    state = {"stop": "running", "resume": "stopped"}.get(deed, "finished")
    runs.write_status(path, replace(runs.read_status(path), state=state, host="elsewhere", heartbeat=time.time()))
    page.run()
    if deed == "delete":
        page.checkbox(key=f"sure-{path.name}").set_value(True).run()
    full = Mock(side_effect=OSError(28, "No space left on device"))
    monkeypatch.setattr(launcher, "_launching", full)
    monkeypatch.setattr(runs, "write_atomically", full)
    monkeypatch.setattr(Path, "touch", full)
    if deed == "notes":
        page.text_area(key=f"notes-{path.name}").set_value("a thought").run()
        assert page.text_area(key=f"notes-{path.name}").value == "a thought"  # still on the screen
    else:
        page.button(key=deed).click().run()
    assert not page.exception
    (error,) = page.error
    assert "(No space left on device)" in error.value
    assert path.is_dir()


# --- after ---------------------------------------------------------------------------------------


def test_what_it_learned_is_shown_by_class_and_by_photo(page, finished):
    finished()
    page.run()
    assert any("**27 of 28** validation photos right" in text.value for text in page.markdown)
    assert any(f"{CLASS_NAMES[3]} taken for {CLASS_NAMES[7]} (1×)" in text.value for text in page.markdown)
    (accuracy,) = [one.proto.spec for one in page.get("plotly_chart") if one.proto.alt.startswith("Share of right")]
    assert json.loads(accuracy)["layout"]["yaxis"]["ticktext"][0] == CLASS_NAMES[3]


def test_runs_are_compared_annotated_and_deleted(page, finished):
    first, second = finished(), finished(top1=0.5, learning_rate=0.002)
    page.run()
    (table,) = [one.value for one in page.dataframe]
    assert table["run"].tolist() == [second.name, first.name]
    assert table["best top-1"].tolist() == [0.5, 0.9]
    page.session_state["runs_table"] = {"selection": {"rows": [0, 1], "columns": [], "cells": []}}
    page.text_area(key=f"notes-{second.name}").set_value("slower").run()
    assert not page.exception
    assert runs.read_notes(second) == "slower"
    page.checkbox(key=f"sure-{second.name}").set_value(True).run()
    page.button(key="delete").click().run()
    assert not page.exception
    assert [run.id for run in runs.list_runs()] == [first.name]
    assert page.selectbox(key="run").value == first.name


def test_an_unreadable_run_is_not_what_a_visitor_sees_first(page, finished):
    readable, garbage = finished(), finished()
    (garbage / "config.json").write_text("[", "utf-8")
    page.run()
    select = page.selectbox(key="run")
    assert set(select.options) == {readable.name, garbage.name}
    assert select.value == readable.name
    assert not page.error


def test_one_slider_moves_through_the_weights_that_a_run_kept(page, finished):
    path = finished(input_size=64, fc_width=16)
    assert not [one for one in page.run().toggle if one.key == "along"]  # it kept none
    assert any("Weights kept along the run (MB)" in caption.value for caption in page.caption)
    keep(path, 0, 30, 100)
    page.run().toggle(key="along").set_value(True).run()
    data = shown_along(page)
    assert data["steps"] == [0, 30, 100]
    assert data["truth"] == CLASS_NAMES[3]
    assert [strip["title"] for strip in data["strips"]] == ["Filter", "Map", "Grad-CAM"]
    assert {len(strip["pictures"]) for strip in data["strips"]} == {3}
    network = load(f"run:{path.name}@30")[0]
    seen = preprocess(Photo("", read_photo(path)[0], (8, 8), "PNG", ""), Preprocessing(64, 64)).tensor
    answer = network(torch.from_numpy(seen)[None]).softmax(1)[0]
    assert data["top"][1][0] == [CLASS_NAMES[int(answer.argmax())], pytest.approx(float(answer.max()), abs=1e-4)]
    page.selectbox(key="layer").set_value("conv4").run()
    page.segmented_control(key="along_photo").set_value("mine").run()
    assert [strip["title"] for strip in shown_along(page)["strips"]] == ["Map", "Grad-CAM"]
    assert shown_along(page)["truth"] == ""
    assert {button.label for button in page.get("download_button")} >= {"GIF", "WebP"}
    says_how = any("pip install imageio-ffmpeg" in caption.value for caption in page.caption)
    assert says_how != ("MP4" in {button.label for button in page.get("download_button")})


def test_weights_along_the_way_that_are_damaged_are_named_and_the_others_shown(page, finished):
    path = finished(input_size=64, fc_width=16)
    keep(path, 0, 30, 100)
    kept_file(path, 30).write_bytes(b"")
    page.run().toggle(key="along").set_value(True).run()
    assert shown_along(page)["steps"] == [0, 100]
    assert any("step-00000030.safetensors is empty" in error.value for error in page.error)
