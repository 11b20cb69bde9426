"""The sample photos: all there, of a useful size, and each with its licence and source."""

import re

import pytest

from alexnet_viz.errors import ImageError
from alexnet_viz.images.decode import decode
from alexnet_viz.images.samples import FOLDER, SAMPLES, sample

FREE = {"CC0", "public domain", "CC BY 2.0"}


def test_there_are_eight_and_the_cat_comes_first():
    assert SAMPLES[0].key == "coffee"
    assert len({one.key for one in SAMPLES}) == len(SAMPLES) >= 8
    assert {path.name for path in FOLDER.iterdir()} == {one.file.name for one in SAMPLES}


@pytest.mark.parametrize("one", SAMPLES, ids=lambda one: one.key)
def test_a_sample_decodes_and_says_whose_it_is(one):
    data, name = sample(one.key)
    photo = decode(data, name)
    assert (photo.name, photo.format, photo.notes) == (f"{one.key}.jpg", "JPEG", ())
    assert min(photo.size) >= 256
    assert len(data) <= 250_000
    assert one.licence in FREE
    assert one.title
    assert one.alt
    assert one.credit


def test_the_list_of_sources_tells_the_same():
    rows = re.findall(r"^\| samples/(.+?) \|(.*)$", (FOLDER.parent / "SOURCES.md").read_text(), re.M)
    assert [name for name, _ in rows] == [one.file.name for one in SAMPLES]
    for one, (_, row) in zip(SAMPLES, rows, strict=True):
        assert one.licence in row
        assert one.credit in row
        assert f"<{one.source}>" in row


def test_an_unknown_sample_names_those_there_are():
    with pytest.raises(ImageError, match=r"no sample photo 'dog': choose one of coffee, cat, "):
        sample("dog")
