"""Places that are no folders of photos: devices, pipes, sockets, parts of the system, and links to them."""

import os
import socket
from dataclasses import replace

import psutil
import pytest

from alexnet_viz.errors import DataError, Stopped
from alexnet_viz.images.formats import MAX_PHOTO_BYTES
from alexnet_viz.sandbox import Sandbox
from alexnet_viz.training import data, listing
from alexnet_viz.training.listing import list_place
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.training.walk import TOO_LARGE

linux = pytest.mark.skipif(not os.path.exists("/proc/self/mountinfo"), reason="Linux alone says what is what")


def photos(*folders):
    return {f"{folder}/{i}.jpg": None for folder in folders for i in range(3)}


def reasons(found):
    return {kind.reason: kind.names for kind in (*found.refused, *found.left_out)}


@linux
@pytest.mark.parametrize(
    "place", ["/dev/zero", "/dev/full", "/dev/null", "/dev", "/sys", "/proc", "/proc/self/mem", "/proc/kmsg"]
)
def test_a_place_that_is_part_of_the_system_is_one_sentence(place):
    before = psutil.Process().memory_info().rss
    with pytest.raises(DataError, match="part of the system"):
        data.examine(Recipe(data=f"folder:{place}"))
    assert psutil.Process().memory_info().rss - before < 50 << 20


@pytest.mark.parametrize("kind", ["pipe", "socket", "link to a pipe", "link to a device"])
def test_a_place_that_is_no_file_is_one_sentence(tmp_path, kind):
    place = tmp_path / "place"
    with socket.socket(socket.AF_UNIX) as end:
        match kind:
            case "pipe":
                os.mkfifo(place)
            case "socket":
                end.bind(os.path.relpath(place))
            case "link to a pipe":
                os.mkfifo(tmp_path / "pipe")
                place.symlink_to("pipe")
            case _:
                place.symlink_to("/dev/zero")
        with pytest.raises(DataError, match="is a device, a pipe or a part of the system"):
            data.examine(Recipe(data=f"folder:{place}"))


@linux
def test_what_is_no_file_is_left_out_among_photos(make_tree):
    root = make_tree(photos("ant", "bee"))
    os.mkfifo(root / "ant" / "pipe.jpg")
    os.mkfifo(root / "ant" / "pipe")
    for name, target in (("zero.jpg", "/dev/zero"), ("kmsg.jpg", "/proc/kmsg"), ("random", "/dev/random")):
        os.symlink(target, root / "ant" / name)
    for name, target in (("sys", "/sys"), ("proc", "/proc/self"), ("dev", "/dev")):
        os.symlink(target, root / name)
    os.symlink("/proc/self/mem", root / "classes.tsv")
    found = list_place(root)
    assert len(found.paths) == 6
    assert reasons(found) == {
        "that are pipes, sockets, devices or parts of the system": (
            *("ant/pipe", "ant/pipe.jpg", "classes.tsv", "dev", "proc", "sys"),
            *("ant/kmsg.jpg", "ant/random", "ant/zero.jpg"),
        )
    }


def test_a_file_that_became_a_pipe_is_not_waited_for(make_tree):
    root = make_tree(photos("ant", "bee"))
    found = list_place(root)
    (root / "ant/0.jpg").unlink()
    os.mkfifo(root / "ant/0.jpg")
    with pytest.raises(OSError, match="not a regular file"):
        found.read("ant/0.jpg")


def test_a_file_of_no_use_for_its_size(make_tree):
    root = make_tree(photos("ant", "bee"))
    with open(root / "ant" / "disk.jpg", "wb") as file:
        file.truncate(MAX_PHOTO_BYTES + 1)  # a hole: no block of the disk is used
    assert reasons(list_place(root)) == {TOO_LARGE: ("ant/disk.jpg",)}


def test_progress_is_said_and_can_stop_the_listing(make_tree):
    root = make_tree(photos("ant", "bee"))

    def stop(words):
        assert "listing" in words
        raise Stopped

    with pytest.raises(Stopped):
        list_place(root, stop)


def endless(arguments, data, progress):
    progress("at it")
    while True:
        pass


def greedy(arguments, data, progress):
    return {}, bytes(1 << 40)


@pytest.mark.parametrize(
    ("function", "message"), [("endless", "could not be listed within"), ("greedy", "takes more than")]
)
def test_a_listing_has_limits(monkeypatch, tmp_path, function, message):
    limited = Sandbox(f"{__name__}:{function}", seconds=1, memory=1 << 28, children=1)
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(__file__))
    monkeypatch.setattr(listing, "_sandbox", limited)
    with pytest.raises(DataError, match=message):
        list_place(tmp_path)


def test_folders_many_levels_deep_end(make_tree):
    root = make_tree(photos("ant", "bee"))
    deep = root / "ant" / "/".join("x" * 100)
    deep.mkdir(parents=True)
    (deep / "1.jpg").write_bytes(b"")
    found = list_place(root)
    assert len(found.paths) == 6
    assert reasons(found)["more than 64 folders deep"][0].startswith("ant/x/x")


def test_files_of_equal_size_are_compared_while_they_are_few(make_tree, make_jpeg, monkeypatch):
    files = {f"ant/{i}.jpg": make_jpeg(seed=i // 2) for i in range(4)}
    found = list_place(make_tree(files))
    assert found.twins == {"ant/1.jpg": "ant/0.jpg", "ant/3.jpg": "ant/2.jpg"}
    inside = replace(found, twins=found.twins).inside("ant")
    assert inside.twins == {"1.jpg": "ant/0.jpg", "3.jpg": "ant/2.jpg"}
    assert inside.read("1.jpg") == make_jpeg(seed=0)
