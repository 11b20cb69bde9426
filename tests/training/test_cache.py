import os
import resource
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from alexnet_viz.errors import DataError, DecoderBusy
from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.training import cache
from alexnet_viz.training.folder import read_tree
from alexnet_viz.values import Photo, Preprocessing

SIZES = [(40, 30), (64, 64), (300, 700), (1000, 400), (257, 256)]  # width, height


class Source:
    """A tree of photos that counts how often a file is read."""

    def __init__(self, root):
        self.root, self.reads = root, 0

    def decode(self, on_progress=lambda _: None):
        tree = read_tree(self.root)
        return cache.decode_once(replace(tree.listing, read=self._counted(tree.listing.read)), tree.paths, on_progress)

    def _counted(self, read):
        def counted(path):
            self.reads += 1
            return read(path)

        return counted


@pytest.fixture
def source(make_tree, make_jpeg):
    files = {f"{name}/{i}.jpg": make_jpeg(size, i) for name in ("a", "b") for i, size in enumerate(SIZES)}
    return Source(make_tree(files))


@pytest.fixture
def disk(monkeypatch):
    """Sets the free bytes that every disk claims to have."""

    def free(size):
        usage = namedtuple("usage", "free")(size)
        monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: usage)

    return free


def entries():
    return sorted(path.name for path in (cache.cache_folder() / "photos").iterdir() if path.suffix != ".lock")


def test_whole_photos_256_on_the_short_side_and_never_upscaled(source):
    photos = source.decode().photos
    assert [photos[i].shape for i in range(5)] == [
        (30, 40, 3),
        (64, 64, 3),
        (597, 256, 3),
        (256, 640, 3),
        (256, 257, 3),
    ]
    np.testing.assert_array_equal(photos[0], decode((source.root / "a/0.jpg").read_bytes(), "0").pixels)


def test_the_network_sees_the_same_pixels_as_on_the_classify_page(source):
    photos = source.decode().photos
    for i in range(5):
        page = preprocess(decode((source.root / f"a/{i}.jpg").read_bytes(), "photo"), Preprocessing())
        height, width = photos[i].shape[:2]
        cached = preprocess(Photo("", photos[i], (width, height), "", ""), Preprocessing())
        np.testing.assert_array_equal(cached.pixels, page.pixels)


def test_files_are_decoded_once(source):
    first = source.decode()
    assert source.reads == 10
    again = source.decode()
    assert source.reads == 10
    for i in range(10):
        np.testing.assert_array_equal(first.photos[i], again.photos[i])


def test_a_changed_file_makes_another_entry(source):
    source.decode()
    os.utime(source.root / "a/0.jpg", (1, 1))
    source.decode()
    assert source.reads == 20
    assert len(entries()) == 2


def test_entries_used_longest_ago_make_room(source, monkeypatch):
    monkeypatch.setattr(cache, "ENTRIES", 2)
    names = []
    for day in (1, 2, 3):
        os.utime(source.root / "a/0.jpg", (day, day))
        source.decode()
        (new,) = set(entries()) - set(names)
        names.append(new)
        if day < 3:
            os.utime(cache.cache_folder() / "photos" / new, (day, day))
    assert entries() == sorted(names[1:])


def test_several_at_once_decode_once(source):
    with ThreadPoolExecutor(3) as threads:
        results = [future.result() for future in [threads.submit(source.decode) for _ in range(3)]]
    assert source.reads == 10
    assert all(isinstance(result.photos, cache.Mapped) for result in results)


def test_an_entry_appears_whole_or_not_at_all(source):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        source.decode(stop)
    assert entries() == []
    source.decode()
    assert len(entries()) == 1


@pytest.mark.parametrize("damage", ["pixels", "index.npz"])
def test_a_damaged_entry_is_made_anew(source, damage):
    before = [source.decode().photos[i].copy() for i in range(10)]
    (file,) = (cache.cache_folder() / "photos").glob(f"*/{damage}")
    os.truncate(file, 100)
    after = source.decode().photos
    assert source.reads == 20
    assert all((after[i] == before[i]).all() for i in range(10))


def test_what_a_killed_process_left_is_cleared_away(source):
    source.decode()
    (name,) = entries()
    folder = cache.cache_folder() / "photos"
    (folder / name).rename(folder / f"{name}.new")
    source.decode()
    assert entries() == [name]


def test_without_room_photos_are_checked_once_and_decoded_at_each_use(source, disk):
    (source.root / "a/0.jpg").write_bytes(b"no photo")
    mapped = source.decode()
    expected = [mapped.photos[i].copy() for i in range(9)]
    (entry,) = (cache.cache_folder() / "photos").glob("*/pixels")
    entry.unlink()
    disk(1000)
    for _ in range(2):
        source.reads = 0
        found = source.decode()
        assert source.reads == 0
        assert "no room" in found.notes[0]
        assert found.skipped == mapped.skipped
        assert found.kept.tolist() == list(range(1, 10))
        assert all((found.photos[i] == expected[i]).all() for i in range(9))
        assert found.photos[0].flags.writeable
    disk(10**12)
    assert isinstance(source.decode().photos, cache.Mapped)


def test_a_disk_that_fills_up_midway(source):
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, unlimited[1]))
    try:
        found = source.decode()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert isinstance(found.photos, cache.Undecoded)
    assert source.reads > 10
    (name,) = entries()
    assert [path.name for path in (cache.cache_folder() / "photos" / name).iterdir()] == ["index.npz"]


def test_a_cache_folder_that_cannot_be_written(source, monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("ALEXNET_VIZ_CACHE", str(tmp_path / "file" / "cache"))
    found = source.decode()
    assert "no room" in found.notes[0]
    assert found.photos[1].shape == (64, 64, 3)


def test_a_photo_deleted_while_it_is_needed(source, disk):
    disk(0)
    found = source.decode()
    (source.root / "a/0.jpg").unlink()
    with pytest.raises(DataError, match=r"a/0\.jpg can no longer be read"):
        found.photos[0]


def test_a_photo_that_finds_the_decoders_busy_is_read_later(source, monkeypatch):
    """It was left out of the data for good."""
    busy = ["twice", "over"]

    def decode_when_free(data, name):
        if busy:
            busy.pop()
            raise DecoderBusy(f"{name} has to wait for too many other photos: try again in a minute.")
        return decode(data, name)

    monkeypatch.setattr(cache, "decode", decode_when_free)
    decoded = source.decode()
    assert len(decoded.kept) == 2 * len(SIZES)
    assert not decoded.skipped
