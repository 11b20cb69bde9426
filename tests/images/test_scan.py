"""Ordinary or not, told by segments and chunks alone; and what is left without metadata."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from alexnet_viz.images import scan
from alexnet_viz.images.formats import format_of
from tests.images.odd_photos import AFTER_IHDR, AFTER_SOI, chunk, segment


def is_ordinary(data: bytes) -> bool:
    return scan.is_ordinary(data, format_of(data), 1024)


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    return jpeg[:AFTER_SOI] + b"".join(segments) + jpeg[AFTER_SOI:]


def with_chunks(png: bytes, *chunks: bytes) -> bytes:
    return png[:AFTER_IHDR] + b"".join(chunks) + png[AFTER_IHDR:]


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"exif": b"Exif\0\0II*\0"}])
def test_what_cameras_and_programs_save_is_ordinary(options, encode, picture):
    jpeg = encode(picture(400, 300), "JPEG", **options)
    assert is_ordinary(jpeg)
    assert is_ordinary(with_segments(jpeg, *[segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + bytes(60000))] * 10))
    assert is_ordinary(jpeg + b"\xff\xda" * 1000)  # after the end marker: a film, a preview
    assert is_ordinary(encode(picture(400, 300), "PNG"))
    assert is_ordinary(encode(picture(400, 300).quantize(8), "PNG", transparency=0, dpi=(72, 72)))


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "TIFF", "BMP", "PPM", "AVIF"])
def test_other_formats_never_are(kind, encode, picture):
    assert not is_ordinary(encode(picture(60, 40), kind))


def header(width: int, height: int, marker: int = 0xC0) -> bytes:
    """A JPEG as far as its first scan."""
    frame = segment(marker, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")
    return b"\xff\xd8" + frame + segment(0xDA, b"\1\1\0\0\x3f\0") + bytes(100) + b"\xff\xd9"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (header(8000, 6000), True),  # decoded at a quarter
        (header(40000, 900), False),  # 36 megapixels that have no smaller scale
        (header(6000, 4000, 0xC2), True),
        (header(8000, 8000, 0xC2), False),
        (header(400, 300, 0xC9), False),  # arithmetic coding
        (header(400, 300, 0xC3), False),  # lossless
        (header(400, 300)[:12], False),
        (b"\xff\xd8\xff\xe0", False),
        (b"\xff\xd8\xff\xd9", False),
        (b"\xff\xd8\xff" + bytes(100), False),
    ],
)
def test_the_frame_decides(data, expected):
    assert is_ordinary(data) is expected


def test_many_scans_segments_and_chunks_are_not_ordinary(encode, picture):
    image = picture(1000, 1000).convert("L")
    jpeg = encode(image, "JPEG", progressive=True)
    last = jpeg.rfind(b"\xff\xda")
    assert not is_ordinary(jpeg[:last] + jpeg[last:-2] * 200 + b"\xff\xd9")
    frame = segment(0xC0, struct.pack(">BHHB", 8, 1000, 1000, 3) + b"\1\x11\0\2\x11\0\3\x11\0")
    scans = [segment(0xDA, b"\1%c\0\0\x3f\0" % (1 + number % 3)) + bytes(9) for number in range(300)]
    assert is_ordinary(b"\xff\xd8" + frame + b"".join(scans[:3]) + b"\xff\xd9")
    assert not is_ordinary(b"\xff\xd8" + frame + b"".join(scans) + b"\xff\xd9")
    assert not is_ordinary(with_segments(jpeg, *[segment(0xFE, b"")] * 200))
    assert not is_ordinary(with_segments(jpeg, *[segment(0xFE, bytes(60000))] * 20))
    entries = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 5000) + bytes(60000)
    assert not is_ordinary(with_segments(jpeg, segment(0xE1, entries)))
    png = encode(picture(60, 40), "PNG")
    assert not is_ordinary(with_chunks(png, *[chunk(b"tEXt", b"a\0b")] * 200))
    assert not is_ordinary(with_chunks(png, chunk(b"tEXt", b"a\0" + bytes(2 << 20))))
    assert not is_ordinary(with_chunks(png, chunk(b"eXIf", entries[6:])))
    assert not is_ordinary(with_chunks(png, *[chunk(b"IDAT", b"")] * 30_000))


def test_without_metadata_a_jpeg_keeps_what_its_pixels_need(encode, picture):
    exif = Image.Exif()
    exif[0x0112] = 6
    jpeg = encode(picture(64, 48).convert("CMYK"), "JPEG", exif=exif, icc_profile=b"p" * 100_000, comment=b"words")
    noise = [segment(0xE1, b"Exif\0\0again"), segment(0xED, b"Photoshop 3.0\0" + bytes(5000)), segment(0xFE, b"words")]
    at = jpeg.find(b"\xff\xdb")
    bare, profile = scan.without_metadata(jpeg[:at] + b"".join(noise) + jpeg[at:], format_of(jpeg))
    assert profile == b"p" * 100_000
    plain = encode(picture(64, 48).convert("CMYK"), "JPEG", exif=exif)
    assert bare == plain


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([b"\1\1abc"], b"abc"),
        ([b"\2\2def", b"\1\2abc"], b"abcdef"),
        ([b"\1\2abc"], None),
        ([b"\1\1abc", b"\1\1def"], None),
        ([b"\1\1abc"] * 257, None),
        ([b""], None),
    ],
)
def test_the_parts_of_a_jpegs_profile(parts, expected, encode, picture):
    jpeg = with_segments(encode(picture(16, 16), "JPEG"), *[segment(0xE2, b"ICC_PROFILE\0" + part) for part in parts])
    assert scan.without_metadata(jpeg, format_of(jpeg))[1] == expected


def test_without_metadata_a_png_keeps_what_its_pixels_need(encode, picture):
    image = picture(60, 40).quantize(16)
    png = encode(image, "PNG", transparency=3)
    noise = [chunk(b"iCCP", b"name\0\0" + zlib.compress(b"profile")), chunk(b"iCCP", b"x\0\0"), chunk(b"tEXt", b"a\0b")]
    noise.append(chunk(b"gAMA", b"\0\0\0\1", wrong=True))
    bare, profile = scan.without_metadata(with_chunks(png, *noise)[:-12] + b"junk", format_of(png))
    assert (bare, profile) == (png, b"profile")


@pytest.mark.parametrize(
    ("body", "wrong", "expected"),
    [
        (b"x\0\0" + zlib.compress(b"profile"), True, None),
        (b"x\0\0not zlib", False, None),
        (b"x\0\1" + zlib.compress(b"profile"), False, None),
        (b"x", False, None),
        (b"", False, None),
        (b"x\0\0" + zlib.compress(bytes(40 << 20)), False, bytes(16 << 20)),
    ],
)
def test_a_pngs_profile(body, wrong, expected, encode, picture):
    png = with_chunks(encode(picture(16, 16), "PNG"), chunk(b"iCCP", body, wrong))
    assert scan.without_metadata(png, format_of(png))[1] == expected


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_file_without_pixels_is_incomplete(kind, encode, picture):
    data = encode(picture(600, 400), kind)
    for length in (2, 9, 12, 20, 30, 38):
        with pytest.raises(scan.Incomplete):
            scan.without_metadata(data[:length], format_of(data))


def test_an_end_marker_and_all_scans(encode, picture):
    jpeg = encode(picture(60, 40), "JPEG")
    assert scan.without_end(jpeg) == scan.without_end(jpeg[:-2]) == scan.without_end(jpeg + b"more") == jpeg[:-2]
    progressive = encode(
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)), "JPEG", progressive=True
    )
    assert scan.has_all_scans(progressive)
    assert scan.has_all_scans(encode(picture(60, 40), "JPEG"))
    places = [place for place in range(len(progressive)) if progressive.startswith(b"\xff\xda", place)]
    assert len(places) > 5
    for place in places[1:]:
        assert not scan.has_all_scans(progressive[:place])
