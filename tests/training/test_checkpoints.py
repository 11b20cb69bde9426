"""Checkpoints: whole or not there, whatever happens while one is written; what goes on from them."""

import os
from dataclasses import replace

import pytest
import torch

from alexnet_viz.errors import RunError, WeightsError
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.network.checkpoint_index import kept_steps
from alexnet_viz.network.files import read_weights
from alexnet_viz.network.weights import load
from alexnet_viz.training import checkpoints, runs
from alexnet_viz.training.checkpoints import restore_checkpoint, save_checkpoint
from alexnet_viz.training.distributed import ProcessGroup
from alexnet_viz.training.loader import train_loader
from alexnet_viz.training.loop import train_step
from alexnet_viz.training.metrics import TrainingDiverged
from alexnet_viz.training.recipe import preset
from alexnet_viz.training.snapshots import read_photo, read_snapshot
from alexnet_viz.values import NetworkSpec, Photo, Preprocessing

ABOUT = {
    "spec": NetworkSpec(num_classes=2),
    "categories": ("cat", "dog"),
    "preprocessing": Preprocessing.for_size(128),
    "title": "a run",
    "source": "a test",
}


@pytest.fixture
def run():
    return runs.create_run(preset("quick"))


def save(run, step, best=False):
    weights = {"fc8.bias": torch.full((2,), float(step))}
    return checkpoints.write_checkpoint(run, step, weights, {"step": step}, best=best, **ABOUT)


def steps_on_disk(run):
    return sorted({int(file.name[5:13]) for file in (run / "checkpoints").glob("step-*")})


def test_a_run_without_checkpoints_starts_from_nothing(run):
    assert checkpoints.read_last_checkpoint(run) is None


def test_the_last_two_and_the_best_are_kept(run):
    for step in range(5):
        save(run, step, best=step == 1)
    assert steps_on_disk(run) == [1, 3, 4]
    assert runs.read_index(run) == {"last": ["step-00000004", "step-00000003"], "best": "step-00000001"}
    weights, state = checkpoints.read_last_checkpoint(run)
    assert state == {"step": 4}
    assert weights["fc8.bias"].tolist() == [4, 4]


def test_a_checkpoint_opens_as_weights_with_what_belongs_to_them(run):
    save(run, 7, best=True)
    _, described = read_weights(runs.read_run(run).weights)
    assert described["categories"] == ["cat", "dog"]
    assert described["preprocessing"]["crop"] == 128


@pytest.mark.parametrize("breaks", ["fsync", "replace"])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_crash_at_any_file_leaves_the_last_good_checkpoint(run, monkeypatch, breaks, at):
    save(run, 1, best=True)
    before, real, calls = runs.read_index(run), getattr(os, breaks), []

    def crash(*arguments):
        calls.append(arguments)
        if len(calls) > at:
            raise OSError("no more")
        return real(*arguments)

    monkeypatch.setattr(os, breaks, crash)
    with pytest.raises(OSError, match="no more"):
        save(run, 2)
    monkeypatch.undo()
    assert runs.read_index(run) == before
    assert checkpoints.read_last_checkpoint(run)[1] == {"step": 1}
    save(run, 3)
    assert steps_on_disk(run) == [1, 3]
    assert not list((run / "checkpoints").glob(".*"))


def test_a_damaged_checkpoint_gives_way_to_the_one_before(run):
    save(run, 1)
    save(run, 2)
    (run / "checkpoints" / "step-00000002.state.pt").write_bytes(b"damaged")
    assert checkpoints.read_last_checkpoint(run)[1] == {"step": 1}
    (run / "checkpoints" / "step-00000001.safetensors").write_bytes(b"")
    with pytest.raises(RunError, match="No checkpoint"):
        checkpoints.read_last_checkpoint(run)


# --- of a run ------------------------------------------------------------------------------------


def test_other_photos_cannot_go_on_with_a_run(fit, tiny, monkeypatch):
    path, _ = fit(tiny.changed(epochs=1))
    with pytest.raises(RunError, match="not those that this run began with"):
        fit(tiny.changed(epochs=1, classes=3), path)


def test_of_equally_good_epochs_the_last_is_the_best(fit, tiny, metric_rows):
    path, _ = fit(tiny.changed(epochs=3, learning_rate=1e-9, warmup_epochs=0.0))  # learns nothing: all are equal
    assert len({row["top1"] for row in metric_rows(path, "val")}) == 1
    assert runs.read_index(path)["best"] == "step-00000018"


def test_photos_grow_and_the_checkpoint_says_how_large_they_are(fit, tiny):
    path, _ = fit(tiny.changed(sizes=((0, 63), (1, 80)), input_size=80))
    sizes = [described["spec"]["input_size"] for _, described in map(read_weights, weights_in_order(path))]
    assert sizes[-1] == 80
    assert read_snapshot(path, 0).maps["relu1"].shape[1:] == read_snapshot(path, 12).maps["relu1"].shape[1:]


def weights_in_order(path):
    return sorted((path / "checkpoints").glob("*.safetensors"))


@pytest.mark.parametrize(("rank", "share"), [(0, 1.0), (1, 0.0)])
def test_with_other_processes_than_before_no_photo_is_lost_or_counted_twice(set_up_run, tiny, rank, share):
    context, state = set_up_run(tiny)
    for batch in list(train_loader(context, epoch=0))[:2]:
        train_step(context, state, *batch)
    save_checkpoint(context, state)
    group = ProcessGroup(rank=rank, world_size=2)
    _, saved = checkpoints.read_last_checkpoint(context.path)
    assert saved["sums"] == [state.metrics.sums.tolist()]
    restored = set_up_run(tiny, context.path)[1]
    restored.metrics.sums.zero_()
    restore_checkpoint(replace(context, group=group), restored, saved["about"])
    assert restored.metrics.sums.tolist() == (share * state.metrics.sums).tolist()


def test_a_checkpoint_of_this_moment_is_written_once_and_never_with_a_nan(set_up_run, tiny):
    context, state = set_up_run(tiny)
    save_checkpoint(context, state)
    file = context.path / "checkpoints" / "step-00000000.safetensors"
    written = file.stat().st_mtime_ns
    with torch.no_grad():
        state.network.conv3.bias[0] = torch.nan
    save_checkpoint(context, state)
    assert file.stat().st_mtime_ns == written
    state.step = 1
    with pytest.raises(TrainingDiverged, match=r"conv3.bias is not finite after step 0.*smaller learning_rate"):
        save_checkpoint(context, state)
    assert runs.read_index(context.path)["last"] == ["step-00000000"]


def test_whole_weights_are_kept_along_the_run_and_open_by_run_and_step(fit, tiny):
    path, _ = fit(tiny.changed(sizes=((0, 67), (1, 96)), batch_norm=True, snapshots=2, kept_megabytes=24))
    assert kept_steps(path) == (0, 1, 5, 12)  # 5.3 MB each
    (began, first), (_, last) = (load(f"run:{path.name}@{step}") for step in (0, 12))
    assert first.preprocessing == last.preprocessing == Preprocessing.for_size(96)  # also where training began smaller
    assert (last.title, last.categories) == (f"{path.name}, step 12", ("a", "b", "c", "d"))
    drawn = load(f"run:{path.name}@start")[0].state_dict()
    assert all(torch.equal(value, drawn[key].half().float()) for key, value in began.state_dict().items())
    shot, pixels = read_snapshot(path, 12), read_photo(path)[0]
    seen = preprocess(Photo("", pixels, (96, 96), "PNG", ""), Preprocessing(96, 96)).tensor
    found = load(f"run:{path.name}@12")[0](torch.from_numpy(seen)[None]).softmax(1)[0]
    assert found.tolist() == pytest.approx(shot.probabilities.tolist(), abs=5e-3)  # both are in half precision
    (path / "kept" / "step-00000005.safetensors").write_bytes(b"")
    with pytest.raises(WeightsError, match=r"step-00000005.safetensors is empty"):
        load(f"run:{path.name}@5")
    with pytest.raises(WeightsError, match=r"kept no weights after step 7: choose one of its steps \(0, 1, 5, 12\)"):
        load(f"run:{path.name}@7")
