"""The command line: the same answers as the pages, one line and exit code 2 for a user's error."""

import errno
import hashlib
import io
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from alexnet_viz.__main__ import main
from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.images.samples import SAMPLES, sample
from alexnet_viz.inspection.model import get
from alexnet_viz.inspection.predictions import classify
from alexnet_viz.inspection.trace import trace
from alexnet_viz.network.keys import CONVOLUTIONS, FULLY_CONNECTED
from alexnet_viz.network.variants import build
from alexnet_viz.training import launcher, runs
from alexnet_viz.training.recipe import preset
from alexnet_viz.units.choices import Choices
from alexnet_viz.units.collection import of_place
from alexnet_viz.units.exemplar_store import collect
from alexnet_viz.units.inversion import inverted
from alexnet_viz.units.objectives import unit
from alexnet_viz.units.optimise import optimised
from alexnet_viz.units.projection import principal_components
from alexnet_viz.values import NetworkSpec
from tests.images.odd_photos import tiff
from tests.waiting import PATIENCE

CAT = str(next(sample.file for sample in SAMPLES if sample.key == "cat"))
HOME = Path(__file__).parents[1]


def test_classify_json_is_the_cores_answer(capsys):
    assert main(["classify", CAT, "--weights", "random", "--top", "3", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    expected = classify(get("random"), sample("cat")[0], CAT, 3)[2]
    assert found == {**expected.as_dict(), "predictions": [vars(p) for p in expected.predictions]}
    assert list(found) == ["file", "predictions", "weights", "device"]
    assert set(found["predictions"][0]) == {"label", "index", "probability", "logit"}
    assert (found["weights"], found["device"]) == ("random", "cpu")


def test_memory_that_does_not_suffice_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr("alexnet_viz.inspection.predictions.classify", lambda *_, **__: torch.empty(2**50))
    assert main(["classify", CAT, "--weights", "random"]) == 2
    assert capsys.readouterr().err.startswith("alexnet_viz: The memory of this machine is used up: ask for less")


def test_classify_several_as_a_table(capsys):
    assert main(["classify", CAT, str(SAMPLES[1].file), "--weights", "random", "--variant", "paper", "--top", "2"]) == 0
    out = capsys.readouterr().out
    assert out.count("random weights on cpu") == 2
    assert out.count("logit") == 4


def test_a_single_output_is_called_one(capsys, tmp_path):
    state = build(NetworkSpec("torchvision", 1, fc_width=8), seed=1).state_dict()
    save_file({key: value.clone() for key, value in state.items()}, tmp_path / "one.safetensors")
    assert main(["classify", CAT, "--weights", str(tmp_path / "one.safetensors")]) == 0
    out = capsys.readouterr().out
    logit = float(out.partition("logit ")[2].partition(")")[0])
    told = float(out.rpartition(": ")[2].partition("%")[0])
    assert "a single output" in out
    assert told == pytest.approx(100 / (1 + math.exp(-logit)), abs=0.3)


def test_trace_json(capsys):
    assert main(["trace", "--variant", "paper", "--size", "227", "--json"]) == 0
    layers = json.loads(capsys.readouterr().out)
    keys = ["name", "kind", "input_shape", "output_shape", "params", "macs", "receptive_field", "jump"]
    assert list(layers[0]) == keys
    assert layers[0] == dict(
        zip(keys, ["conv1", "conv", [1, 3, 227, 227], [1, 96, 55, 55], 34944, 105415200, 11, 4], strict=True)
    )
    assert sum(layer["params"] for layer in layers) == 60_965_224


def test_trace_as_a_table(capsys):
    assert main(["trace", "--classes", "10", "--fc-width", "32", "--batch", "2"]) == 0
    assert "2×64×55×55" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["classify", "no-such.jpg", "--weights", "random"], "no-such.jpg cannot be read"),
        (["classify", __file__, "--weights", "random"], "is not a photo"),
        (["classify", CAT, "--weights", "no-such.pth"], "There is no file"),
        (["classify", CAT, "--weights", "imagenet"], "could not be fetched"),
        (["classify", CAT, "--weights", "run:x"], "There is no run 'x'"),
        (["classify", CAT, "--weights", "random", "--device", "cuda:99"], "no device"),
        (["trace", "--size", "30"], "does not fit"),
        (["attribute", CAT, "--weights", "random", "--class", "clas 28"], "did you mean class 28"),
        (["attribute", CAT, "--weights", "random", "--method", "magic"], "There is no method 'magic'"),
        (["attribute", CAT, "--weights", "random", "--set", "steps"], "--set needs NAME=VALUE"),
        (["attribute", CAT, "--weights", "random", "--unit", "conv4"], "--unit needs LAYER:CHANNEL"),
        (["attribute", CAT, "--weights", "random", "--layer", "fc6"], "needs a layer with maps"),
        (["attribute", CAT, "--weights", "random", "--method", "occlusion", "--out", CAT], "choose another --out"),
        (["units", "--weights", "random", "--unit", "conv5"], "--unit needs LAYER:NUMBER"),
        (["units", "--weights", "random", "--unit", "pool5:1"], "choose one of conv1"),
        (["units", "--weights", "random", "--unit", "conv5:x"], "such as conv5:37"),
        (["units", "--weights", "random", "--unit", "conv5:999"], "conv5 has no channel 999"),
        (["units", "--weights", "random", "--unit", "conv5:1", "--unit", "conv4:1"], "Only units of one layer"),
        (["units", "--weights", "random", "--layer", "fc6", "--sheet"], "choose a convolution"),
        (["units", "--weights", "random", "--layer", "conv5"], "--layer conv4 --sheet"),
        (["units", "--weights", "random", "--unit", "conv1:0", "--set", "stes=5"], "There is no setting 'stes'"),
        (["units", "--weights", "random", "--photo", CAT], "--photo cat.jpg --inversion"),
        (["units", "--weights", "random", "--unit", "conv1:0", "--exemplars"], "--collection FOLDER --exemplars"),
        (
            ["units", "--unit", "conv1:0", "--exemplars", "--collection", ".", "--set", "seed=1"],
            "leave the other",
        ),
        (["units", "--unit", "conv1:64", "--exemplars", "--collection", "."], "conv1 has no channel 64"),
        (["units", "--unit", "conv1:0", "--exemplars", "--collection", "no/where"], "There is no folder or .zip file"),
        (["units", "--unit", "conv1:0", "--exemplars", "--collection", "run:none"], "The run 'none' is not there"),
        (["units", "--weights", "random", "--map", "fc7"], "--collection FOLDER --map fc7"),
        (["units", "--weights", "random", "--unit", "conv1:0", "--umap"], "--map fc7 --umap"),
        (["units", "--map", "fc7", "--collection", ".", "--set", "seed=1"], "leave the other choices out"),
        (["units", "--photo", CAT, "--inversion", "--set", "jitter=3"], "There is no setting 'jitter'"),
        (["units", "--photo", CAT, "--inversion", "--set", "exaggeration=4"], "exaggeration must be one of 1, 2, 3"),
        (["units", "--weights", "random", "--photo", "no.jpg", "--inversion"], "no.jpg cannot be read"),
        (["units", "--weights", "random", "--unit", "conv1:0", "--out", CAT], "choose another --out"),
        (["figure", "3", "--weights", "random", "--out", "kernels.tiff"], "must end in .png, .svg, .pdf"),
        (["figure", "3", "--weights", "random", "--out", "no/where.svg"], "choose another --out"),
        (["figure", "4-left", "--out", "a.svg", "--collection", "no/where"], "There is no folder or .zip file"),
    ],
)
def test_a_users_error_is_one_line_and_code_2(capsys, arguments, message):
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_as_a_process_of_its_own(capsys):
    command = [sys.executable, "-m", "alexnet_viz", "trace", "--variant", "single-tower", "--size", "227", "--padding"]
    done = subprocess.run([*command, "0", "--json"], cwd=HOME, capture_output=True, text=True)
    assert done.returncode == 0
    assert json.loads(done.stdout)[-1]["output_shape"] == [1, 1000]
    assert main([*command[3:], "-3"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_run_is_trained_listed_and_asked(capsys, tmp_path):
    settings = ["epochs=1", "input_size=64", "fc_width=16", "classes=3", "batch_size=64"]
    arguments = [part for setting in settings for part in ("--set", setting)]
    assert main(["train", "--preset", "quick", "--data", "textures", *arguments]) == 0
    assert "finished" in capsys.readouterr().out
    assert main(["runs", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["state"], row["data"], row["step"]) == ("finished", "textures", row["steps"])
    assert main(["classify", CAT, "--weights", f"run:{row['id']}", "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert len(answer["predictions"]) == 3
    assert not answer["predictions"][0]["label"].startswith("class ")
    assert main(["resume", row["id"]]) == 2
    assert "is finished" in capsys.readouterr().err


def test_several_machines_get_their_line_to_type(capsys):
    assert main(["train", "--set", "machines=2", "--set", "processes=2"]) == 0
    assert " --nnodes=2 --nproc-per-node=2 " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--preset", "slow"], "There is no preset 'slow'"),
        (["train", "--set", "epochs"], "write NAME=VALUE"),
        (["train", "--data", "folder:/no/such/place"], "/no/such/place"),
        (["resume", "nothing"], "There is no run 'nothing'"),
    ],
)
def test_a_wrong_training_command_is_one_line(capsys, arguments, message):
    assert main(arguments) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_attribute_writes_the_overlay_the_map_and_the_settings(capsys, tmp_path):
    from PIL import Image

    from alexnet_viz.attribution.session import attribute
    from alexnet_viz.attribution.targets import Target
    from alexnet_viz.images.decode import decode
    from alexnet_viz.images.preprocess import preprocess

    command = ["attribute", CAT, "--method", "integrated-gradients", "--class", "class 285", "--set", "steps=3"]
    assert main([*command, "--weights", "random", "--out", str(tmp_path / "new"), "--json"]) == 0
    (said,) = json.loads(capsys.readouterr().out)
    assert sorted(one.name for one in (tmp_path / "new").iterdir()) == [
        f"cat.jpg.integrated-gradients.{end}" for end in ("json", "npy", "png")
    ]
    assert said == json.loads((tmp_path / "new" / "cat.jpg.integrated-gradients.json").read_text("utf-8"))
    model, photo = get("random"), decode(*sample("cat"))
    tensor = preprocess(photo, model.info.preprocessing).tensor
    expected = attribute(model, tensor, "integrated-gradients", Target(285), settings={"steps": 3})
    np.testing.assert_array_equal(np.load(tmp_path / "new" / "cat.jpg.integrated-gradients.npy"), expected.values)
    assert said["settings"] == {"steps": 3, "baseline": "black", "seed": 0}
    assert said["target"] == "logit of class 285"
    assert "convergence delta" in said["checks"]
    with Image.open(said["overlay"]) as picture:
        assert picture.size == photo.size


def test_units_writes_what_drives_them_up_and_down_as_the_core_makes_it(capsys, tmp_path):
    arguments = ["units", "--weights", "bundled", "--unit", "conv2:5", "--unit", "conv2:5", "--set", "steps=6"]
    assert main([*arguments, "--out", str(tmp_path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    names = ["conv2-5.up.png", "conv2-5.up-2.png", "conv2-5.down.png", "conv2-5.down-2.png"]
    assert [Path(row["file"]).name for row in rows] == names
    assert [row["value"] > row["start"] for row in rows] == [True, True, False, False]
    images = optimised(get("bundled"), [unit("conv2", 5)] * 2, Choices(steps=6))
    for row, pixels, value in zip(rows[:2], images.pixels, images.values, strict=True):
        with Image.open(row["file"]) as picture:
            assert (np.asarray(picture) == pixels).all()
        assert row["value"] == value


def test_units_takes_a_class_by_its_name_and_a_layer_as_a_sheet(capsys, tmp_path):
    few = ["--weights", "bundled", "--set", "steps=1", "--out", str(tmp_path), "--json"]
    name = get("bundled").info.categories[3]
    assert main(["units", "--unit", f"fc8:{name}", *few]) == 0
    assert {(row["unit"], row["name"]) for row in json.loads(capsys.readouterr().out)} == {
        (3, name),
        (3, f"against {name}"),
    }
    assert main(["units", "--unit", "fc8:3", *few[:-1]]) == 0
    assert "shows what raises its logit most, not what its photos look like" in capsys.readouterr().out
    assert main(["units", "--layer", "conv1", "--sheet", *few]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert len(row["values"]) == 64
    with Image.open(row["file"]) as sheet:
        assert sheet.size == (16 * 13 - 2, 4 * 13 - 2)  # conv1's units see 11 pixels


@pytest.mark.parametrize(
    ("which", "pictures", "first"), [("3", 96, b"image/png"), ("4-left", 8, b"image/jpeg"), ("4-right", 35, b"jpeg")]
)
def test_figure_writes_the_papers_figures(capsys, tmp_path, which, pictures, first):
    file = tmp_path / "figure.SVG"
    assert main(["figure", which, "--weights", "random", "--variant", "paper", "--out", str(file), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["file"] == str(file)
    data = file.read_bytes()
    assert data.count(b"<image ") == pictures
    assert first in data
    assert (b"permutation test" in data) == (which == "3")


def test_units_writes_the_photos_of_a_folder_that_drive_them(capsys, tmp_path):
    for number in range(12):
        folder = tmp_path / "photos" / ("cat" if number % 2 else "dog")
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 40 + 15 * number, (80, 90, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    (tmp_path / "photos" / "dog" / "torn.jpg").write_bytes(Path(CAT).read_bytes()[:3000])
    arguments = ["units", "--weights", "bundled", "--exemplars", "--collection", str(tmp_path / "photos")]
    assert main([*arguments, "--unit", "conv2:5", "--out", str(tmp_path), "--json"]) == 1  # one cannot be read
    out, err = capsys.readouterr()
    result = json.loads(out)
    (row,) = result["units"]
    assert (result["photos"], result["skipped"]) == (13, 1)
    assert "torn.jpg" in err
    assert row["most"][0]["class"] in ("cat", "dog")
    assert [photo["value"] for photo in row["most"]] == sorted((p["value"] for p in row["most"]), reverse=True)
    with Image.open(row["file"]) as sheet:
        assert sheet.size == (9 * 226 - 2, 3 * 226 - 2)  # a row each for up, down and relevance
    model = get("bundled")
    first = row["most"][0]
    photo = decode((tmp_path / "photos" / first["photo"]).read_bytes(), "photo")
    output = trace(model, preprocess(photo, model.info.preprocessing).tensor).outputs["conv2"][5]
    assert output[first["y"], first["x"]] == output.max() == pytest.approx(first["value"], rel=1e-5)
    (tmp_path / "photos" / "dog" / "torn.jpg").unlink()
    assert main([*arguments, "--layer", "fc7"]) == 0
    assert capsys.readouterr().out.count("class selectivity") == model.info.spec.fc_width


def test_units_writes_a_map_of_a_folder_as_the_core_makes_it(capsys, tmp_path):
    for number in range(6):
        folder = tmp_path / "photos" / ("cat" if number % 2 else "dog")
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 90 + 30 * number, (80, 90, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    arguments = ["units", "--weights", "bundled", "--collection", str(tmp_path / "photos"), "--map", "conv5"]
    assert main([*arguments, "--out", str(tmp_path), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    found = collect(get("bundled"), of_place(tmp_path / "photos"))
    made = principal_components(found.conv5, np.ones(6, bool))
    assert result["variance_shares"] == pytest.approx(made.shares)
    places = [[photo["x"], photo["y"]] for photo in result["photos"]]
    np.testing.assert_allclose(places, made.points, rtol=1e-6)
    assert [photo["class"] for photo in result["photos"]] == ["cat"] * 3 + ["dog"] * 3
    with Image.open(result["file"]) as picture:
        assert picture.size[0] == 1800
    assert main([*arguments, "--out", str(tmp_path)]) == 0
    assert f"principal components 1 ({made.shares[0]:.1%} of all variance)" in capsys.readouterr().out
    for name in ("1.png", "3.png", "5.png"):
        (tmp_path / "photos" / "cat" / name).unlink()
    (tmp_path / "photos" / "dog" / "0.png").unlink()
    assert main([*arguments, "--out", str(tmp_path)]) == 2
    assert "at least 3 readable photos" in capsys.readouterr().err


def test_units_writes_what_each_layer_knows_of_a_photo_as_one_strip(capsys, tmp_path):
    few = ["--weights", "bundled", "--set", "steps=3", "--out", str(tmp_path)]
    assert main(["units", "--photo", CAT, "--inversion", *few, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["layer"] for row in rows] == [*CONVOLUTIONS, *FULLY_CONNECTED]
    assert rows[0]["settings"] == {
        "exaggeration": "1",
        "parameterisation": "fourier",
        "steps": 3,
        "seed": 0,
        "tv": 0.05,
        "l2": 0.0,
    }
    model = get("bundled")
    seen = preprocess(decode(*sample("cat")), model.info.preprocessing).pixels
    expected = inverted(model, seen, "conv2", Choices(steps=3, tv=0.05))
    assert (rows[1]["error"], rows[1]["gain"]) == (expected.error, expected.gain)
    with Image.open(rows[0]["file"]) as strip:
        assert Path(rows[0]["file"]).name == "cat.jpg.inversion.png"
        assert strip.size == (9 * 226 - 2, 224)
        assert (np.asarray(strip)[:, :224, :3] == seen).all()
        assert (np.asarray(strip)[:, 2 * 226 : 2 * 226 + 224, :3] == expected.pixels).all()
    assert main(["units", "--photo", CAT, "--inversion", *few, "--set", "exaggeration=dream"]) == 0
    assert capsys.readouterr().out.count("cat.jpg.dream.png") == 8


def test_attribute_over_a_folder_leaves_out_what_is_no_photo(capsys, tmp_path):
    folder, out = tmp_path / "photos", tmp_path / "out"
    folder.mkdir()
    for name in ("b.jpg", "a.jpg"):
        (folder / name).write_bytes(sample("cat")[0])
    (folder / "notes.txt").write_text("no photo")
    (folder / ".hidden").write_text("no photo")
    command = ["attribute", str(folder), "--unit", "conv3:5:2,7", "--layer", "conv2", "--weights", "random"]
    assert main([*command, "--out", str(out)]) == 0
    told = capsys.readouterr()
    assert [one.name for one in sorted(out.glob("*.png"))] == ["a.jpg.grad-cam.png", "b.jpg.grad-cam.png"]
    assert told.out.count("grad-cam of conv3, channel 5 at row 2, column 7") == 2
    assert f"left out: {folder / 'notes.txt'} is not a photo" in told.err
    assert ".hidden" not in told.err


def test_photos_of_one_name_keep_apart(capsys, tmp_path):
    from PIL import Image

    for folder, colour in (("a", "red"), ("b", "blue")):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (64, 64), colour).save(tmp_path / folder / "IMG.jpg")
    photos = [str(tmp_path / name) for name in ("a/IMG.jpg", "b/IMG.jpg", "a/../a/IMG.jpg")]
    assert main(["attribute", *photos, "--weights", "random", "--out", str(tmp_path / "maps"), "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    names = [f"{folder}-IMG.jpg.grad-cam.{ending}" for folder in "ab" for ending in ("json", "npy", "png")]
    assert sorted(one.name for one in (tmp_path / "maps").iterdir()) == names
    assert first["overlay"].endswith("a-IMG.jpg.grad-cam.png")
    assert first["sha256"] == hashlib.sha256((tmp_path / "a/IMG.jpg").read_bytes()).hexdigest()
    assert second["sha256"] == hashlib.sha256((tmp_path / "b/IMG.jpg").read_bytes()).hexdigest()
    assert json.loads((tmp_path / "maps" / names[3]).read_text("utf-8")) == second


@pytest.fixture
def on_strict_terminal(monkeypatch):
    """on_strict_terminal(arguments) -> what the command prints where nothing but UTF-8 can be printed; it succeeds."""

    def run(arguments):
        terminal, errors = (io.TextIOWrapper(io.BytesIO(), "utf-8", "strict") for _ in range(2))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", terminal)
            patch.setattr(sys, "stderr", errors)
            code = main(arguments)
        terminal.flush()
        errors.flush()
        assert code == 0, errors.buffer.getvalue().decode()
        return terminal.buffer.getvalue().decode()

    return run


def test_names_that_are_long_or_no_text_are_safe_on_disk_and_screen(on_strict_terminal, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    long = "\u00e9".encode() * 125
    names = [b"caf\xe9.jpg", b"new\nline.jpg", long + b".jpg", long + b".png"]
    for name in names:
        Path(os.fsdecode(os.fsencode(photos) + b"/" + name)).write_bytes(sample("cat")[0])
    attribute = ["attribute", str(photos), "--weights", "random", "--out", str(tmp_path / "maps")]
    assert on_strict_terminal(attribute).count("\n") == 4
    made = sorted(path.name for path in (tmp_path / "maps").glob("*.json"))
    assert made[:2] == ["caf_.jpg.grad-cam.json", "new_line.jpg.grad-cam.json"]
    assert [name[:80] for name in made[2:]] == ["\u00e9" * 80] * 2
    told = {json.loads(path.read_text("utf-8"))["photo"] for path in (tmp_path / "maps").glob("*.json")}
    assert {os.fsencode(name) for name in told} == set(names)
    for more in ([], ["--json"]):
        out = on_strict_terminal(["classify", str(photos), "--weights", "random", *more])
    assert {os.fsencode(Path(one["file"]).name) for one in json.loads(out)} == set(names)


@pytest.mark.parametrize("command", ["classify", "attribute"])
def test_a_photo_that_fails_is_counted_and_the_rest_goes_on(capsys, tmp_path, command):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.jpg").write_bytes(sample("cat")[0][:999])
    os.mkfifo(tmp_path / "pipe.jpg")
    photos = ["bad.jpg", "vanished.jpg", "empty", "pipe.jpg"]
    places = [CAT, *(str(tmp_path / name) for name in photos), str(SAMPLES[2].file)]
    more = ["--out", str(tmp_path / "maps")] if command == "attribute" else []
    assert main([command, *places, "--weights", "random", *more, "--json"]) == 1
    told = capsys.readouterr()
    assert len(json.loads(told.out)) == 2
    failed = [line for line in told.err.splitlines() if line.startswith("failed: ")]
    for line, name in zip(failed, photos, strict=True):
        assert line.count(name) == line.count(str(tmp_path / name)) == 1, line
    assert told.err.splitlines()[-1] == "alexnet_viz: 4 of 6 photos failed."
    assert main([command, str(tmp_path / "empty"), "--weights", "random", *more]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_odd_metadata_write_nothing_beside_the_answer(tmp_path):
    """Pillow warns of them, in this process (JPEG) or in the decoder's (TIFF)."""
    orientation_twice = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x02\0\0\0\x06\0\x06\0\0\0\0\0"
    Image.new("RGB", (64, 64)).save(tmp_path / "a.jpg", exif=orientation_twice)
    tags = [(256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (277, 3, 1, 1)]
    strip = [(273, 4, 1, 8), (278, 4, 1, 8), (279, 4, 1, 64), (274, 3, 2, 6)]
    (tmp_path / "b.tif").write_bytes(tiff([*tags, *strip], bytes(64)))
    command = [sys.executable, "-m", "alexnet_viz", "classify", str(tmp_path), "--weights", "random", "--json"]
    done = subprocess.run(command, cwd=HOME, capture_output=True, encoding="utf-8", check=True)
    assert len(json.loads(done.stdout)) == 2
    assert done.stderr.splitlines() == ["Untrained: its answers mean nothing."]


def test_a_disk_that_is_full_is_one_sentence(capsys, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    assert main(["attribute", CAT, "--weights", "random", "--out", str(tmp_path)]) == 2
    assert "No space left on device" in capsys.readouterr().err


def test_a_reader_who_has_read_enough_is_no_error(tmp_path):
    done = subprocess.run(
        f"{sys.executable} -m alexnet_viz trace --json | true", shell=True, cwd=HOME, capture_output=True, text=True
    )
    assert done.stderr == ""


def test_runs_that_cannot_be_read_are_listed_with_the_reason(capsys, tmp_path):
    for name in ("torn", "good"):
        runs.create_run(preset("quick"), tmp_path, name)
    (tmp_path / "torn" / "config.json").write_text("{")
    (tmp_path / "torn").rename(os.fsdecode(os.fsencode(tmp_path) + b"/t\xf6rn"))
    assert main(["runs", "--runs", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "t\ufffdrn" in said
    assert "config.json is no valid JSON" in said
    assert main(["runs", "--runs", str(tmp_path), "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["t\ufffdrn"]["state"], rows["t\ufffdrn"]["data"]) == ("unreadable", None)
    assert "put it back from a copy, or delete the run." in rows["t\ufffdrn"]["problems"][0]
    assert (rows["good"]["state"], rows["good"]["problems"]) == ("queued", [])
    assert main(["resume", "t\ufffdrn", "--runs", str(tmp_path)]) == 2
    assert "config.json is no valid JSON" in capsys.readouterr().err


def test_names_of_runs_and_folders_that_are_no_text_control_no_terminal(on_strict_terminal, tmp_path):
    folder = tmp_path / os.fsdecode(b"r\xffuns")
    several = runs.create_run(preset("quick").changed(machines=2), folder, "several")
    several.rename(folder / "odd\x1b[31m\nname")
    for command in (["runs"], ["resume", "odd\x1b[31m\nname"]):
        out = on_strict_terminal([*command, "--runs", str(folder)])
        assert "odd�[31m�name" in out
        assert "\x1b" not in out


def test_no_runs_are_said_to_be_none(capsys, tmp_path):
    assert main(["runs", "--runs", str(tmp_path / "nowhere")]) == 0
    assert "There are no runs in" in capsys.readouterr().err


def test_interrupted_or_killed_it_says_how_to_go_on(tmp_path):
    """As in a terminal: Ctrl+C is a SIGINT to the shell's process alone, as the worker has a session of its own."""
    settings = ["epochs=500", "input_size=64", "fc_width=16", "classes=3", "batch_size=64"]
    train = ["train", "--runs", str(tmp_path), "--id", "mine", *(part for one in settings for part in ("--set", one))]
    run, command = tmp_path / "mine", [sys.executable, "-m", "alexnet_viz"]
    for arguments, end in ((train, "interrupt"), (["resume", str(run)], "kill")):
        shell = subprocess.Popen(
            [*command, *arguments],
            cwd=HOME,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores it
        )
        try:
            begun = runs.read_status(run).step
            while runs.read_status(run).step <= begun:
                assert shell.poll() is None
                time.sleep(0.05)
            if end == "kill":
                launcher.kill(run)
            else:
                shell.send_signal(signal.SIGINT)
            out, err = shell.communicate(timeout=PATIENCE)
        finally:
            launcher.kill(run)
            shell.kill()
        assert f"python -m alexnet_viz resume {run}" in (out if end == "interrupt" else err)
        assert shell.returncode == (0 if end == "interrupt" else 2)


def test_fetch_gets_imagenets_weights_once(monkeypatch, tmp_path, capsys):
    data = b"weights" * 1000
    name = f"alexnet-{hashlib.sha256(data).hexdigest()[:8]}.pth"
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / name).write_bytes(data)
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "served")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
        monkeypatch.setenv("ALEXNET_VIZ_IMAGENET_URL", f"http://127.0.0.1:{server.server_port}/{name}")
        assert main(["fetch"]) == 0
        server.shutdown()
    path = tmp_path / "torch" / "hub" / "checkpoints" / name
    assert path.read_bytes() == data
    assert str(path) in capsys.readouterr().out
    assert main(["fetch"]) == 0  # nothing is asked for what is there: the server is gone
    path.unlink()
    assert main(["fetch"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
