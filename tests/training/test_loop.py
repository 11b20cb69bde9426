"""The training loop, in this process."""

import shutil

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from alexnet_viz.errors import RecipeError, RunError, WeightsError
from alexnet_viz.network import sources
from alexnet_viz.network.files import read_weights
from alexnet_viz.network.variants import build
from alexnet_viz.network.weights import load
from alexnet_viz.training import augment, batch_norm, checkpoints, data, runs
from alexnet_viz.training.answers import read_answers
from alexnet_viz.training.loop import TrainingFailed, make_network, train
from alexnet_viz.training.monitor import Monitor
from alexnet_viz.training.recipe import PRESETS, preset
from alexnet_viz.training.snapshots import read_photo, read_snapshot, snapshot_steps
from alexnet_viz.training.team import Team
from alexnet_viz.values import NetworkSpec, Preprocessing

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def fit():
    """fit(recipe) -> (run's path, whether it came to its end)."""

    def fit(recipe, path=None):
        path = path or runs.create_run(recipe)
        with Monitor(path) as monitor:
            return path, train(path, recipe, data.load(recipe), Team(), monitor, CPU)

    return fit


def rows(path, split):
    return [row for row in runs.read_metrics(path)[0] if row["split"] == split]


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_takes_two_steps(fit, tiny, name):
    small = {"data": tiny.data, "classes": 2, "fc_width": 8, "batch_size": 12, "epochs": 1, "warmup_epochs": 0.0}
    own = {"variant": "paper", "input_size": 67} if name == "paper" else {"input_size": 64}
    path, done = fit(preset(name).changed(**small, **own, sizes=(), threads=1, snapshots=0, precision="fp32"))
    assert done
    assert rows(path, "train")[-1]["step"] == 2
    assert ("ten_crop_top1" in rows(path, "val")[-1]) == (name == "paper")


@pytest.mark.parametrize(("init", "norm"), [("he", True), ("paper", False), ("pytorch", True)])
def test_what_a_run_began_with_is_drawn_again_bit_for_bit(fit, tiny, init, norm):
    recipe = tiny.changed(init=init, batch_norm=norm, seed=7, epochs=1, snapshots=2)
    path, _ = fit(recipe)
    network, info = load(f"run:{path.name}@start")
    began = batch_norm.folded(make_network(recipe, info.spec.num_classes, CPU))
    assert all(torch.equal(network.state_dict()[key], value) for key, value in began.items())
    np.testing.assert_array_equal(network.conv1.weight.numpy().astype(np.float16), read_snapshot(path, 0).conv1)
    assert (load(f"run:{path.name}")[0].conv1.weight != network.conv1.weight).any()
    assert load(f"run:{path.name}")[1].id != info.id


def test_a_run_goes_on_from_what_another_began_with(fit, tiny, tmp_path):
    first, _ = fit(
        tiny.changed(epochs=1, seed=7), runs.create_run(tiny.changed(epochs=1, seed=7), tmp_path / "mine", "first")
    )
    began = make_network(tiny.changed(seed=7), 4, CPU)
    again = make_network(tiny.changed(seed=8, start="run:first@start"), 4, CPU, first.parent)
    assert all(torch.equal(again.state_dict()[key], value) for key, value in began.state_dict().items())


def test_of_equally_good_epochs_the_last_is_the_best(fit, tiny):
    path, _ = fit(tiny.changed(epochs=3, learning_rate=1e-9, warmup_epochs=0.0))  # learns nothing: all are equal
    assert len({row["top1"] for row in rows(path, "val")}) == 1
    assert runs.read_index(path)["best"] == "step-00000018"


def test_a_run_that_went_on_says_from_what(fit, tiny):
    first, _ = fit(tiny.changed(epochs=1))
    second, _ = fit(tiny.changed(epochs=1, start=f"run:{first.name}"))
    with pytest.raises(WeightsError, match=first.name):
        load(f"run:{second.name}@start")


def test_it_learns_to_tell_colours_apart(fit, tiny):
    rarely = {"checkpoint_minutes": 60.0, "snapshots": 0}
    path, _ = fit(tiny.changed(epochs=3, dropout=0.0, learning_rate=0.002, optimizer="adamw", nesterov=False, **rarely))
    assert rows(path, "val")[-1]["top1"] > 0.6  # chance is 0.25
    assert rows(path, "train")[-1]["loss"] < rows(path, "train")[0]["loss"] * 0.9


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_run_goes_on_from_given_weights(fit, tiny, batch_norm):
    """With a learning rate of next to nothing it ends as good as it began."""
    learns = {"optimizer": "adamw", "nesterov": False, "learning_rate": 0.002, "dropout": 0.0, "snapshots": 0}
    first, _ = fit(tiny.changed(epochs=3, **learns))
    still = {**learns, "learning_rate": 1e-9, "epochs": 1, "weight_decay": 0.0}
    recipe = tiny.changed(start=f"run:{first.name}", batch_norm=batch_norm, **still)
    second, _ = fit(recipe)
    before = rows(first, "val")[-1]["loss"]
    state, _ = read_weights(sources.run_weights(first.name))
    shutil.rmtree(first)
    assert fit(recipe, second)[1]  # to go on it does not need what it began with
    after, _ = read_weights(sources.run_weights(second.name))
    if not batch_norm:
        assert all(torch.allclose(after[key], value, atol=1e-7) for key, value in state.items())
    else:  # its statistics follow the photos of the new run
        torch.testing.assert_close(after["fc8.weight"], state["fc8.weight"])
        assert rows(second, "val")[-1]["loss"] < 1.3 * before


def test_given_weights_must_fit_all_but_their_classes(fit, tiny):
    first, _ = fit(tiny.changed(epochs=1, snapshots=0))
    start = f"run:{first.name}"
    network = make_network(tiny.changed(start=start), 9, CPU)
    assert torch.equal(network.conv1.weight, read_weights(sources.run_weights(first.name))[0]["conv1.weight"])
    assert network.fc8.weight.shape[0] == 9
    with pytest.raises(RecipeError, match=r"its fc6.weight has shape .* Set variant and fc_width"):
        make_network(tiny.changed(start=start, fc_width=17), 4, CPU)


def test_given_weights_of_a_run_are_looked_for_beside_the_new_run(fit, tiny, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    still = {"epochs": 1, "learning_rate": 1e-9, "weight_decay": 0.0, "snapshots": 0}
    first, _ = fit(tiny, runs.create_run(tiny.changed(seed=1), elsewhere, "first"))
    recipe = tiny.changed(start="run:first", **still)
    second, done = fit(recipe, runs.create_run(recipe, elsewhere))
    assert done
    before, after = (read_weights(sources.run_weights(run.name, elsewhere))[0] for run in (first, second))
    assert all(torch.allclose(after[key], value, atol=1e-7) for key, value in before.items())


def test_a_row_says_what_the_page_shows(fit, tiny):
    path, _ = fit(tiny)
    row = rows(path, "train")[0]
    assert (row["step"], row["epoch"], row["attempt"]) == (5, 0, 1)
    assert 0 <= row["top1"] <= row["top5"] == 1  # four classes
    assert list(row["grad_norm"]) == ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"]
    assert list(row["dead"]) == [f"relu{n}" for n in range(1, 8)]
    assert all(0 <= share <= 1 for share in row["dead"].values())
    assert set(row["timing"]) == {"images_per_second", "data_share", "memory"}
    assert [r["step"] for r in rows(path, "train")] == [5, 6, 11, 12]
    assert list(path.glob("events.out.tfevents.*"))


def test_validation_is_that_of_the_weights_kept(fit, tiny):
    """Loss and hits of the last row, worked out again from the checkpoint on disk, photo by photo."""
    path, _ = fit(tiny)
    name = runs.read_index(path)["last"][0]
    state, described = read_weights(path / "checkpoints" / f"{name}.safetensors")
    network = build(NetworkSpec(**described["spec"]))
    network.load_state_dict(state)
    network.eval()
    val, row = data.load(tiny).val, rows(path, "val")[-1]
    how = Preprocessing(**described["preprocessing"])
    with torch.inference_mode():
        logits = [network(augment.eval_batch(val, np.array([i]), how, device=CPU))[0] for i in range(len(val))]
    labels = torch.from_numpy(val.labels)
    assert row["loss"] == pytest.approx(float(F.cross_entropy(torch.stack(logits), labels)), rel=1e-5)
    assert row["top1"] == pytest.approx(float((torch.stack(logits).argmax(1) == labels).float().mean()))
    assert described["categories"] == ["a", "b", "c", "d"]


def test_the_answers_of_the_best_epoch_are_kept(fit, tiny):
    path, _ = fit(tiny)
    answers = read_answers(path)
    best = max(rows(path, "val"), key=lambda row: (row["top1"], row["step"]))
    assert answers.step == best["step"]
    assert (answers.said == answers.label).mean() == pytest.approx(best["top1"])
    assert answers.index.tolist() == list(range(15))
    np.testing.assert_allclose(answers.top5_probability.sum(1), 1, rtol=1e-5)  # all four classes
    assert runs.class_names(path) == ("a", "b", "c", "d")


def test_the_most_wrong_photos_are_kept_as_the_network_saw_them(fit, tiny):
    path, _ = fit(tiny)
    answers, val = read_answers(path), data.load(tiny).val
    assert len(answers.shown) == len(answers.photos) > 0
    assert (answers.said != answers.label)[answers.shown].all()
    assert (np.diff(answers.probability[answers.shown]) >= 0).all()
    middle = val.image(int(answers.index[answers.shown[0]]))[4:-4, 4:-4].astype(float)
    np.testing.assert_allclose(answers.photos[0].mean((0, 1)), middle.mean((0, 1)), atol=2)


def test_ten_crops_are_the_mean_of_ten_answers(fit, tiny):
    recipe = tiny.changed(ten_crop=True, epochs=1)
    path, _ = fit(recipe)
    state, _ = checkpoints.load_last(path)
    network = build(recipe.spec(4))
    network.load_state_dict(state)
    network.eval()
    val = data.load(recipe).val
    crops = augment.eval_batch(val, np.arange(len(val)), recipe.preprocessing, device=CPU, ten_crop=True)
    with torch.inference_mode():
        mean = sum(network(crops[:, i]).softmax(1) for i in range(10)) / 10
    hits = (mean.argmax(1).numpy() == val.labels).mean()
    assert rows(path, "val")[-1]["ten_crop_top1"] == pytest.approx(hits)


def test_photos_grow_and_the_checkpoint_says_how_large_they_are(fit, tiny):
    path, _ = fit(tiny.changed(sizes=((0, 63), (1, 80)), input_size=80))
    sizes = [described["spec"]["input_size"] for _, described in map(read_weights, weights_in_order(path))]
    assert sizes[-1] == 80
    assert read_snapshot(path, 0).maps["relu1"].shape[1:] == read_snapshot(path, 12).maps["relu1"].shape[1:]


def weights_in_order(path):
    return sorted((path / "checkpoints").glob("*.safetensors"))


def test_the_film_shows_the_same_photo_while_the_filters_change(fit, tiny):
    path, _ = fit(tiny)
    assert snapshot_steps(path) == (0, 3, 12)
    first, last = read_snapshot(path, 0), read_snapshot(path, 12)
    assert first.conv1.shape == (64, 3, 11, 11)
    assert np.abs(last.conv1 - first.conv1).max() > 0
    assert {name: maps.shape[0] for name, maps in last.maps.items()} == {f"relu{n}": 16 for n in range(1, 6)}
    assert last.kernels["conv2"].shape == (8, 16, 5, 5)
    assert last.probabilities.sum() == pytest.approx(1, abs=1e-3)
    pixels, label = read_photo(path)
    assert pixels.shape == (67, 67, 3)
    np.testing.assert_array_equal(first.conv1, build_conv1(tiny))
    assert label == data.load(tiny).val.labels[0]


def build_conv1(recipe):
    network = build(recipe.spec(4), recipe.seed)
    return network.conv1.weight.detach().numpy().astype(np.float16).astype(np.float32)


def test_what_is_random_has_no_state(fit, tiny):
    """The threads that prepare batches, and what was drawn before, change nothing."""
    first, _ = fit(tiny.changed(workers=0))
    torch.rand(7)
    second, _ = fit(tiny.changed(workers=2, checkpoint_minutes=60.0, snapshots=0))
    one, two = (checkpoints.load_last(path)[0] for path in (first, second))
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_it_stops_early_when_nothing_gets_better(fit, tiny):
    path, done = fit(
        tiny.changed(epochs=20, learning_rate=1e-9, early_stopping=2, schedule="constant", checkpoint_minutes=60.0)
    )
    assert done
    assert len(rows(path, "val")) == 3
    assert snapshot_steps(path)[-1] == 18


def test_a_loss_that_is_no_number_ends_the_run_and_names_the_step(fit, tiny):
    recipe = tiny.changed(learning_rate=100.0, weight_decay=10.0, schedule="constant", epochs=5)
    with pytest.raises(TrainingFailed, match=r"step \d+.*smaller learning_rate"):
        fit(recipe)
    (path,) = (run.path for run in runs.list_runs())
    weights, _ = checkpoints.load_last(path)
    assert all(torch.isfinite(value).all() for value in weights.values())


def test_other_photos_cannot_go_on_with_a_run(fit, tiny, monkeypatch):
    path, _ = fit(tiny.changed(epochs=1))
    with pytest.raises(RunError, match="not those that this run began with"):
        fit(tiny.changed(epochs=1, classes=3), path)


def test_a_batch_larger_than_the_data_is_refused(fit, tiny):
    with pytest.raises(RecipeError, match="at most 48"):
        fit(tiny.changed(batch_size=64))
