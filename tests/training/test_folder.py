"""What is understood of folders as people have them: splits, names, links, leftovers."""

import os
import unicodedata

import numpy as np
import pytest

from alexnet_viz.errors import DataError
from alexnet_viz.training import data
from alexnet_viz.training.folder import split_kind
from alexnet_viz.training.recipe import Recipe


def photos(*folders, count=3):
    return {f"{folder}/{i}.jpg": None for folder in folders for i in range(count)}


def examine(root, **settings):
    return data.examine(Recipe(data=f"folder:{root}", **settings))


def counts(summary):
    return dict(zip(summary.class_names, zip(summary.train, summary.val, strict=True), strict=True))


def left_out(summary):
    return {kind.reason: kind.names for kind in summary.left_out}


BOTH = {"ant": (3, 3), "bee": (3, 3)}  # a split of its own
ALONE = {"ant": (2, 1), "bee": (2, 1)}  # three photos a class, one of them held out


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("TRAIN_IMAGES", "train"),
        ("images-train", "train"),
        ("train2017", "train"),
        ("trainset", "train"),
        ("my training photos", "train"),
        ("val", "val"),
        ("Valid", "val"),
        ("validation_set", "val"),
        ("val2017", "val"),
        ("dev", "val"),
        ("test", "test"),
        ("Testing", "test"),
        ("test-images", "test"),
        ("trains", None),
        ("trainer", None),
        ("valley", None),
        ("testament", None),
        ("invalid", None),
        ("contest", None),
        ("猫train", None),
        ("images", None),
        ("dataset" * 36 + "x", None),
    ],
)
def test_a_split_is_known_by_its_name(name, kind):
    assert split_kind(name) == kind


@pytest.mark.parametrize("train", ["train", "Training", "train_images", "TRAIN"])
@pytest.mark.parametrize("val", ["val", "valid", "Validation", "test", "val_images"])
def test_splits_by_their_usual_names(make_tree, train, val):
    summary = examine(make_tree(photos(f"{train}/ant", f"{train}/bee", f"{val}/ant", f"{val}/bee")))
    assert counts(summary) == BOTH
    assert summary.split == f"from {train}/ and {val}/"


TRAIN, VAL, TEST = (tuple(f"{side}/{name}" for name in ("ant", "bee")) for side in ("train", "val", "test"))


@pytest.mark.parametrize(
    ("files", "expected", "note"),
    [
        (photos(*TRAIN, *VAL, *TEST), BOTH, "test/ is not used: val/ validates."),
        (photos(*TRAIN, *TEST), BOTH, "test/ validates, for there is no val/."),
        (photos(*TRAIN, *VAL, "validation/ant", "validation/bee"), BOTH, "validation/ is not used: val/ validates."),
        (photos(*TRAIN) | {"val/": None}, ALONE, "val/ is not used: it holds no photos."),
        (photos(*TRAIN, "val"), ALONE, "val/ is not used: it holds photos but no class folders."),
        (photos(*TRAIN, "val", *TEST), BOTH, "test/ validates, for there is no val/."),
        (photos(*TRAIN, "test/ant"), ALONE, "test/ is not used: its classes are not those of the training photos."),
        (photos(*TRAIN, "test"), ALONE, "test/ is not used: it holds photos but no class folders."),
        (photos(*(f"set/{one}" for one in TRAIN + VAL)), BOTH, "The classes are those in the folder set."),
        (photos(*(f"a/b/{one}" for one in TRAIN)), ALONE, "The classes are those in the folder a/b."),
        (
            photos("images/train/ant", "images/train/bee", "images/val/ant", "images/val/bee")
            | {"labels/train/1.txt": b"0"},
            BOTH,
            "The classes are those in the folder images.",
        ),
        (photos("train/train/ant", "train/train/bee", "val/images/ant", "val/images/bee"), BOTH, None),
        (photos("ant", "bee", *TEST), BOTH, "test/ validates, for there is no val/."),
        (photos("ant", "bee", *VAL), BOTH, None),
        (
            photos("ant", "bee", "test"),
            ALONE | {"test": (2, 1)},
            "The folder test/ is a class, for there is no train/ with class folders.",
        ),
        (
            photos("bus", "train"),
            {"bus": (2, 1), "train": (2, 1)},
            "The folder train/ is a class, for there is no train/ with class folders.",
        ),
        (photos(*TRAIN, *VAL, "extra/cow"), BOTH, None),
        (
            photos("Ant", "ant"),
            {"Ant": (2, 1), "ant": (2, 1)},
            "'Ant' and 'ant' differ in capitals or spaces only: they are 2 classes.",
        ),
        (
            photos("ant/2019", "ant/2020", "bee"),
            {"ant": (5, 1), "bee": (2, 1)},
            "Photos in folders inside a class folder are of that class: 2 such folders, as ant/2019.",
        ),
        (
            photos("ant/train", "ant/val", "bee/train", "bee/val"),
            {"ant": (5, 1), "bee": (5, 1)},
            "ant/train looks like a part of a split inside a class folder, and all of a class folder is mixed: for "
            "that split, put train/ and val/ at the top and the class folders into them.",
        ),
        (
            photos("Insects Train/ant", "Insects Valid/ant"),
            {"Insects Train": (2, 1), "Insects Valid": (2, 1)},
            "Insects Train/ and Insects Valid/ are classes here: if they are parts of a split, rename them to train "
            "and val.",
        ),
    ],
)
def test_what_is_understood_of_the_folders_names(make_tree, files, expected, note):
    summary = examine(make_tree(files))
    assert counts(summary) == expected
    assert note is None or note in summary.notes


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (photos("train", "val"), r"train/ and val/ without class folders: put the photos of each class"),
        (photos(*VAL, *TEST), r"has test/ and val/ but no train/ with class folders: rename"),
        (photos(*TRAIN, "Training/ant", "Training/bee"), r"has Training/ and train/, which look like the training"),
        (photos(*TRAIN, "val/ant", "val/cow"), r"photos/val has a class 'cow' that train does not have"),
        ({"1.jpg": None, "2.txt": b"text"}, r"no class folder.* \(left out: 1 that are no photos, such as 2\.txt\)"),
    ],
)
def test_what_cannot_be_understood_is_one_sentence(make_tree, files, message):
    with pytest.raises(DataError, match=message):
        examine(make_tree(files))


def test_what_is_left_out_is_counted_with_its_names(make_tree):
    root = make_tree(
        photos(*TRAIN, *VAL, *TEST, "extra/cow")
        | {"train/ant/labels.csv": b"a,b", "train/stray.jpg": None, ".DS_Store": b"", "train/ant/Thumbs.db": b""}
        | {"$RECYCLE.BIN/1.jpg": None, "train/@eaDir/1.jpg/thumb.jpg": None, "train/lost+found/": None}
        | {"__MACOSX/train/ant/._0.jpg": b"", "train/bee/.hidden.jpg": None, "System Volume Information/x": b""}
    )
    summary = examine(root)
    assert counts(summary) == BOTH
    kinds = {kind.reason: (kind.count, kind.names[0]) for kind in summary.left_out}
    assert kinds == {
        "hidden, or made by a system or file manager": (8, "$RECYCLE.BIN"),
        "that are no photos": (1, "train/ant/labels.csv"),
        "in test/ (not used)": (6, "test/ant/0.jpg"),
        "beside train/": (3, "extra/cow/0.jpg"),
        "outside the class folders": (1, "train/stray.jpg"),
    }
    assert summary.headline == "2 classes, 12 photos: 6 to train on, 6 to validate (from train/ and val/)"
    assert "left out: 1 that are no photos: train/ant/labels.csv" in summary.lines()


def test_photos_are_told_by_suffix_or_by_content(make_tree, make_jpeg):
    names = ["a.jfif", "b.JPE", "c.jpg_large", "d", "e.webp", "f.txt"]
    root = make_tree(
        photos("bee")
        | {f"ant/{name}": make_jpeg(seed=50 + i) for i, name in enumerate(names)}
        | {"ant/g.xyz": b"no photo", "ant/h": b"", "ant/i.txt": b"BMW, a list"}
    )
    splits = data.load(Recipe(data=f"folder:{root}"))
    assert len(splits.train) + len(splits.val) == 9
    assert left_out(splits.summary) == {"that are no photos": ("ant/g.xyz", "ant/h", "ant/i.txt")}
    assert splits.skipped == ()


# --- names ---------------------------------------------------------------------------------------


def test_composed_and_decomposed_accents_are_one_class(make_tree):
    composed, apart = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    root = make_tree(photos(f"train/{composed}", "train/tea") | photos(f"val/{apart}", "val/tea"))
    assert counts(examine(root)) == {composed: (3, 3), "tea": (3, 3)}
    mixed = make_tree(
        {f"{composed}/1.jpg": None, f"{apart}/2.jpg": None, "tea/1.jpg": None, "tea/2.jpg": None}, "mixed"
    )
    summary = examine(mixed)
    assert counts(summary) == {composed: (1, 1), "tea": (1, 1)}
    assert "encoded in two ways" in summary.notes[0]


def test_names_that_are_not_utf8_are_shown_with_a_replacement_and_stay_apart(make_tree):
    odd = [os.fsdecode(name) for name in (b"caf\xe8", b"caf\xe9")]
    root = make_tree({f"{name}/{i}{odd[0]}.jpg": None for name in odd for i in range(3)} | {f"{odd[0]}/x": b"text"})
    (root / odd[0] / f"bad{odd[1]}.jpg").write_bytes(b"no photo")
    splits = data.load(Recipe(data=f"folder:{root}"))
    assert splits.class_names == ("caf�", "caf� (2)")
    assert splits.skipped[0].startswith("caf�/badcaf�.jpg is not a photo")
    for line in (*splits.summary.lines(), *splits.notes, *splits.skipped):
        line.encode()
    with pytest.raises(DataError) as caught:
        examine(root / os.fsdecode(b"n\xe9"))
    str(caught.value).encode()


# --- links and copies ----------------------------------------------------------------------------


def test_a_loop_is_walked_once(make_tree):
    root = make_tree(photos("ant", "bee"))
    os.symlink(root, root / "ant" / "all")
    os.symlink("..", root / "bee" / "up")
    os.symlink("/", root / "bee" / "disk")
    os.symlink("self", root / "bee" / "self")
    summary = examine(root)
    assert counts(summary) == ALONE
    assert left_out(summary)["that link to a folder above"] == ("ant/all", "bee/disk", "bee/up")
    assert left_out(summary)["cannot be read (Too many levels of symbolic links)"] == ("bee/self",)


def test_a_file_or_folder_counts_once_however_many_ways_lead_to_it(make_tree):
    root = make_tree(photos("train/ant", "train/bee", "val/ant", "val/bee"))
    os.symlink(root / "train/ant", root / "train/alias")
    os.symlink(root / "train/ant/0.jpg", root / "val/ant/link.jpg")
    os.link(root / "train/bee/0.jpg", root / "val/bee/hard.jpg")
    summary = examine(root)
    assert counts(summary) == BOTH
    assert sorted(left_out(summary)["that are the same file or folder as another one"]) == [
        "train/alias",
        "val/ant/link.jpg",
        "val/bee/hard.jpg",
    ]


def test_links_to_elsewhere_are_followed(make_tree):
    elsewhere = make_tree(photos("a", "b"), "elsewhere")
    root = make_tree(photos("cow"))
    os.symlink(elsewhere / "a", root / "ant")
    (root / "bee").mkdir()
    for i in range(3):
        os.symlink(elsewhere / f"b/{i}.jpg", root / f"bee/{i}.jpg")
    assert counts(examine(root)) == ALONE | {"cow": (2, 1)}


def test_copies_in_train_and_val_are_counted_and_said(make_tree, make_jpeg):
    root = make_tree(photos(*TRAIN, *VAL))
    for i in range(2):
        (root / f"val/ant/{i}.jpg").write_bytes((root / f"train/ant/{i}.jpg").read_bytes())
    note = "2 of the 6 validation photos are training photos too, byte for byte, such as val/ant/0.jpg and "
    for summary in (examine(root), data.load(Recipe(data=f"folder:{root}")).summary):
        assert counts(summary) == BOTH
        assert any(line.startswith(note) for line in summary.notes)


@pytest.mark.parametrize("seed", range(5))
def test_copies_stay_on_one_side_of_a_split_that_is_drawn(make_tree, make_jpeg, seed):
    files = {
        f"{name}/{i}.jpg": make_jpeg(seed=i // 3 + 100 * number)
        for number, name in enumerate(("ant", "bee"))
        for i in range(12)
    }
    files |= {"bee/ant.jpg": files["ant/0.jpg"], "bee/ant2.jpg": files["ant/5.jpg"]}  # and in the other class
    root = make_tree(files)
    splits = data.load(Recipe(data=f"folder:{root}", seed=seed, val_fraction=0.3))
    train, val = ({side.image(i).tobytes() for i in range(len(side))} for side in (splits.train, splits.val))
    assert train
    assert val
    assert not train & val
    assert len(splits.train) + len(splits.val) == 26
    assert any("2 photos are in more than one class" in note for note in splits.notes)
    assert counts(examine(root, seed=seed, val_fraction=0.3)) == counts(splits.summary)


def test_a_class_of_one_photo_and_its_copies_cannot_be_split(make_tree, make_jpeg):
    root = make_tree(photos("bee") | {f"ant/{i}.jpg": make_jpeg() for i in range(4)})
    with pytest.raises(DataError, match="class 'ant' are copies of one another"):
        examine(root)


def test_a_split_without_copies_is_drawn_as_it_always_was(make_tree):
    """Runs of earlier versions go on: their fingerprints hold the split."""
    splits = data.load(Recipe(data=f"folder:{make_tree(photos('ant', 'bee', count=20))}", val_fraction=0.25, seed=1))
    expected = [np.random.default_rng((1, label)).permutation(np.arange(20) + 20 * label)[:5] for label in (0, 1)]
    assert splits.val.rows.tolist() == sorted(np.concatenate(expected).tolist())
