"""Validation: the metrics of every photo once, and the answers that the best epoch leaves."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from alexnet_viz.errors import Stopped
from alexnet_viz.network.files import read_weights
from alexnet_viz.network.variants import build
from alexnet_viz.training import augment, checkpoints, data, runs
from alexnet_viz.training.answers import read_answers
from alexnet_viz.training.validation import evaluate, validate
from alexnet_viz.values import NetworkSpec, Preprocessing

CPU = torch.device("cpu")


def test_validation_is_that_of_the_weights_kept(fit, tiny, metric_rows):
    """Loss and hits of the last row, worked out again from the checkpoint on disk, photo by photo."""
    path, _ = fit(tiny)
    name = runs.read_index(path)["last"][0]
    state, described = read_weights(path / "checkpoints" / f"{name}.safetensors")
    network = build(NetworkSpec(**described["spec"]))
    network.load_state_dict(state)
    network.eval()
    val, row = data.load(tiny).val, metric_rows(path, "val")[-1]
    how = Preprocessing(**described["preprocessing"])
    with torch.inference_mode():
        logits = [network(augment.eval_batch(val, np.array([i]), how, device=CPU))[0] for i in range(len(val))]
    labels = torch.from_numpy(val.labels)
    assert row["loss"] == pytest.approx(float(F.cross_entropy(torch.stack(logits), labels)), rel=1e-5)
    assert row["top1"] == pytest.approx(float((torch.stack(logits).argmax(1) == labels).float().mean()))
    assert described["categories"] == ["a", "b", "c", "d"]


def test_the_answers_of_the_best_epoch_are_kept(fit, tiny, metric_rows):
    path, _ = fit(tiny)
    answers = read_answers(path)
    best = max(metric_rows(path, "val"), key=lambda row: (row["top1"], row["step"]))
    assert answers.step == best["step"]
    assert (answers.predicted == answers.label).mean() == pytest.approx(best["top1"])
    assert answers.index.tolist() == list(range(15))
    np.testing.assert_allclose(answers.top5_probability.sum(1), 1, rtol=1e-5)  # all four classes
    assert runs.class_names(path) == ("a", "b", "c", "d")


def test_the_most_wrong_photos_are_kept_as_the_network_saw_them(fit, tiny):
    path, _ = fit(tiny)
    answers, val = read_answers(path), data.load(tiny).val
    assert len(answers.shown) == len(answers.photos) > 0
    assert (answers.predicted != answers.label)[answers.shown].all()
    assert (np.diff(answers.probability[answers.shown]) >= 0).all()
    middle = val.image(int(answers.index[answers.shown[0]]))[4:-4, 4:-4].astype(float)
    np.testing.assert_allclose(answers.photos[0].mean((0, 1)), middle.mean((0, 1)), atol=2)


def test_ten_crops_are_the_mean_of_ten_answers(fit, tiny, metric_rows):
    recipe = tiny.changed(ten_crop=True, epochs=1)
    path, _ = fit(recipe)
    state, _ = checkpoints.read_last_checkpoint(path)
    network = build(recipe.spec(4))
    network.load_state_dict(state)
    network.eval()
    val = data.load(recipe).val
    crops = augment.eval_batch(val, np.arange(len(val)), recipe.preprocessing, device=CPU, ten_crop=True)
    with torch.inference_mode():
        mean = sum(network(crops[:, i]).softmax(1) for i in range(10)) / 10
    hits = (mean.argmax(1).numpy() == val.labels).mean()
    assert metric_rows(path, "val")[-1]["ten_crop_top1"] == pytest.approx(hits)


def test_only_ten_crop_recipes_have_ten_crop_metrics(set_up_run, tiny):
    context, state = set_up_run(tiny)
    assert list(evaluate(context, state.network, 67)[0]) == ["loss", "top1", "top5"]
    context, state = set_up_run(tiny.changed(ten_crop=True))
    means, answers = evaluate(context, state.network, 67)
    assert list(means) == ["loss", "top1", "top5", "ten_crop_top1", "ten_crop_top5"]
    assert means["top5"] == means["ten_crop_top5"] == 1  # of four classes
    assert [len(column) for column in answers[0]] == [15] * 5


def test_a_stop_meanwhile_leaves_everything_as_it_was(set_up_run, tiny, metric_rows):
    context, state = set_up_run(tiny)
    context.monitor.ask_to_stop()
    with pytest.raises(Stopped):
        validate(context, state)
    assert state.history == []
    assert read_answers(context.path) is None
