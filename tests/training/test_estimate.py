from collections import namedtuple

import psutil
import pytest

from alexnet_viz.errors import RecipeError
from alexnet_viz.network.variants import build
from alexnet_viz.training import estimate, launcher, runs
from alexnet_viz.training.recipe import Recipe, preset
from alexnet_viz.values import DeviceInfo


@pytest.fixture
def memory(monkeypatch, tmp_path):
    """memory(gigabytes): a CPU with so much free memory, and twice as much in all."""

    def memory(gigabytes):
        found = namedtuple("memory", "available total")(int(gigabytes * 1e9), int(2 * gigabytes * 1e9))
        monkeypatch.setattr(psutil, "virtual_memory", lambda: found)
        monkeypatch.setattr(estimate, "_CGROUP", tmp_path)

    return memory


CPU = {"device": "cpu", "classes": 14, "threads": 1}


@pytest.mark.parametrize("variant", ["torchvision", "paper", "single-tower"])
def test_parameters_and_memory_are_those_of_the_network(variant):
    recipe = Recipe(variant=variant, fc_width=512, **CPU)
    network = build(recipe.spec(14))
    assert estimate.sizes(recipe, 14)[0] == sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(
    ("changes", "gigabytes", "remedy"),
    [
        ({"fc_width": 65536}, 20, r"lower fc_width \(now 65,536\)"),
        ({"batch_size": 4096}, 5, r"lower batch_size to \d\d\d\."),
        ({"batch_size": 4096, "processes": 4}, 10, r"lower batch_size to \d+\."),
    ],
)
def test_what_does_not_fit_names_the_setting_to_lower(memory, changes, gigabytes, remedy):
    memory(gigabytes)
    with pytest.raises(
        RecipeError, match=rf"needs about [\d.]+ GB of memory and this machine has [\d.]+ GB free: {remedy}"
    ):
        estimate.check_memory(Recipe(**CPU | changes), 14)


def test_the_batch_size_that_is_named_fits(memory):
    memory(5)
    recipe = Recipe(**CPU, batch_size=4096)
    with pytest.raises(RecipeError) as caught:
        estimate.check_memory(recipe, 14)
    fitting = int(str(caught.value).rpartition(" ")[2].strip(".").replace(",", ""))
    estimate.check_memory(recipe.changed(batch_size=fitting), 14)
    with pytest.raises(RecipeError):
        estimate.check_memory(recipe.changed(batch_size=fitting + 1), 14)


def test_a_run_that_waits_may_have_all_memory(memory):
    memory(1.2)
    recipe = Recipe(**CPU)
    with pytest.raises(RecipeError, match="free"):
        estimate.check_memory(recipe, 14)
    estimate.check_memory(recipe, 14, waits=True)


def test_a_container_has_its_own_limit(memory, tmp_path):
    memory(100)
    recipe = Recipe(**CPU)
    estimate.check_memory(recipe, 14)
    (tmp_path / "memory.max").write_text("2000000000\n")
    (tmp_path / "memory.current").write_text("1900000000\n")
    (tmp_path / "memory.stat").write_text("anon 1500000000\nfile 400000000\nactive_file 1\ninactive_file 399999999\n")
    with pytest.raises(RecipeError, match=r"has 0\.5 GB free"):
        estimate.check_memory(recipe, 14)


def test_files_that_the_kernel_keeps_in_memory_leave_room_in_a_container(memory, tmp_path):
    """Reading photos fills a container to its limit; it is given back to whoever needs it."""
    memory(100)
    (tmp_path / "memory.max").write_text("4000000000\n")
    (tmp_path / "memory.current").write_text("3999000000\n")
    (tmp_path / "memory.stat").write_text("anon 99000000\nactive_file 900000000\ninactive_file 3000000000\n")
    estimate.check_memory(Recipe(**CPU), 14)


def test_a_gpu_has_memory_of_its_own(memory, monkeypatch):
    from alexnet_viz.network import device

    memory(100)
    monkeypatch.setattr(device, "devices", lambda: (DeviceInfo("cuda:0", "A GPU", 8 * 10**9, 2 * 10**9),))
    with pytest.raises(RecipeError, match=r"A GPU has 2\.0 GB free: lower fc_width"):
        estimate.check_memory(Recipe(fc_width=16384), 1000)


def test_nothing_is_made_for_a_recipe_that_does_not_fit(memory, tmp_path):
    memory(4)
    with pytest.raises(RecipeError, match="lower fc_width"):
        launcher.check(preset("quick").changed(fc_width=65536), tmp_path)
    assert runs.list_runs(tmp_path) == ()


def test_one_photo_a_step_has_no_variance_to_normalise_by():
    with pytest.raises(RecipeError, match="batch_norm needs at least two photos a step"):
        preset("quick").changed(batch_size=1)
    preset("quick").changed(batch_size=1, batch_norm=False)
