"""The training loop, in this process."""

import pytest
import torch

from alexnet_viz.errors import WeightsError
from alexnet_viz.network.weights import load
from alexnet_viz.training import checkpoints, data, runs
from alexnet_viz.training.distributed import ProcessGroup
from alexnet_viz.training.loop import train
from alexnet_viz.training.metrics import TrainingDiverged
from alexnet_viz.training.monitor import Monitor
from alexnet_viz.training.recipe import PRESETS, preset
from alexnet_viz.training.snapshots import snapshot_steps


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_takes_two_steps(fit, tiny, name, metric_rows):
    small = {"data": tiny.data, "classes": 2, "fc_width": 8, "batch_size": 12, "epochs": 1, "warmup_epochs": 0.0}
    own = {"variant": "paper", "input_size": 67} if name == "paper" else {"input_size": 64}
    path, done = fit(preset(name).changed(**small, **own, sizes=(), threads=1, snapshots=0, precision="fp32"))
    assert done
    assert metric_rows(path, "train")[-1]["step"] == 2
    assert ("ten_crop_top1" in metric_rows(path, "val")[-1]) == (name == "paper")


def test_a_run_that_went_on_says_from_what(fit, tiny):
    first, _ = fit(tiny.changed(epochs=1))
    second, _ = fit(tiny.changed(epochs=1, start=f"run:{first.name}"))
    with pytest.raises(WeightsError, match=first.name):
        load(f"run:{second.name}@start")


def test_it_learns_to_tell_colours_apart(fit, tiny, metric_rows):
    rarely = {"checkpoint_minutes": 60.0, "snapshots": 0}
    path, _ = fit(tiny.changed(epochs=3, dropout=0.0, learning_rate=0.002, optimizer="adamw", nesterov=False, **rarely))
    assert metric_rows(path, "val")[-1]["top1"] > 0.6  # chance is 0.25
    assert metric_rows(path, "train")[-1]["loss"] < metric_rows(path, "train")[0]["loss"] * 0.9


def test_a_row_says_what_the_page_shows(fit, tiny, metric_rows):
    path, _ = fit(tiny)
    row = metric_rows(path, "train")[0]
    assert (row["step"], row["epoch"], row["attempt"]) == (5, 0, 1)
    assert 0 <= row["top1"] <= row["top5"] == 1  # four classes
    assert list(row["grad_norm"]) == ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"]
    assert list(row["dead"]) == [f"relu{n}" for n in range(1, 8)]
    assert all(0 <= share <= 1 for share in row["dead"].values())
    assert set(row["timing"]) == {"images_per_second", "data_share", "memory"}
    assert [r["step"] for r in metric_rows(path, "train")] == [5, 6, 11, 12]
    assert list(path.glob("events.out.tfevents.*"))


def test_what_is_random_has_no_state(fit, tiny):
    """The threads that prepare batches, and what was drawn before, change nothing."""
    first, _ = fit(tiny.changed(workers=0))
    torch.rand(7)
    second, _ = fit(tiny.changed(workers=2, checkpoint_minutes=60.0, snapshots=0))
    one, two = (checkpoints.read_last_checkpoint(path)[0] for path in (first, second))
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_it_stops_early_when_nothing_gets_better(fit, tiny, metric_rows):
    path, done = fit(
        tiny.changed(epochs=20, learning_rate=1e-9, early_stopping=2, schedule="constant", checkpoint_minutes=60.0)
    )
    assert done
    assert len(metric_rows(path, "val")) == 3
    assert snapshot_steps(path)[-1] == 18


def test_a_loss_that_is_no_number_ends_the_run_and_names_the_step(fit, tiny):
    recipe = tiny.changed(learning_rate=100.0, weight_decay=10.0, schedule="constant", epochs=5)
    with pytest.raises(TrainingDiverged, match=r"step \d+.*smaller learning_rate"):
        fit(recipe)
    (path,) = (run.path for run in runs.list_runs())
    weights, _ = checkpoints.read_last_checkpoint(path)
    assert all(torch.isfinite(value).all() for value in weights.values())


def test_stopped_while_it_validates_it_goes_on_with_that_validation(fit, tiny, metric_rows):
    class StopsInValidation(Monitor):
        @property
        def stop_asked(self):
            return self.status.activity == "validating"

    whole, _ = fit(tiny)
    path = runs.create_run(tiny)
    with StopsInValidation(path) as monitor:
        assert not train(path, tiny, data.load(tiny), ProcessGroup(), monitor, torch.device("cpu"))
    assert (monitor.status.step, metric_rows(path, "val")) == (6, [])
    assert fit(tiny, path)[1]
    losses = [[row["loss"] for split in ("train", "val") for row in metric_rows(run, split)] for run in (whole, path)]
    assert losses[0] == losses[1]
