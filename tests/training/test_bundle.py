"""A run made into weights that ship."""

import hashlib
import json

import numpy as np
import pytest
import torch
from PIL import Image

from alexnet_viz.__main__ import main
from alexnet_viz.errors import RunError
from alexnet_viz.network.files import read_weights
from alexnet_viz.network.weights import load
from alexnet_viz.training import augment, data, runs
from alexnet_viz.training.bundle import bundle
from alexnet_viz.training.distributed import ProcessGroup
from alexnet_viz.training.loop import train
from alexnet_viz.training.monitor import Monitor


def finish(recipe, run_id):
    path = runs.create_run(recipe, run_id=run_id)
    with Monitor(path) as monitor:
        assert train(path, recipe, data.load(recipe), ProcessGroup(), monitor, torch.device("cpu"))
    return path


@pytest.fixture
def finished(tiny):
    """The recipe of a run named ``tiny`` that came to its end."""
    recipe = tiny.changed(batch_norm=True, epochs=1, snapshots=0)
    finish(recipe, "tiny")
    return recipe


def test_what_is_written_says_what_it_measures(finished, tmp_path, capsys):
    assert main(["bundle", "tiny", "--out", str(tmp_path / "out")]) == 0
    card = json.loads((tmp_path / "out" / "alexnet-bundled.json").read_text("utf-8"))
    file = tmp_path / "out" / card["file"]
    assert card["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest() in capsys.readouterr().out
    assert {value.dtype for value in read_weights(file)[0].values()} == {torch.float16}
    with Image.open(tmp_path / "out" / "conv1.png") as sheet:
        assert sheet.size == (8 * 68 - 2, 8 * 68 - 2)

    network, info = load(str(file))
    val = data.load(finished).val
    x = augment.eval_batch(val, np.arange(len(val)), info.preprocessing, device="cpu")
    best = network(x).softmax(1).max(1)
    right = (best.indices.numpy() == val.labels).mean()
    assert card["top1"] == pytest.approx(right)
    assert info.unsure_below == card["unsure_below"]
    assert card["categories"] == list(info.categories) == ["a", "b", "c", "d"]
    assert set(card["per_class_top1"]) == set("abcd")
    assert [[row["epoch"] for row in stage["curve"]] for stage in card["stages"]] == [[0]]
    assert str(finished.data) not in (tmp_path / "out" / "alexnet-bundled.json").read_text("utf-8")


def test_a_run_that_went_on_from_another_tells_of_both(finished, tmp_path):
    card = bundle(finish(finished.changed(start="run:tiny"), "more"), tmp_path)
    assert [stage["recipe"]["start"] for stage in card["stages"]] == ["", "run:tiny"]
    assert "for 2 epochs" in read_weights(tmp_path / card["file"])[1]["source"]


def test_a_run_without_a_checkpoint_says_so(tiny, tmp_path):
    path = runs.create_run(tiny)
    with pytest.raises(RunError, match="no checkpoint yet"):
        bundle(path, tmp_path)
