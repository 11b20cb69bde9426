import os
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from alexnet_viz.errors import DataError
from alexnet_viz.training import data, textures, walk
from alexnet_viz.training.recipe import Recipe

HOME = Path(__file__).parents[2]
POWERLESS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]  # else root may read everything
powerless = pytest.mark.skipif(not shutil.which("setpriv") or os.geteuid(), reason="root alone can give up its powers")


def photos(*classes, count=4, suffix="jpg"):
    return {f"{name}/{i}.{suffix}": None for name in classes for i in range(count)}


def load(root, **settings):
    return data.load(Recipe(data=f"folder:{root}", **settings))


def pixels(images):
    return [images.image(i) for i in range(len(images))]


@pytest.fixture
def no_network(monkeypatch):
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setattr(urllib.request, "_opener", None)  # the first urlopen keeps the proxies of its moment for good


def test_data_are_counted_and_checked_before_anything_is_decoded(make_tree):
    root = make_tree(photos("ant", "bee", count=5))
    recipe = Recipe(data=f"folder:{root}")
    assert data.check(recipe) == len(load(root).train) == 8
    assert data.count(recipe) == (8, 2)
    with pytest.raises(DataError, match="has 2 classes"):
        data.check(recipe.changed(classes=3))
    with pytest.raises(DataError, match="no folder"):
        data.check(Recipe(data="folder:/nowhere"))
    with pytest.raises(DataError, match="has 14 classes"):
        data.check(Recipe(classes=15))
    some = Recipe(classes=3)
    assert data.count(some) == (len(data.load(some).train), 3)


# --- a folder's own rules ------------------------------------------------------------------------


def test_a_train_and_val_tree_keeps_its_split_and_sorts_its_classes(make_tree):
    root = make_tree(photos("train/zebra", "train/ant", count=3) | photos("val/ant", "val/zebra", count=2))
    splits = load(root)
    assert splits.class_names == ("ant", "zebra")
    assert splits.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert splits.val.labels.tolist() == [0, 0, 1, 1]
    assert splits.train.labels.dtype == np.int64
    assert splits.train.image(0).shape == (30, 40, 3)
    assert (splits.skipped, splits.notes) == ((), ())


def test_photos_in_folders_of_folders_and_with_upper_case_endings_count(make_tree):
    root = make_tree(
        photos("ant", "bee") | {"ant/2019/a.JPEG": None, "ant/notes.txt": b"hello", "ant/.hidden.jpg": b""}
    )
    splits = load(root)
    assert len(splits.train) + len(splits.val) == 9
    assert splits.skipped == ()


def test_without_a_split_each_class_gives_its_share_by_the_seed(make_tree):
    root = make_tree(photos("ant", "bee", count=20))
    one, again, other = (load(root, val_fraction=0.25, seed=seed) for seed in (1, 1, 2))
    assert np.bincount(one.val.labels).tolist() == [5, 5]
    assert sorted([*one.train.rows, *one.val.rows]) == list(range(40))
    assert one.val.rows.tolist() == again.val.rows.tolist() != other.val.rows.tolist()
    assert one.fingerprint == again.fingerprint != other.fingerprint


def test_a_train_folder_alone_is_split_too(make_tree):
    splits = load(make_tree(photos("train/ant", "train/bee", count=10)))
    assert (len(splits.train), len(splits.val)) == (18, 2)


def test_a_table_gives_classes_readable_names(make_tree):
    root = make_tree(photos("n01", "n02"))
    (root / "classes.tsv").write_text("n02\thoney bee\nn77\tno such folder\n", encoding="utf-8")
    assert load(root).class_names == ("n01", "honey bee")
    (root / "classes.tsv").write_text("n01\tbee\nn02\tbee\n", encoding="utf-8")
    with pytest.raises(DataError, match="same name 'bee'"):
        load(root)


def test_only_the_first_classes_when_asked(make_tree):
    root = make_tree(photos("ant", "bee", "cow"))
    splits = load(root, classes=2)
    assert splits.class_names == ("ant", "bee")
    assert set(splits.train.labels) == set(splits.val.labels) == {0, 1}
    with pytest.raises(DataError, match="has 3 classes"):
        load(root, classes=4)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (photos("ant"), "only the class 'ant'"),
        ({"1.jpg": None}, "no class folder"),
        (photos("ant", "bee") | {"cow/": None}, "'cow' .* has 0 usable photos"),
        (photos("ant", "bee") | {"cow/1.jpg": None}, "'cow' .* has 1 usable photos: give every class at least two"),
        (photos("ant", "bee") | {"cow/1.jpg": b"no", "cow/2.jpg": b"no"}, "'cow' .* has 0 usable photos"),
        (photos("train/ant", "train/bee", "val/ant", "val/cow"), "a class 'cow' that train does not have"),
        (photos("train/ant", "train/bee", "val/ant"), "'bee' in .*/val has 0 usable photos"),
    ],
)
def test_what_cannot_be_trained_on_is_an_error_before_anything_starts(make_tree, files, message):
    with pytest.raises(DataError, match=message):
        load(make_tree(files))


def test_a_missing_folder_and_a_file_that_is_no_zip(tmp_path):
    with pytest.raises(DataError, match=r"There is no folder or \.zip file"):
        load(tmp_path / "nowhere")
    (tmp_path / "photos.zip").write_bytes(b"PK\3\4 and no more")
    with pytest.raises(DataError, match=r"neither a folder nor a readable \.zip"):
        load(tmp_path / "photos.zip")


def test_bad_files_are_counted_listed_and_skipped(make_tree, make_jpeg):
    bad = {"ant/cut.jpg": make_jpeg((200, 150))[:2000], "ant/empty.png": b"", "bee/text.jpg": b"not a photo"}
    root = make_tree(photos("ant", "bee") | bad)
    os.symlink(root / "gone.jpg", root / "bee" / "link.jpg")
    splits = load(root)
    assert len(splits.train) + len(splits.val) == 8
    assert len(splits.skipped) == 4
    assert all(any(path in line for line in splits.skipped) for path in (*bad, "bee/link.jpg"))
    assert splits.notes[0].startswith("4 files are skipped")


@powerless
def test_a_folder_that_may_not_be_read_is_an_error(make_tree):
    root = make_tree(photos("ant", "bee"))
    command = [*POWERLESS, sys.executable, "-m", "alexnet_viz", "train"]
    for place in (root / "bee", root):
        place.chmod(0)
        done = subprocess.run([*command, "--data", f"folder:{root}"], cwd=HOME, capture_output=True, text=True)
        place.chmod(0o755)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert f"{place} cannot be read (Permission denied)" in done.stderr


@powerless
def test_a_cache_that_may_not_be_read_is_done_without(make_tree, tmp_path):
    root = make_tree(photos("ant", "bee"))
    code = "import sys; from alexnet_viz.training import data, recipe; data.load(recipe.Recipe(data=sys.argv[1]))"
    cached = tmp_path / "closed"
    cached.mkdir(mode=0)
    done = subprocess.run(
        [*POWERLESS, sys.executable, "-c", code, f"folder:{root}"],
        cwd=HOME,
        env={**os.environ, "ALEXNET_VIZ_CACHE": str(cached)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_fingerprint_survives_a_copy_and_notices_a_change(make_tree, tmp_path):
    root = make_tree(photos("ant", "bee"))
    before = load(root).fingerprint
    shutil.copytree(root, tmp_path / "copy", copy_function=shutil.copyfile)
    assert load(tmp_path / "copy").fingerprint == before
    (root / "ant" / "0.jpg").write_bytes((root / "ant" / "0.jpg").read_bytes() + b"\0")
    assert load(root).fingerprint != before


# --- a zip ---------------------------------------------------------------------------------------


def zipped(root, target, inside=""):
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(root.rglob("*")):
            archive.write(path, f"{inside}{path.relative_to(root)}")
    return target


@pytest.mark.parametrize("inside", ["", "download/photos/"])
@pytest.mark.parametrize("split", [True, False])
def test_a_zip_gives_what_its_folder_gives(make_tree, tmp_path, inside, split):
    files = photos("train/n01", "train/n02", "val/n01", "val/n02") if split else photos("n01", "n02")
    root = make_tree(files | {"classes.tsv": b"n01\tant\n"})
    expected, found = load(root), load(zipped(root, tmp_path / "photos.zip", inside))
    assert found.class_names == expected.class_names == ("ant", "n02")
    assert found.train.labels.tolist() == expected.train.labels.tolist()
    for one, other in zip(pixels(found.val), pixels(expected.val), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_zip_leads_nowhere_and_does_not_swell(make_tree, tmp_path, make_jpeg):
    path = zipped(make_tree(photos("ant", "bee")), tmp_path / "photos.zip")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for name in ("../../evil.jpg", "/tmp/evil.jpg", "ant/../../evil.jpg"):
            archive.writestr(name, make_jpeg())
        archive.writestr("ant/bomb.jpg", make_jpeg() + bytes(walk.MAX_MEMBER_BYTES))
        archive.writestr("__MACOSX/ant/._1.jpg", b"")
    before = set(tmp_path.rglob("*"))
    splits = load(path)
    assert len(splits.train) + len(splits.val) == 8
    assert len(splits.skipped) == 4
    assert sum("leads out of the archive" in line for line in splits.skipped) == 3
    assert all(path.is_relative_to(tmp_path / "cache") for path in set(tmp_path.rglob("*")) - before)


def test_a_damaged_member_is_skipped(make_tree, tmp_path, make_jpeg):
    path = zipped(make_tree(photos("ant", "bee")), tmp_path / "photos.zip")
    stored = path.read_bytes()
    start = stored.index(make_jpeg(seed=0)[-60:])
    path.write_bytes(stored[:start] + bytes(60) + stored[start + 60 :])
    splits = load(path)
    assert len(splits.skipped) == 1
    assert splits.skipped[0].startswith("ant/0.jpg cannot be read: Bad CRC-32")


# --- torchvision's sets --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "file"), [("cifar10", "cifar-10-python.tar.gz"), ("imagenette", "imagenette2-320.tgz")]
)
def test_no_network_is_a_plain_error(tmp_path, no_network, name, file):
    recipe = Recipe(data=f"{name}:{tmp_path}")
    for get in (data.fetch, data.load):
        with pytest.raises(DataError, match=rf"is not in .* and cannot be downloaded \(.*: put {file}"):
            get(recipe)


@pytest.fixture
def small_sets(monkeypatch):
    monkeypatch.setattr(data, "PHOTOS", {})


def test_imagenette_is_read_with_its_names(make_tree, tmp_path, small_sets):
    sides = ("train/n01440764", "train/n03445777", "val/n01440764", "val/n03445777")
    make_tree(photos(*sides, suffix="JPEG"), name="set/imagenette2-320")
    splits = data.load(Recipe(data=f"imagenette:{tmp_path / 'set'}"))
    assert splits.class_names == ("tench", "golf ball")
    assert (len(splits.train), len(splits.val)) == (8, 8)


def test_imagenet_says_which_files_to_get(tmp_path):
    with pytest.raises(DataError) as caught:
        data.load(Recipe(data=f"imagenet:{tmp_path}"))
    for file in ("ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar", "ILSVRC2012_devkit_t12.tar.gz", str(tmp_path)):
        assert file in str(caught.value)


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("cifar10", [("cifar-10-python.tar.gz", "cifar-10-batches-py/")]),
        ("imagenette", [("imagenette2-320.tgz", "imagenette2-320/")]),
        (
            "imagenet",
            [
                ("ILSVRC2012_img_train.tar", "train/"),
                ("ILSVRC2012_img_val.tar", "val/"),
                ("ILSVRC2012_devkit_t12.tar.gz", "meta.bin"),
            ],
        ),
    ],
)
def test_what_is_missing_is_named_before_anything_starts(make_tree, tmp_path, small_sets, name, files):
    """Each archive, until it or what it unpacks to is there."""
    recipe = Recipe(data=f"{name}:{tmp_path / 'set'}")
    for number, (archive, unpacked) in enumerate(files):
        with pytest.raises(DataError) as caught:
            data.check(recipe)
        named = [one for one, _ in files if one in str(caught.value)]
        assert named == [one for one, _ in files[number:]]
        assert str(tmp_path / "set") in str(caught.value)
        make_tree({archive if number % 2 else unpacked: None}, name="set")
    data.check(recipe)


def test_imagenet_unpacked_is_read_with_its_names(make_tree, small_sets):
    root = make_tree(photos(*(f"{side}/{name}" for side in ("train", "val") for name in ("n1", "n2", "n3"))))
    names = {"n1": ("crane", "bird"), "n2": ("kite",), "n3": ("crane", "machine")}
    torch.save((names, ["n1"]), root / "meta.bin")
    assert data.load(Recipe(data=f"imagenet:{root}")).class_names == ("crane, bird", "kite", "crane, machine")


@pytest.mark.parametrize(("name", "inside"), [("imagenet", ""), ("imagenette", "imagenette2-320/")])
def test_a_set_unpacked_in_part_is_told_from_a_whole_one(make_tree, monkeypatch, name, inside):
    sides = [f"{inside}{side}/{one}" for side in ("train", "val") for one in ("n01440764", "n03445777")]
    root = make_tree(photos(*sides, suffix="JPEG"))
    torch.save(({"n01440764": ("tench",), "n03445777": ("golf ball",)}, []), root / "meta.bin")
    recipe = Recipe(data=f"{name}:{root}")
    whole = {f"{inside}train": 8, f"{inside}val": 8}
    monkeypatch.setitem(data.PHOTOS, name, whole)
    data.check(recipe)
    data.load(recipe)
    shutil.move(root / sides[-1] / "0.JPEG", root / inside / "val")  # torchvision sorts what it has unpacked
    for get in (data.check, data.load):
        with pytest.raises(DataError, match=rf"val holds 7 of .* 8 photos.*: remove .*, or write folder:{root}"):
            get(recipe)
    shutil.rmtree(root / inside / "val")
    if inside:
        with pytest.raises(DataError, match="val holds 0 of"):
            data.check(recipe)


# --- textures and progress -----------------------------------------------------------------------


def test_textures_need_no_file(monkeypatch):
    monkeypatch.setattr(textures, "TRAIN_PER_CLASS", 3)
    monkeypatch.setattr(textures, "VAL_PER_CLASS", 2)
    textures.draw_all.cache_clear()
    splits = data.load(Recipe(classes=5))
    everything = textures.draw_all()
    textures.draw_all.cache_clear()
    assert len(splits.train.store) == 5 * 5 < len(everything[0])  # no photo is drawn that no one looks at
    np.testing.assert_array_equal(splits.train.store, everything[0][:25])
    # What a run that is resumed compares, which was made of all labels when all were drawn.
    assert splits.fingerprint == "fd5bb956e61d23ee0b319e332b9ec6914d44ff2a680531259f4558fb3bc5797b"
    assert splits.class_names == textures.CLASS_NAMES[:5]
    assert np.bincount(splits.train.labels).tolist() == [3] * 5
    assert np.bincount(splits.val.labels).tolist() == [2] * 5
    np.testing.assert_array_equal(splits.val.image(2), textures.draw(1, 5)[3])


def test_progress_is_told_and_can_end_the_loading(make_tree):
    root, told = make_tree(photos("ant", "bee")), []
    data.load(Recipe(data=f"folder:{root}"), told.append)
    assert told[-1] == "decoding photos: 8 of 8"

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        data.load(Recipe(), stop)
