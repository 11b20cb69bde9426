"""Each file of a run, damaged in each way: the run says which file it is, and no other run suffers."""

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from alexnet_viz.disk import runs_folder
from alexnet_viz.errors import DamagedFile, RunError, WeightsError
from alexnet_viz.network import sources
from alexnet_viz.training import answers, launcher, run_files, runs, snapshots
from alexnet_viz.training.answers import Answers, read_answers, write_answers
from alexnet_viz.training.recipe import preset
from alexnet_viz.training.snapshots import Snapshot, read_photo, read_snapshot, write_photo, write_snapshot

SMALL_FILES = ("config.json", "status.json", "launch.json", "classes.json", "checkpoints/index.json")
NO_JSON = {
    "empty": (b"", "is empty"),
    "torn": (b'{"last', "is no valid JSON"),
    "zeros": (bytes(200), "is no valid JSON"),
    "no UTF-8": (b"\xff\xfe\x00", "is no UTF-8 text"),
    "deep": (b"[" * 100_000, "is nested too deeply"),
    "digits": (b"9" * 5000, "holds a number that is too long"),
    "NaN": (b"NaN", "holds NaN, which is no number"),
    "huge": (b" " * (17 << 20), "is larger than"),
}
NO_VALUE = (
    b"null",
    b"1",
    b'"x"',
    b"[1]",
    b"true",
    b"[[]]",
    b'{"last": 5, "best": 1, "state": 5, "pid": [], "recipe": 1}',
)


@pytest.fixture
def run():
    return runs.create_run(preset("quick"), run_id="bad")


@pytest.fixture
def good():
    return runs.create_run(preset("quick"), run_id="good")


def found(name="bad"):
    return next(run for run in runs.list_runs() if run.id == name)


def put(run, file, data):
    (run / file).write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())


def only_problem(run, file):
    """The one sentence about a damaged file: its name, what is wrong, and what to do."""
    (problem,) = run.problems
    assert problem.startswith(f"{file} ")
    assert run_files.MEND[file] in problem
    assert problem.endswith(".")
    return problem


@pytest.mark.parametrize("file", SMALL_FILES)
@pytest.mark.parametrize(("data", "said"), NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_is_said_of_the_file_and_of_no_other_run(run, good, file, data, said):
    put(run, file, data)
    assert said in only_problem(found(), file)
    assert (found().state == "unreadable") == (file in ("config.json", "status.json"))
    assert (found("good").state, found("good").problems) == ("queued", ())


@pytest.mark.parametrize("file", SMALL_FILES)
@pytest.mark.parametrize("data", NO_VALUE)
def test_json_of_the_wrong_type_is_said_of_the_file(run, good, file, data):
    put(run, file, data)
    only_problem(found(), file)
    assert found("good").problems == ()


def replace_by(kind, path):
    path.unlink(missing_ok=True)
    if kind == "folder":
        path.mkdir(parents=True)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"device": "/dev/zero", "loop": path}[kind])


@pytest.mark.parametrize("file", [*SMALL_FILES, "metrics.jsonl", "notes.txt", "log.txt", "answers.npz"])
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("folder", "is a folder"),
        ("pipe", "is no plain file"),
        ("device", "is no plain file"),
        ("loop", "cannot be read"),
    ],
)
def test_only_plain_files_are_read(run, good, file, kind, said):
    replace_by(kind, run / file)
    others = {"notes.txt": runs.read_notes, "log.txt": runs.log_tail, "answers.npz": read_answers}
    if file in others:
        with pytest.raises(DamagedFile, match=f"{file} {said}"):
            others[file](run)
    else:
        problem = runs.read_metrics(run).problem if file == "metrics.jsonl" else only_problem(found(), file)
        assert f"{file} {said}" in problem
    assert found("good").problems == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"from_the_future": 1}, "'from_the_future', which this version does not know: the run was made by a newer"),
        ({"epochs": "4"}, "epochs must be a whole number"),
        ({"fc_width": 10**12}, "fc_width must be a whole number from 1 to 65536"),
        ({"learning_rate": 10**400}, "int too large to convert to float"),
        ({"dropout": None}, "dropout must be a number"),
        ({"sizes": 5}, "sizes must be"),
        ({"variant": ["vgg"]}, "variant must be one of"),
    ],
    ids=str,
)
def test_a_recipe_that_this_version_cannot_read_is_said(run, changes, said):
    config = json.loads((run / "config.json").read_text())
    config["recipe"] |= changes
    put(run, "config.json", config)
    assert said in found().problems[0]
    with pytest.raises(DamagedFile):
        runs.read_run(run)


@pytest.mark.parametrize("created", [None, "yesterday", float("nan"), -1, 10**30, [], True])
def test_when_a_run_was_made_is_a_date(run, good, created):
    config = json.loads((run / "config.json").read_text())
    put(run, "config.json", config | {"created": created})
    assert found().state == "unreadable"
    assert found("good").problems == ()


def test_a_run_that_has_lost_its_recipe_is_listed_and_an_empty_folder_is_not(run):
    (run / "config.json").unlink()
    assert runs.list_runs() == ()
    runs.write_status(run, runs.Status("finished"))
    assert "config.json is missing" in found().problems[0]


BAD_STATUS = {
    "state": ["nonsense", None, 5, []],
    "pid": [-1, "x", None, 2**63, 1.5, True],
    "started": ["x", None, -1],
    "heartbeat": ["x", None, 1e18, []],
    "step": ["x", None, -5, 1e300, 10**30],
    "best_top1": ["x", -1, 5, []],
    "images_per_second": ["x", -1],
    "about": [None, [], "x", {"notes": None}, {"notes": 5}, {"notes": [5]}],
    "error": [None, 5],
    "host": [None, []],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD_STATUS.items() for value in values])
def test_each_value_of_a_status_has_its_type_and_bounds(run, name, value):
    runs.write_status(run, runs.Status("finished", step=3, steps=4))
    put(run, "status.json", json.loads((run / "status.json").read_text()) | {name: value})
    assert name in only_problem(found(), "status.json") or name == "step"
    assert found().state == "unreadable"


def test_a_long_text_of_a_status_is_cut_and_odd_characters_replaced(run):
    runs.write_status(run, runs.Status("failed", error="x" * 100_000, activity="caf\udce9"))
    assert found().state == "failed"
    assert len(found().status.error) < 5000
    assert found().status.activity == "caf\ufffd"


@pytest.mark.parametrize(
    "names", [[1, 2], [None], {"a": 1}, "abc", [""], ["x" * 100_000], ["a", ["b"]]], ids=lambda names: str(names)[:20]
)
def test_class_names_are_texts(run, names):
    put(run, "classes.json", names)
    only_problem(found(), "classes.json")
    assert found().class_names == runs.class_names(run) == ()


def test_class_names_that_are_no_text_are_shown_with_a_replacement(run):
    runs.write_class_names(run, ("caf\udce9", "üben"))
    assert found().class_names == ("caf\ufffd", "üben")


@pytest.mark.parametrize(
    "index",
    [
        {"last": ["../../../etc/passwd"], "best": None},
        {"last": [], "best": "/etc/passwd"},
        {"last": ["a\0b"], "best": None},
        {"last": ["step-1"]},
        {"last": [None], "best": None},
        {"last": "abc", "best": ""},
        {"last": ["x" * 5000], "best": 5},
    ],
    ids=lambda index: str(index)[:30],
)
def test_a_damaged_index_leads_nowhere_and_whole_checkpoints_are_found_without_it(run, index):
    put(run, "checkpoints/index.json", index)
    assert found().weights is None
    with pytest.raises(WeightsError, match="has no checkpoint to take"):
        sources.run_weights("bad")
    for name in ("step-00000002.safetensors", "step-00000010.safetensors", "step-00000010.state.pt"):
        (run / "checkpoints" / name).touch()
    assert found().weights == sources.run_weights("bad") == run / "checkpoints" / "step-00000010.safetensors"
    only_problem(found(), "checkpoints/index.json")
    assert runs.read_index(run) == {"last": ["step-00000010"], "best": None}


def test_a_checkpoint_that_is_named_and_missing_gives_way_to_the_next(run):
    put(run, "checkpoints/index.json", {"last": ["step-2", "step-1"], "best": "step-3"})
    with pytest.raises(WeightsError, match="its step-3 is missing"):
        sources.run_weights("bad")
    (run / "checkpoints" / "step-1.safetensors").touch()
    assert sources.run_weights("bad").name == "step-1.safetensors"


@pytest.mark.parametrize("name", ["", ".", "..", "../bad", "a/b", "a\0b", "x" * 300, "~nosuchuser", "nothing"])
def test_a_run_is_named_and_never_a_path(run, name):
    for look in (runs.run_named, sources.run_weights):
        with pytest.raises((RunError, WeightsError), match=r"not there|no run"):
            look(name)


# --- names that are not UTF-8 --------------------------------------------------------------------


def test_a_run_whose_name_is_not_utf_8_is_listed_found_and_deleted(run):
    odd = Path(os.fsdecode(os.fsencode(runs_folder()) + b"/caf\xe9"))
    run.rename(odd)
    put(odd, "checkpoints/index.json", {"last": ["step-1"], "best": None})
    (odd / "checkpoints" / "step-1.safetensors").touch()
    (listed,) = runs.list_runs()
    assert listed.id == "caf\ufffd"
    assert runs.run_named(listed.id) == runs.find_run(listed.id) == runs.find_run(odd.name) == odd
    assert sources.run_weights(listed.id).parent.parent == odd
    launcher.delete(runs.run_named(listed.id))
    assert runs.list_runs() == ()


def test_a_folder_of_photos_whose_name_is_not_utf_8_stays_what_it_is(run):
    recipe = preset("quick").changed(data="folder:/photos/caf\udce9")
    path = runs.create_run(recipe, run_id="other")
    assert runs.read_run(path).recipe.data == recipe.data


# --- metrics -------------------------------------------------------------------------------------

TRAIN = {
    "split": "train",
    "step": 1,
    "epoch": 0,
    "attempt": 1,
    "loss": 1.0,
    "top1": 0.5,
    "top5": None,
    "grad_norm": {"conv1": 0.1},
    "dead": {"relu1": None},
    "learning_rate": 0.1,
    "timing": {"images_per_second": 1.0, "data_share": 0.1, "memory": 1},
}


NO_ROWS = [
    *(
        b"",
        b"{}",
        b"null",
        b"[]",
        b"garbage",
        b"\xff\xfe",
        bytes(4096),
        b"{" * 100_000,
        b'{"a":"' + b"x" * 100_000 + b'"}',
    ),
    *({**TRAIN, "split": value} for value in ("test", None, [])),
    *({**TRAIN, "step": value} for value in ("x", None, 0, -1e300, 1.0)),
    *({**TRAIN, "attempt": value} for value in (None, -1)),
    *({**TRAIN, "loss": value} for value in ("x", True, [])),
    *({**TRAIN, "grad_norm": value} for value in (None, [], {"conv1": "x"})),
    *({**TRAIN, "timing": value} for value in ({}, {"memory": 1}, 5)),
    *({name: value for name, value in TRAIN.items() if name != lost} for lost in TRAIN),
]


@pytest.mark.parametrize("line", NO_ROWS, ids=lambda line: str(line)[:60])
def test_a_line_that_is_no_row_is_left_out_and_said(run, line):
    line = line if isinstance(line, bytes) else json.dumps(line).encode()
    put(
        run,
        "metrics.jsonl",
        b"\n".join([json.dumps(TRAIN).encode(), line, json.dumps({**TRAIN, "step": 2}).encode(), b""]),
    )
    rows, offset, problem = runs.read_metrics(run)
    assert [row["step"] for row in rows] == [1, 2]
    assert offset == (run / "metrics.jsonl").stat().st_size
    assert problem.startswith("metrics.jsonl holds 1 line that is no row")


# --- answers and the film ------------------------------------------------------------------------


def right_answers(**changes):
    count = 28
    label = np.repeat(np.arange(14), 2)
    top5 = np.stack([(label + i) % 14 for i in range(5)], 1)
    photos = np.zeros((1, 8, 8, 3), np.uint8)
    values = (100, np.arange(count), label, np.full(count, 0.9), top5, top5 / 14, np.array([7]), photos)
    return Answers(**dict(zip(Answers.__dataclass_fields__, values, strict=True)) | changes)


NO_NPZ = {
    "empty": b"",
    "an empty zip": b"PK\5\6" + bytes(18),
    "garbage": b"garbage",
    "an array": b"\x93NUMPY\1\0v\0",
}


def damage(path, kind):
    if kind == "torn":
        os.truncate(path, path.stat().st_size // 2)
    elif kind == "pickled":
        with np.load(path) as stored:
            names = stored.files
        np.savez(path, **{name: np.array([{"a": 1}], object) for name in names})
    elif kind == "huge":  # 1 GB of zeros in 1 MB
        np.savez_compressed(path, conv1=np.zeros(run_files._ARRAYS + 1, np.uint8))
    else:
        path.write_bytes(NO_NPZ[kind])


@pytest.mark.parametrize("kind", [*NO_NPZ, "torn", "pickled", "huge"])
@pytest.mark.parametrize("file", ["answers.npz", "snapshots/step-00000050.npz", "snapshots/photo.npz"])
def test_arrays_that_cannot_be_read_are_said(run, file, kind, monkeypatch):
    monkeypatch.setattr(run_files, "_ARRAYS", 1 << 20)
    write_answers(run, right_answers())
    write_snapshot(run, Snapshot(50, np.ones((4, 3, 2, 2)), {}, {"relu1": np.ones((2, 3, 3))}, np.ones(3)))
    write_photo(run, np.zeros((8, 8, 3), np.uint8), 3)
    damage(run / file, kind)
    read = {
        "answers.npz": lambda: read_answers(run),
        "snapshots/step-00000050.npz": lambda: read_snapshot(run, 50),
        "snapshots/photo.npz": lambda: read_photo(run),
    }
    with pytest.raises(DamagedFile, match=file):
        read[file]()


@pytest.mark.parametrize(
    "changes",
    [
        {"label": np.full(28, -1)},
        {"label": np.full(28, answers.MOST_CLASSES)},
        {"label": np.zeros(27, int)},
        {"label": np.full(28, 0.5)},
        {"probability": np.full(28, np.nan)},
        {"top5": np.zeros((28, 0), int)},
        {"top5": np.full((28, 5), -1)},
        {"top5_probability": np.zeros((28, 4))},
        {"shown": np.array([28])},
        {"shown": np.array([1, 2])},
        {"photos": np.zeros((1, 8, 8), np.uint8)},
        {"photos": np.zeros((1, 8, 8, 3))},
        {"step": np.array([1, 2])},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_answers_that_do_not_fit_together_are_damaged(run, changes):
    write_answers(run, right_answers(**changes))
    with pytest.raises(DamagedFile, match=r"answers.npz holds"):
        read_answers(run)


def test_answers_and_pictures_are_read_as_they_were_written(run):
    write_answers(run, right_answers())
    assert (read_answers(run).step, read_answers(run).predicted.tolist()) == (100, right_answers().predicted.tolist())
    write_photo(run, np.full((8, 8, 3), 7, np.uint8), 3)
    assert (read_photo(run)[0].min(), read_photo(run)[1]) == (7, 3)


def test_a_picture_without_numbers_or_of_another_kind_is_damaged(run):
    for conv1, maps in (
        (np.full((4, 3, 2, 2), np.nan), np.ones((2, 3, 3))),
        (np.ones((4, 3)), np.ones((2, 3, 3))),
        (np.ones((4, 3, 2, 2)), np.ones(3)),
    ):
        write_snapshot(run, Snapshot(50, conv1, {}, {"relu1": maps}, np.ones(3)))
        with pytest.raises(DamagedFile, match=r"step-00000050.npz holds"):
            read_snapshot(run, 50)


def test_pictures_are_those_whose_names_are_steps(run):
    for name in ("step-00000050", "step-x", "step-99999999999999999999", "step-0000000051", "photo"):
        (run / "snapshots" / f"{name}.npz").touch()
    assert snapshots.snapshot_steps(run) == (50,)


# --- a full disk ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "act", [lambda run: runs.write_notes(run, "x" * 5000), launcher.start], ids=["notes", "resume"]
)
def test_on_a_full_disk_what_cannot_be_written_is_said(run, full_disk, act):
    (run / "log.txt").touch()
    with pytest.raises(RunError, match=r"cannot be .* \(.*\): free some space"), full_disk():
        act(run)


@pytest.mark.parametrize(
    ("act", "said"),
    [(launcher.ask_to_stop, "asked to stop"), (launcher.delete, "deleted"), (launcher.start, "started")],
    ids=["stop", "delete", "resume"],
)
def test_a_folder_that_cannot_be_written_to_is_said(run, monkeypatch, act, said):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("builtins.open", full)
    monkeypatch.setattr(Path, "touch", full)
    with pytest.raises(RunError, match=rf"The run bad cannot be {said} \(No space left on device\): free some space"):
        act(run)


@pytest.mark.parametrize(
    "act", [launcher.ask_to_stop, launcher.delete, launcher.start, lambda run: runs.write_notes(run, "x")]
)
def test_a_run_that_is_gone_says_so(run, act):
    launcher.delete(run)
    assert list(runs_folder().iterdir()) == []
    with pytest.raises(RunError, match="The run bad is gone: it was deleted, or its folder was moved"):
        act(run)


def test_an_unreadable_run_can_be_deleted(run):
    for file in SMALL_FILES:
        put(run, file, b"")
    launcher.delete(run)
    assert runs.list_runs() == ()


def test_many_runs_are_listed_in_no_time(run):
    """Two hundred: some ten milliseconds on an idle machine."""
    for number in range(200):
        runs.create_run(preset("quick"), run_id=f"run-{number}")
    begun = time.process_time()
    assert len(runs.list_runs()) == 201
    assert time.process_time() - begun < 5
