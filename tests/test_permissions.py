"""What a person may do is asked at the core's entries, whatever a page shows."""

import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from alexnet_viz import permissions
from alexnet_viz.errors import NotPermitted
from alexnet_viz.network import sources, weights
from alexnet_viz.permissions import ALL, Permissions
from alexnet_viz.training import data, data_place, estimate, launcher, runs
from alexnet_viz.training.recipe import preset
from alexnet_viz.units import collection

AUDIENCE = Permissions()


@pytest.fixture
def run(tmp_path):
    return runs.create_run(preset("quick"), tmp_path / "runs")


@pytest.fixture
def audience():
    with permissions.acting_with(AUDIENCE):
        yield


def test_nothing_is_refused_where_nobody_says_who_asks():
    assert permissions.current() == ALL


@pytest.mark.parametrize(
    "change",
    [
        launcher.start,
        launcher.ask_to_stop,
        launcher.terminate,
        launcher.kill,
        launcher.end,
        launcher.delete,
        lambda run: runs.write_notes(run, "mine"),
        lambda run: data_place.move(run, "/"),
        lambda run: runs.create_run(preset("quick"), run.parent),
        lambda run: launcher.check(preset("quick")),
        lambda run: estimate.in_own_process(preset("quick")),
    ],
)
def test_the_audience_changes_no_run(run, audience, change):
    before = sorted(run.parent.rglob("*"))
    with pytest.raises(NotPermitted, match="Only the presenter"):
        change(run)
    assert sorted(run.parent.rglob("*")) == before


def test_the_audience_lets_the_server_fetch_nothing(tmp_path, audience, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("ALEXNET_VIZ_CACHE", str(tmp_path / "cache"))
    for fetch in (sources.download_imagenet, lambda: weights.load("imagenet")):
        with pytest.raises(NotPermitted, match="download"):
            fetch()
    for name in ("cifar10", "imagenette", "imagenet"):
        recipe = preset("quick").changed(data=name if name in data.DOWNLOADS else f"{name}:{tmp_path}")
        with pytest.raises(NotPermitted, match="download"):
            data.load(recipe)  # for the validation photos of a run
        if name in data.DOWNLOADS:
            with pytest.raises(NotPermitted, match="download"):
                data.fetch(recipe)
    assert not list(tmp_path.iterdir())


def test_the_audience_adds_a_checkpoint_only_where_it_may(tmp_path, monkeypatch):
    monkeypatch.setenv("ALEXNET_VIZ_CACHE", str(tmp_path / "cache"))
    data_of_file = save({"conv1.weight": np.zeros(1)})
    with permissions.acting_with(AUDIENCE), pytest.raises(NotPermitted, match="checkpoints"):
        sources.save_upload(data_of_file, "own.safetensors")
    assert not (tmp_path / "cache").exists()
    with permissions.acting_with(Permissions(checkpoints=True)):
        path = sources.save_upload(data_of_file, "own.safetensors")
    with permissions.acting_with(AUDIENCE):
        assert sources.path_of(str(path)) == path  # a link of the presenter's to it opens
        with pytest.raises(NotPermitted):
            sources.path_of(str(path.parent.parent / ".." / "x" / path.name))


@pytest.mark.parametrize(
    "name",
    [
        lambda place: sources.path_of(str(place)),
        lambda place: weights.load(str(place)),
        lambda place: collection.of_place(place),
        lambda place: collection.named(str(place)),
        lambda place: collection.last_change(str(place)),
        lambda place: data.examine(preset("quick").changed(data=f"folder:{place}")),
    ],
)
def test_the_audience_names_no_path_and_learns_nothing_of_the_disk(tmp_path, name):
    (tmp_path / "secret").mkdir()
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "link").symlink_to(tmp_path / "secret")
    refused = set()
    with permissions.acting_with(Permissions(roots=(tmp_path / "open",))):
        for place in ("secret", "missing", "open/../secret", "open/link", "open/link/x", "opened"):
            with pytest.raises(NotPermitted) as error:
                name(tmp_path / place)
            refused.add(str(error.value).replace(str(tmp_path / place), ""))
    assert len(refused) == 1  # the same of what is there and of what is not


def test_below_a_root_paths_are_read_and_home_is_no_way_around(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    path = tmp_path / "open" / "own.safetensors"
    with permissions.acting_with(Permissions(roots=(tmp_path / "open",))):
        assert sources.path_of(str(path)) == path
        with pytest.raises(NotPermitted):
            sources.path_of("~/own.safetensors")
        for user in ("~root/x", "~nosuchuser/x"):
            for name in (sources.path_of, collection.last_change, collection.named):
                with pytest.raises(NotPermitted):
                    name(user)


def test_an_upload_is_known_behind_links_and_in_a_relative_folder(tmp_path, monkeypatch):
    (tmp_path / "disk").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "disk")
    monkeypatch.chdir(tmp_path)
    for cache in (str(tmp_path / "home" / "cache"), "cache"):
        monkeypatch.setenv("ALEXNET_VIZ_CACHE", cache)
        with permissions.acting_with(Permissions(checkpoints=True)):
            path = sources.save_upload(save({"conv1.weight": np.zeros(1)}), "own.safetensors")
            assert sources.path_of(str(path)) == path


def test_a_run_is_looked_at_by_all(run, audience, tmp_path):
    assert runs.read_run(run).id == run.name
    assert [other.id for other in runs.list_runs(tmp_path / "runs")] == [run.name]


def test_another_thread_keeps_the_permissions_of_who_asked():
    seen: list[Permissions] = []
    with permissions.acting_with(AUDIENCE):
        there = permissions.carried(lambda: seen.append(permissions.current()))
    for target in (there, lambda: seen.append(permissions.current())):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
    assert seen == [AUDIENCE, ALL]


def test_a_server_says_what_a_thread_may_do_for_which_nothing_is_set(monkeypatch):
    monkeypatch.setattr(permissions, "_default", permissions._default)
    permissions.set_default(lambda: AUDIENCE)
    with pytest.raises(NotPermitted):
        permissions.require("runs")
    with permissions.acting_with(ALL):
        permissions.require("runs")
        permissions.require_path(Path("/etc"))
