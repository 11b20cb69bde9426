"""One list of formats: each is told by its content, and every suffix says which it is."""

import io

import pillow_heif
import pytest
from PIL import Image

from alexnet_viz.images.formats import FORMATS, START_BYTES, SUFFIXES, TITLES, format_of

pillow_heif.register_heif_opener()


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.title)
def test_each_format_is_told_by_its_first_bytes(kind, encode, picture):
    data = encode(picture(64, 48), kind.pillow)
    assert format_of(data[:START_BYTES]) is kind
    assert Image.open(io.BytesIO(data)).format == kind.pillow


@pytest.mark.parametrize(
    ("start", "title"),
    [
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf", "HEIC"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "AVIF"),
        (b"\0\0\0\x1cftypavis\0\0\0\0avismsf1iso8", "AVIF"),
        (b"MM\0+\0\x08\0\0", "TIFF"),
        (b"P6\n# a comment\n", "PPM"),
        (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", None),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp41", None),
        (b"BMW and other makes of cars, a list", None),
        (b"P7\nWIDTH 4\n", None),
        (b"RIFF\x24\0\0\0WAVEfmt ", None),
        (b"\n\xff\xd8\xff\xe0", None),
        (b"\xff\xd8", None),
        (b"", None),
    ],
)
def test_first_bytes_of_relatives_and_strangers(start, title):
    kind = format_of(start)
    assert (kind and kind.title) == title


def test_the_list_for_people_and_the_suffixes():
    assert TITLES == "JPEG, PNG, WebP, GIF, TIFF, BMP, PPM, AVIF or HEIC"
    assert {".jpg", ".jfif", ".jpe", ".webp", ".avif", ".heic", ".ppm"} <= SUFFIXES
    assert len(SUFFIXES) == sum(len(kind.suffixes) for kind in FORMATS)
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in SUFFIXES)
