"""Archives of unknown origin, each one built byte by byte where the standard library would not make it."""

import contextlib
import re
import struct
import time
import zipfile

import pytest

from alexnet_viz.disk import open_regular
from alexnet_viz.errors import DataError
from alexnet_viz.training import data, walk
from alexnet_viz.training.listing import list_place
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.training.zips import ZipError, read_member, read_table


@pytest.fixture
def make_zip(tmp_path, make_jpeg):
    """make_zip(names or {name: bytes}, method) -> the archive; names get a photo of their own."""

    def make(names, method=zipfile.ZIP_STORED, name="photos.zip"):
        path = tmp_path / name
        contents = names if isinstance(names, dict) else {name: make_jpeg(seed=i) for i, name in enumerate(names)}
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, content in contents.items():
                info = zipfile.ZipInfo("x")
                info.filename, info.compress_type = name, method
                archive.writestr(info, content)
        return path

    return make


def load(path):
    return data.load(Recipe(data=f"folder:{path}"))


def two(form="{}/{}.jpg"):
    return [form.format(name, i) for name in ("ant", "bee") for i in range(3)]


def reasons(listing):
    return {kind.reason: kind.names for kind in (*listing.refused, *listing.left_out)}


def patched(path, old, new):
    content = path.read_bytes()
    assert old in content
    assert len(old) == len(new)
    path.write_bytes(content.replace(old, new))
    return path


@pytest.mark.parametrize(
    "form", ["./{}/{}.jpg", "{}//{}.jpg", "{}\\{}.jpg", "set/{}/{}.jpg", "./set/./{}/{}.jpg", "set\\sub\\{}\\{}.jpg"]
)
def test_members_by_any_spelling_of_their_path(make_zip, form):
    splits = load(make_zip(two(form)))
    assert splits.class_names == ("ant", "bee")
    assert (len(splits.train), len(splits.val), splits.skipped) == (4, 2, ())


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_common_packing_is_read(make_zip, make_jpeg, method):
    path = make_zip([*two(), "bee/no suffix"], method)
    listing = list_place(path)
    assert len(listing.paths) == 7
    for i, name in enumerate(two()):
        assert listing.read(name) == make_jpeg(seed=i)


def test_paths_that_lead_out_are_refused(make_zip):
    listing = list_place(
        make_zip([*two(), "../1.jpg", "/tmp/1.jpg", "ant/../../1.jpg", "C:\\ant\\1.jpg", "\\ant\\1.jpg"])
    )
    assert len(listing.paths) == 6
    assert len(reasons(listing)["with a path that leads out of the archive"]) == 5


def test_of_two_members_of_one_name_the_last_counts(make_zip, make_jpeg):
    path = make_zip(two())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("ant/0.jpg", make_jpeg(seed=99))
    listing = list_place(path)
    assert listing.read("ant/0.jpg") == make_jpeg(seed=99)
    assert reasons(listing) == {"with a name that comes again (the last one is used)": ("ant/0.jpg",)}


@pytest.mark.parametrize(
    ("old", "new", "folders"),
    [
        (b"cafX", b"caf\xe9", ("ant", "cafΘ")),  # by the format's rule a name is in code page 437
        ("cafü".encode(), b"caf\xe9\xe8", ("ant", "caf��")),  # it claims to be UTF-8 and is not
        (b"cafXX", "café".encode(), ("ant", "café")),  # UTF-8 that does not say so
    ],
)
def test_names_in_any_encoding(make_zip, old, new, folders):
    path = patched(make_zip(two("{}/{}.jpg")[:3] + [f"{old.decode()}/{i}.jpg" for i in range(3)]), old, new)
    splits = load(path)
    assert splits.class_names == folders
    assert len(splits.train) + len(splits.val) == 6


def test_members_that_cannot_be_read_are_left_out_with_the_reason(make_zip, make_jpeg):
    path = make_zip([*two(), "bee/enc.jpg", "bee/d64.jpg", "bee/crc.jpg"])
    content = bytearray(path.read_bytes())
    for name, at, value in ((b"bee/enc.jpg", 8, 1), (b"bee/d64.jpg", 10, 9), (b"bee/crc.jpg", 16, 7)):
        start = content.rindex(name) - 46  # its entry in the table of contents
        content[start + at : start + at + 2] = struct.pack("<H", value)
    path.write_bytes(content)
    listing = list_place(path)
    assert reasons(listing) == {
        "encrypted": ("bee/enc.jpg",),
        "packed by a method that is not read (save the zip anew)": ("bee/d64.jpg",),
    }
    splits = load(path)
    assert len(splits.train) + len(splits.val) == 6
    assert sorted(splits.skipped) == [
        "bee/crc.jpg cannot be read: Bad CRC-32.",
        "bee/d64.jpg: packed by a method that is not read (save the zip anew)",
        "bee/enc.jpg: encrypted",
    ]


def test_an_archive_of_encrypted_photos_says_so(make_zip):
    path = make_zip(two())
    content = bytearray(path.read_bytes())
    for entry in re.finditer(rb"PK\x01\x02", bytes(content)):
        content[entry.start() + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"has 0 usable photos.*left out: 6 encrypted, such as ant/0\.jpg"):
        load(path)


@pytest.mark.parametrize("cut", [10, 100, 300, 1000])
def test_an_archive_that_is_cut_short_or_damaged_is_one_sentence(make_zip, cut):
    path = make_zip(two())
    content = path.read_bytes()
    path.write_bytes(content[:-cut])
    with pytest.raises(DataError, match=r"neither a folder nor a readable \.zip"):
        load(path)
    path.write_bytes(content[: -cut // 2] + bytes(8) + content[-cut // 2 + 8 :])
    with contextlib.suppress(DataError):  # some bytes do not matter
        load(path)


def test_a_program_before_the_archive_does_not_matter(make_zip):
    path = make_zip(two())
    path.write_bytes(b"#!/bin/sh\nexit\n" * 20 + path.read_bytes())
    assert len(load(path).train) == 4


def test_sizes_of_64_bits_are_read(tmp_path, make_jpeg):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for i, name in enumerate(two()):
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(make_jpeg(seed=i))
    with open_regular(path) as file:
        members = list(read_table(file))
        assert [read_member(file, member) for member in members] == [make_jpeg(seed=i) for i in range(6)]


def test_a_bomb_is_refused_unread(make_zip):
    bomb = make_zip({f"{name}/{i}.bmp": b"" for name in ("ant", "bee") for i in range(40)})
    content = bytearray(bomb.read_bytes())
    for entry in re.finditer(rb"PK\x01\x02", bytes(content)):
        content[entry.start() + 24 : entry.start() + 28] = struct.pack("<L", walk.MAX_MEMBER_BYTES)
    bomb.write_bytes(content)
    with pytest.raises(DataError, match=r"would unpack to 5 GB, [\d,]+ times its size"):
        load(bomb)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_unpacks_to_more_than_it_says_is_not_unpacked(make_zip, make_jpeg, method):
    path = make_zip({name: make_jpeg(seed=i) for i, name in enumerate(two())} | {"bee/x.jpg": bytes(50 << 20)}, method)
    content = bytearray(path.read_bytes())
    start = content.rindex(b"bee/x.jpg") - 46
    content[start + 24 : start + 28] = struct.pack("<L", 1000)
    path.write_bytes(content)
    splits = load(path)
    assert len(splits.train) + len(splits.val) == 6
    assert splits.skipped == ("bee/x.jpg cannot be read: Bad size: 1,001 bytes or more, not 1,000.",)


def test_a_table_of_more_files_than_the_archive_can_hold_is_refused_unread(tmp_path):
    """A million names over one photo: to list them takes minutes and gigabytes."""
    count, path = 1_000_000, tmp_path / "million.zip"
    table = struct.Struct("<4s6H3L5H2L").pack(b"PK\1\2", *[0] * 9, 4, *[0] * 6) + b"a/1j"
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(table) * count, 0)
    end += struct.pack("<4sLQL", b"PK\6\7", 0, len(table) * count, 1)
    path.write_bytes(
        table * count + end + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *[0xFFFF] * 2, *[0xFFFFFFFF] * 2, 0)
    )
    with pytest.raises(DataError, match=r"it claims to hold 1,000,000 files, more than [\d,]+ bytes can"):
        list_place(path)
    with pytest.raises(ZipError, match=r"claims to hold 1,000,000"), open_regular(path) as file:
        next(read_table(file))


def test_folders_in_folders_without_an_end(make_zip):
    """This took 5 GB and minutes: all parents of all parents."""
    path = make_zip([*two(), "a/" * 32_000 + "1.jpg", "b/" * 60 + "1.jpg"])
    began = time.monotonic()
    listing = list_place(path)
    assert time.monotonic() - began < 30
    assert len(listing.paths) == 7
    assert list(reasons(listing)) == ["more than 64 folders deep"]


def test_many_members_are_listed_in_one_pass(tmp_path):
    count = 200_000
    names = [b"c%d/%06d.jpg" % (i % 2, i) for i in range(count)]
    header = struct.Struct("<4s6H3L5H2L")
    table = b"".join(header.pack(b"PK\1\2", *[0] * 9, len(name), *[0] * 6) + name for name in names)
    path = tmp_path / "many.zip"
    path.write_bytes(table + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count & 0xFFFF, count & 0xFFFF, len(table), 0, 0))
    listing = list_place(path)
    assert len(listing.paths) == count
    assert listing.folders == {"c0", "c1"}
