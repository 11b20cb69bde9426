"""A run as it is set up: refused where it cannot work, with given weights that go on as good as they were."""

import shutil

import pytest
import torch

from alexnet_viz.errors import RecipeError
from alexnet_viz.network import sources
from alexnet_viz.network.files import read_weights
from alexnet_viz.training import runs


def test_a_batch_larger_than_the_data_is_refused(fit, tiny):
    with pytest.raises(RecipeError, match="at most 48"):
        fit(tiny.changed(batch_size=64))


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_run_goes_on_from_given_weights(fit, tiny, batch_norm, metric_rows):
    """With a learning rate of next to nothing it ends as good as it began."""
    learns = {"optimizer": "adamw", "nesterov": False, "learning_rate": 0.002, "dropout": 0.0, "snapshots": 0}
    first, _ = fit(tiny.changed(epochs=3, **learns))
    still = {**learns, "learning_rate": 1e-9, "epochs": 1, "weight_decay": 0.0}
    recipe = tiny.changed(start=f"run:{first.name}", batch_norm=batch_norm, **still)
    second, _ = fit(recipe)
    before = metric_rows(first, "val")[-1]["loss"]
    state, _ = read_weights(sources.run_weights(first.name))
    shutil.rmtree(first)
    assert fit(recipe, second)[1]  # to go on it does not need what it began with
    after, _ = read_weights(sources.run_weights(second.name))
    if not batch_norm:
        assert all(torch.allclose(after[key], value, atol=1e-7) for key, value in state.items())
    else:  # its statistics follow the photos of the new run
        torch.testing.assert_close(after["fc8.weight"], state["fc8.weight"])
        assert metric_rows(second, "val")[-1]["loss"] < 1.3 * before


def test_the_status_says_what_a_run_is_trained_on_and_with(set_up_run, tiny):
    context, state = set_up_run(tiny)
    status = context.monitor.status
    assert (status.steps, status.step, state.step) == (12, 0, 0)
    assert status.about == {
        "device": "cpu",
        "precision": "fp32",
        "threads": 1,
        "processes": 1,
        "torch": str(torch.__version__),
        "photos": [48, 15],
        "classes": 4,
        "skipped": 0,
        "notes": [],
    }
    assert runs.class_names(context.path) == ("a", "b", "c", "d")
