"""Checkpoints: what they hold, and what may go on from them."""

from dataclasses import replace

import pytest
import torch

from alexnet_viz.errors import RunError
from alexnet_viz.network.files import read_weights
from alexnet_viz.training import checkpoints, runs
from alexnet_viz.training.distributed import ProcessGroup
from alexnet_viz.training.loader import train_loader
from alexnet_viz.training.loop import train_step
from alexnet_viz.training.metrics import TrainingDiverged
from alexnet_viz.training.snapshots import read_snapshot
from alexnet_viz.training.state import restore_checkpoint, save_checkpoint


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


def test_all_that_a_step_changes_comes_back(set_up_run, tiny):
    context, state = set_up_run(tiny)
    batches = list(train_loader(context, epoch=0))
    for batch in batches[:2]:
        train_step(context, state, *batch)
    save_checkpoint(context, state)
    context, restored = set_up_run(tiny, context.path)
    assert restored.step == restored.saved_step == 2
    assert torch.equal(restored.metrics.sums, state.metrics.sums)
    assert restored.metrics.sums[3] == 16  # photos
    for both in (state, restored):
        train_step(context, both, *batches[2])
    assert all(torch.equal(state.network.state_dict()[k], v) for k, v in restored.network.state_dict().items())


@pytest.mark.parametrize(("rank", "share"), [(0, 1.0), (1, 0.0)])
def test_with_other_processes_than_before_no_photo_is_lost_or_counted_twice(set_up_run, tiny, rank, share):
    context, state = set_up_run(tiny)
    for batch in list(train_loader(context, epoch=0))[:2]:
        train_step(context, state, *batch)
    save_checkpoint(context, state)
    group = ProcessGroup(rank=rank, world_size=2)
    _, saved = checkpoints.load_last(context.path)
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
