"""The network as it is trained: its first weights, drawn or given, and its wrappers."""

import numpy as np
import pytest
import torch

from alexnet_viz.errors import RecipeError
from alexnet_viz.network import sources
from alexnet_viz.network.files import read_weights
from alexnet_viz.network.variants import build
from alexnet_viz.network.weights import load
from alexnet_viz.training import batch_norm, runs
from alexnet_viz.training.distributed import ProcessGroup
from alexnet_viz.training.model import MeasuredNetwork, make_network, wrap_model
from alexnet_viz.training.snapshots import read_snapshot
from alexnet_viz.values import NetworkSpec

CPU = torch.device("cpu")


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


def test_asked_to_measure_the_model_counts_units_that_are_zero_for_the_whole_batch():
    network = build(NetworkSpec(num_classes=3, fc_width=8, input_size=67), seed=0).eval()
    with torch.no_grad():
        network.fc6.weight[:2], network.fc6.bias[:2] = 0, -1.0  # two of eight say nothing
        network.conv1.weight[:16], network.conv1.bias[:16] = 0, -1.0  # 16 of 64 channels
        network.fc6.weight[2:], network.fc6.bias[2:] = 0, 1.0
    x = torch.randn(2, 3, 67, 67)
    logits, dead = MeasuredNetwork(network)(x, measure=True)
    assert torch.equal(logits, network(x))
    assert list(dead) == [f"relu{i}" for i in range(1, 8)]
    assert dead["relu6"] == 0.25
    assert dead["relu1"] >= 0.25
    assert MeasuredNetwork(network)(x)[1] == {}


def test_batch_norm_over_several_processes_needs_gpus(tiny):
    recipe = tiny.changed(batch_norm=True)
    network = make_network(recipe, 4, CPU)
    with pytest.raises(RecipeError, match="needs GPUs"):
        wrap_model(recipe, network, ProcessGroup(world_size=2), CPU)
    assert wrap_model(recipe, network, ProcessGroup(), CPU).network is network
