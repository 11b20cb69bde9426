"""Where photos are kept: in memory, in a folder or a Redis that several servers share. The same tests for each."""

import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from alexnet_viz.errors import StoreError
from alexnet_viz.ui.shared import photo_store
from alexnet_viz.ui.shared.photo_store import FolderStore, MemoryStore, RedisStore, reference_of, shared_store
from tests.waiting import wait_until

REDIS = shutil.which("valkey-server") or shutil.which("redis-server")
LIMIT = 24 << 20
LARGE = 3 << 20  # bytes of a photo of which so many do not fit


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory):
    """The address of a server of its own that holds little more than LIMIT; skips where none is installed."""
    redis = pytest.importorskip("redis")
    if not REDIS:
        pytest.skip("neither valkey-server nor redis-server is installed")
    port = free_port()
    with running(tmp_path_factory.mktemp("redis"), port, "--maxmemory-policy", "allkeys-lru"):
        with redis.Redis(port=port) as client:
            client.config_set("maxmemory", client.info("memory")["used_memory"] + LIMIT)  # it needs some for itself
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def running(folder, port, *options):
    """A Redis or Valkey that keeps nothing on the disk, while inside."""
    command = [REDIS, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: answers(port), process)
            yield
        finally:
            process.kill()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def opener(request, tmp_path):
    """A function that opens the store named by a fixture's parameter once more, as another server does."""
    if request.param == "memory":  # one for all who open it
        memory = MemoryStore(LIMIT)
        return lambda: memory
    if request.param == "folder":
        return lambda: FolderStore(tmp_path / "photos", limit=LIMIT)
    address = request.getfixturevalue("redis_server")
    RedisStore(address)._client.flushall()
    return lambda: RedisStore(address)


opened = pytest.fixture(params=["memory", "folder", "redis"])(opener)
shared = pytest.fixture(params=["folder", "redis"])(opener)


def photo(number, size=1000):
    data = number.to_bytes(4, "big") * (size // 4)
    return reference_of(data), data


def test_a_photo_comes_back_with_its_name_from_every_opened_store(opened):
    reference, data = photo(1)
    opened().put(reference, data, "Zürich\n\0\ud800.jpg")
    assert opened().get(reference) == (data, "Zürich\n\0\ud800.jpg")
    assert opened().get(photo(2)[0]) is None


@pytest.mark.parametrize("name", ["", "upload-", "../secret", "upload-" + "g" * 32, "upload-" + "0" * 33, "coffee\n"])
def test_what_can_be_no_reference_leads_nowhere(opened, name):
    assert opened().get(name) is None


def test_what_is_too_much_goes_those_uploaded_longest_ago_first(opened):
    references = []
    for number in range(12):
        reference, data = photo(number, LARGE)
        opened().put(reference, data, "a.jpg")
        references.append(reference)
        time.sleep(0.01)
    held = [opened().get(reference) is not None for reference in references]
    assert 3 <= sum(held) <= LIMIT // LARGE
    assert held[-1]
    if not isinstance(opened(), RedisStore):  # which draws from a few
        assert held == sorted(held)


def grow_older(store, reference, days):
    """Set the clock back for one photo."""
    seconds = days * 24 * 3600
    if isinstance(store, FolderStore):
        path = store._folder / reference
        os.utime(path, (path.stat().st_mtime - seconds,) * 2)
    else:
        key = photo_store._key(reference)
        store._client.expire(key, store._client.ttl(key) - seconds)


def test_a_photo_goes_seven_days_after_its_last_upload(shared):
    store, once, again = shared(), photo(1), photo(2)
    for reference, data in (once, again):
        store.put(reference, data, "a.jpg")
        grow_older(store, reference, 6)
        assert store.get(reference)
    store.put(*again, "a.jpg")
    for reference, _ in (once, again):
        grow_older(store, reference, 2)
    assert shared().get(once[0]) is None
    assert shared().get(again[0]) is not None


def overwrite(store, reference, packed):
    """What somebody does who can write to the store."""
    if isinstance(store, FolderStore):
        (store._folder / reference).write_bytes(packed)
    else:
        store._client.set(photo_store._key(reference), packed)


@pytest.mark.parametrize("harm", ["other bytes", "torn", "empty", "no name", "a name of another kind", "no end"])
def test_bytes_that_are_not_the_photos_are_not_its_photo_until_it_is_uploaded_again(shared, harm, caplog):
    store, (reference, data), (_, other) = shared(), photo(1), photo(2)
    packed = {
        "other bytes": b'"a.jpg"\n' + other,
        "torn": b'"a.jpg"\n' + data[:-1],
        "empty": b"",
        "no name": data,
        "a name of another kind": json.dumps([1]).encode() + b"\n" + data,
        "no end": b'"' + b"a" * 1000,
    }[harm]
    store.put(reference, data, "a.jpg")
    overwrite(store, reference, packed)
    with caplog.at_level(logging.WARNING, "alexnet_viz"):
        assert store.get(reference) is None
    assert reference in caplog.text
    store.put(reference, data, "a.jpg")
    assert store.get(reference) == (data, "a.jpg")


WRITER = """
import sys
from pathlib import Path
from alexnet_viz.ui.shared.photo_store import FolderStore, RedisStore, reference_of
kind, place, first = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = FolderStore(Path(place), limit=24 << 20) if kind == "FolderStore" else RedisStore(place)
for number in range(first, first + 40):
    data = number.to_bytes(4, "big") * (1 << 18)
    store.put(reference_of(data), data, f"{number}.jpg")
    file = store.get(reference_of(data))  # another process may have needed the room
    assert file is None or file == (data, f"{number}.jpg"), number
"""


def test_two_processes_at_once_keep_each_others_photos_whole_and_the_bound(shared, request):
    store = shared()
    kind = type(store).__name__
    place = str(store._folder) if kind == "FolderStore" else request.getfixturevalue("redis_server")
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, kind, place, str(first)]) for first in (0, 20)]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    files = [store.get(reference_of(number.to_bytes(4, "big") * (1 << 18))) for number in range(60)]
    assert 5 <= sum(file is not None for file in files) <= LIMIT >> 20


# --- a server's memory in front ------------------------------------------------------------------


class Flaky:
    """A shared store that answers only while it is up."""

    what_happens = "Photos are somewhere."

    def __init__(self):
        self.files, self.is_up, self.asked = {}, True, 0

    def put(self, reference, data, name):
        self._ask()
        self.files[reference] = photo_store.File(data, name)

    def get(self, reference):
        self._ask()
        return self.files.get(reference)

    def _ask(self):
        self.asked += 1
        if not self.is_up:
            raise StoreError("The store sleeps.")


def test_a_memory_asks_the_shared_store_once_and_says_what_becomes_of_photos():
    shared, (reference, data) = Flaky(), photo(1)
    MemoryStore(shared=shared).put(reference, data, "a.jpg")
    other = MemoryStore(shared=shared)
    assert not other.holds(reference)
    assert other.get(reference) == other.get(reference) == (data, "a.jpg")
    assert other.holds(reference)
    assert shared.asked == 2
    other.put(reference, data, "b.jpg")
    assert shared.asked == 2
    assert other.what_happens == "Photos are somewhere."
    assert "never written to its disk" in MemoryStore().what_happens


def test_photos_of_a_time_without_the_store_come_into_it_afterwards(monkeypatch, caplog):
    shared = Flaky()
    memory = MemoryStore(shared=shared)
    shared.is_up = False
    with caplog.at_level(logging.WARNING, "alexnet_viz"):
        for number in (1, 2):
            memory.put(*photo(number), "a.jpg")
            assert memory.get(photo(number)[0])
        with pytest.raises(StoreError, match=r"The store sleeps\."):
            memory.get(photo(3)[0])
    assert shared.asked == len(caplog.records) == 1  # nobody waits for it twice
    shared.is_up = True
    later = time.monotonic() + photo_store._PAUSE
    monkeypatch.setattr(photo_store.time, "monotonic", lambda: later)
    memory.put(*photo(1), "a.jpg")  # as each run of a page does whose uploader holds it
    assert set(shared.files) == {photo(1)[0], photo(2)[0]}
    assert memory.get(photo(3)[0]) is None


def test_a_photo_that_the_memory_had_to_drop_comes_from_the_store(tmp_path):
    memory = MemoryStore(2 * LARGE, FolderStore(tmp_path))
    for number in range(4):
        memory.put(*photo(number, LARGE), f"{number}.jpg")
    assert not memory.holds(photo(0, LARGE)[0])
    assert memory.get(photo(0, LARGE)[0]).name == "0.jpg"


# --- the folder ----------------------------------------------------------------------------------


def test_a_folder_loses_nothing_but_old_photos_and_what_was_left_half_written(tmp_path):
    keep = ["holiday.jpg", ".upload-notes", "upload-0123", "runs"]
    for name in keep[:-1]:
        (tmp_path / name).write_bytes(bytes(LIMIT))
    (tmp_path / "runs").mkdir()
    old, part, young_part = photo(1)[0], f".{photo(2)[0]}.{'0' * 32}.part", f".{photo(3)[0]}.{'0' * 32}.part"
    for name in (old, part, young_part, *keep):
        path = tmp_path / name
        path.touch()
        if name != young_part:
            os.utime(path, (1, 1))
    FolderStore(tmp_path, limit=LIMIT).put(*photo(4), "a.jpg")
    assert sorted(os.listdir(tmp_path)) == sorted([*keep, young_part, photo(4)[0]])


def test_small_files_are_bounded_too(tmp_path):
    store = FolderStore(tmp_path, limit=1 << 20)
    for number in range(8):
        store.put(*photo(number, 4), "a.jpg")
    assert len(os.listdir(tmp_path)) == 4


def test_a_pipe_or_a_folder_under_a_photos_name_is_no_photo(tmp_path):
    store = FolderStore(tmp_path)
    os.mkfifo(tmp_path / photo(1)[0])
    (tmp_path / photo(2)[0]).mkdir()
    assert store.get(photo(1)[0]) is store.get(photo(2)[0]) is None


def test_a_folder_that_breaks_says_so_in_a_sentence_and_the_photo_is_seen_all_the_same(tmp_path, caplog):
    folder = tmp_path / "photos"
    memory = MemoryStore(shared=FolderStore(folder))
    folder.rmdir()
    folder.write_text("a file in its place")
    memory.put(*photo(1), "a.jpg")
    assert memory.get(photo(1)[0]).name == "a.jpg"
    with pytest.raises(StoreError, match=r"^Photos cannot be kept in .*photos \(.*\): change its rights .*\.$"):
        memory.get(photo(2)[0])
    assert len(caplog.records) == 1


def test_a_new_folder_is_the_apps_alone(tmp_path):
    FolderStore(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o077 == 0


# --- Redis ---------------------------------------------------------------------------------------


@pytest.mark.skipif(not REDIS, reason="neither valkey-server nor redis-server is installed")
@pytest.mark.parametrize("options", [(), ("--maxmemory", "20mb", "--maxmemory-policy", "noeviction")])
def test_a_redis_without_a_bound_is_refused(tmp_path, options):
    pytest.importorskip("redis")
    port = free_port()
    with (
        running(tmp_path, port, *options),
        pytest.raises(StoreError, match=rf"at 127\.0\.0\.1:{port} has no bound: start it with maxmemory"),
    ):
        RedisStore(f"redis://127.0.0.1:{port}/0")


@pytest.mark.skipif(not REDIS, reason="neither valkey-server nor redis-server is installed")
def test_a_redis_that_dies_says_so_and_is_asked_again_once_it_is_back(tmp_path):
    pytest.importorskip("redis")
    how = (free_port(), "--maxmemory", "20mb", "--maxmemory-policy", "allkeys-lru")
    with running(tmp_path, *how):
        store = RedisStore(f"redis://127.0.0.1:{how[0]}/0")
        store.put(*photo(1), "a.jpg")
    with pytest.raises(StoreError, match=r"^The store of photos at .* does not answer \(.*\): start it, or"):
        store.get(photo(1)[0])
    with running(tmp_path, *how):
        store.put(*photo(1), "a.jpg")
        assert store.get(photo(1)[0]).name == "a.jpg"


# --- the variable --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("/srv/photos", r"must be folder:/a/path or redis://host:6379/0, not '/srv/photos'\.$"),
        ("folder:", r"not 'folder'\.$"),
        ("reds://:hunter2@host", r"not 'reds' and what follows\.$"),
        ("redis://:hunter2@127.0.0.1:9/0", r"at 127\.0\.0\.1:9 does not answer \(.*\): start it"),
        ("redis://host:port/0", r"names a Redis that cannot be \(.*\): redis://host:6379/0 can\.$"),
        ("folder:/proc/photos", r"Photos cannot be kept in /proc/photos \(.*\): change its rights"),
    ],
)
def test_a_wrong_value_is_a_sentence_without_a_password(monkeypatch, value, sentence):
    monkeypatch.setenv(photo_store.VARIABLE, value)
    if value.startswith("redis"):
        pytest.importorskip("redis")
    with pytest.raises(StoreError, match=sentence) as caught:
        shared_store.__wrapped__()
    assert "hunter2" not in str(caught.value)


def test_no_variable_is_no_store_and_the_package_is_not_loaded(monkeypatch, tmp_path):
    monkeypatch.delenv(photo_store.VARIABLE, raising=False)
    assert shared_store.__wrapped__() is None
    monkeypatch.setenv(photo_store.VARIABLE, f"folder:{tmp_path / 'photos'}")
    assert isinstance(shared_store.__wrapped__(), FolderStore)
    monkeypatch.setenv(photo_store.VARIABLE, "redis://127.0.0.1:9/0")
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(StoreError, match="python -m pip install redis"):
        shared_store.__wrapped__()
