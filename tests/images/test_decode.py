"""Untrusted bytes: every format comes out upright and in true colours, everything else as one plain sentence."""

import dataclasses
import hashlib
import io
import struct
import sys
import time
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pillow_heif
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile
from PIL.Image import Transpose

from alexnet_viz.errors import ImageError
from alexnet_viz.images import formats
from alexnet_viz.images.decode import decode
from alexnet_viz.sandbox import Sandbox
from alexnet_viz.values import Photo
from tests.images.odd_photos import AFTER_IHDR, bitmap_of_runs, chunk, segment, tiff

pillow_heif.register_heif_opener()

LOSSLESS = {"PNG": {}, "WEBP": {"lossless": True}, "TIFF": {}, "BMP": {}}
LOSSY = {"JPEG": {"quality": 95, "subsampling": 0}, "GIF": {}}
# How a camera held that way stored the upright picture: the inverse of what undoes it.
STORED = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_90,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}


def difference(photo: Photo, image: Image.Image) -> float:
    """The mean distance of two pictures' pixels, out of 255."""
    assert photo.pixels.shape == (image.height, image.width, 3)
    assert photo.pixels.dtype == np.uint8
    return np.abs(photo.pixels.astype(int) - np.asarray(image.convert("RGB"))).mean()


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises many pixels and holds none."""

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


# --- what can be read ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*LOSSLESS, *LOSSY])
def test_a_format_is_told_by_its_content(kind, encode, picture):
    image = picture(60, 40)
    data = encode(image, kind, **{**LOSSLESS, **LOSSY}[kind])
    photo = decode(data, "holiday.doc")
    assert (photo.name, photo.size, photo.notes) == ("holiday.doc", (60, 40), ())
    assert photo.format.upper() == kind
    assert photo.digest == hashlib.sha256(data).hexdigest()
    assert difference(photo, image) <= (0 if kind in LOSSLESS else 8)


def test_a_phones_mpo_is_a_jpeg_without_a_word_on_its_previews(encode, picture):
    image = picture(60, 40)
    photo = decode(encode(image, "MPO", save_all=True, append_images=[picture(30, 20)], quality=95), "phone.jpg")
    assert (photo.format, photo.size, photo.notes) == ("JPEG", (60, 40), ())
    assert difference(photo, image) < 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_the_photo_upright(orientation, kind, encode, picture):
    image = picture(64, 48)
    stored = image.transpose(STORED[orientation]) if orientation > 1 else image
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = decode(encode(stored, kind, exif=exif, **{**LOSSLESS, **LOSSY}[kind]), "turned")
    assert photo.size == (64, 48)
    assert difference(photo, image) < 3


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_large_jpeg_is_decoded_smaller_and_keeps_its_size(orientation, encode, picture):
    image = picture(1601, 1203)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = image.transpose(STORED[orientation]) if orientation > 1 else image
    photo = decode(encode(stored, "JPEG", exif=exif, **LOSSY["JPEG"]), "large.jpg", detail=300)
    assert photo.size == (1601, 1203)
    assert photo.pixels.shape == (301, 401, 3)
    assert difference(photo, image.resize((401, 301), Image.Resampling.BOX)) < 2


@pytest.mark.parametrize(
    ("size", "detail", "expected"),
    [((160, 120), 128, (160, 120)), ((255, 750), 128, (255, 750)), ((256, 750), 128, (128, 375))],
)
def test_the_short_side_keeps_its_detail(size, detail, expected, encode, picture):
    pixels = decode(encode(picture(*size), "JPEG"), "a.jpg", detail).pixels
    assert (pixels.shape[1], pixels.shape[0]) == expected


@pytest.mark.parametrize(("mode", "kind"), [("L", "PNG"), ("L", "JPEG"), ("1", "PNG"), ("1", "TIFF"), ("P", "PNG")])
def test_other_modes_become_rgb(mode, kind, encode, picture):
    image = picture(60, 40).convert(mode)
    photo = decode(encode(image, kind), "photo")
    assert difference(photo, image) < 1
    assert photo.notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_keeps_its_colours(kind, encode):
    red = Image.new("CMYK", (32, 32), (0, 255, 255, 0))
    assert np.abs(decode(encode(red, kind), "print").pixels.astype(int) - (255, 0, 0)).max() <= 3


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_and_not_clipped(kind, encode):
    levels = np.arange(256, dtype=np.uint16).repeat(16).reshape(64, 64) * 257
    photo = decode(encode(Image.fromarray(levels), kind), "deep")
    assert np.array_equal(photo.pixels, np.repeat((levels // 257)[..., None], 3, axis=2))


def test_big_endian_sixteen_bits(encode):
    """Some scanners write them; Pillow cannot, so the bytes of a little-endian TIFF are built the other way here."""
    levels = np.arange(256, dtype=">u2").repeat(16).reshape(64, 64) * 257
    tags = [(256, 64), (257, 64), (258, 16), (259, 1), (262, 1), (273, 8 + 2 + 9 * 12 + 4), (277, 1), (278, 64)]
    tags.append((279, levels.nbytes))
    directory = b"".join(struct.pack(">HHII", tag, 4, 1, value) for tag, value in tags)
    data = (
        b"MM\0*" + struct.pack(">IH", 8, len(tags)) + directory + struct.pack(">I", 0) + levels.astype(">u2").tobytes()
    )
    assert np.array_equal(decode(data, "scan.tif").pixels[..., 0], levels // 257)


@pytest.mark.parametrize(
    ("low", "high", "black", "white", "told"),
    [
        (0, 1, 0, 255, False),
        (0.25, 0.75, 64, 191, False),
        (10, 200, 10, 200, False),
        (-3, 5000, 0, 255, True),
        (-1, 1, 0, 255, True),
    ],
)
def test_measurements_are_stretched_only_when_they_must_be(low, high, black, white, told, encode):
    values = np.linspace(low, high, 32 * 32, dtype=np.float32).reshape(32, 32)
    photo = decode(encode(Image.fromarray(values), "TIFF"), "float.tif")
    assert (photo.pixels.min(), photo.pixels.max()) == (black, white)
    assert photo.notes == ((f"The file's values, {low} to {high}, are shown from black to white.",) if told else ())


def test_thirty_two_bit_integers_and_values_that_are_no_numbers(encode):
    whole = Image.fromarray(np.linspace(0, 2**30, 1024, dtype=np.int32).reshape(32, 32))
    assert decode(encode(whole, "TIFF"), "whole.tif").pixels.max() == 255
    holes = np.full((32, 32), 100, np.float32)
    holes[0, :3] = np.nan, np.inf, -np.inf
    assert decode(encode(Image.fromarray(holes), "TIFF"), "holes.tif").pixels[0, :4, 0].tolist() == [0, 0, 0, 100]


def test_transparency_lies_on_white_and_is_told(encode):
    image = Image.new("RGBA", (32, 32), (200, 0, 0, 255))
    image.paste((0, 0, 200, 0), (0, 0, 16, 32))
    image.putpixel((31, 31), (0, 0, 0, 128))
    photo = decode(encode(image, "PNG"), "logo.png")
    assert photo.pixels[5, 5].tolist() == [255, 255, 255]
    assert photo.pixels[5, 20].tolist() == [200, 0, 0]
    assert photo.pixels[31, 31].tolist() == [127, 127, 127]
    assert photo.notes == ("Transparent parts are shown on white.",)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_palette_lies_on_white(kind, encode):
    image = Image.new("P", (32, 32), 1)
    image.putpalette([10, 20, 30, 200, 0, 0])
    image.paste(0, (0, 0, 16, 32))
    photo = decode(encode(image, kind, transparency=0), "icon")
    assert photo.pixels[5, 5].tolist() == [255, 255, 255]
    assert photo.pixels[5, 20].tolist() == [200, 0, 0]
    assert photo.notes == ("Transparent parts are shown on white.",)


def test_an_alpha_channel_that_hides_nothing_is_not_mentioned(encode, picture):
    photo = decode(encode(picture(60, 40).convert("RGBA"), "PNG"), "opaque.png")
    assert photo.notes == ()
    assert difference(photo, picture(60, 40)) == 0


@pytest.mark.parametrize(("kind", "part"), [("GIF", "frame"), ("WEBP", "frame"), ("PNG", "frame"), ("TIFF", "page")])
def test_the_first_of_several_is_shown_and_told(kind, part, encode):
    red, blue = (Image.new("RGB", (32, 24), colour) for colour in ("red", "blue"))
    photo = decode(encode(red, kind, save_all=True, append_images=[blue, red]), "moving")
    assert np.abs(photo.pixels.astype(int) - (255, 0, 0)).max() <= 3
    assert photo.notes == (f"The file has several {part}s: this is the first.",)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow says that the EXIF is corrupt
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("exif", [b"nonsense", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\0\x01", b"MM\0*"])
def test_nonsense_in_exif_does_not_cost_the_photo(exif, kind, encode, picture):
    data = encode(picture(60, 40), kind, exif=b"Exif\0\0" + exif, **{**LOSSLESS, **LOSSY}[kind])
    assert difference(decode(data, "odd"), picture(60, 40)) < 3


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_upright(value, encode, picture):
    exif = Image.Exif()
    exif[0x0112] = value
    photo = decode(encode(picture(60, 40), "JPEG", exif=exif, quality=95), "odd.jpg")
    assert photo.size == (60, 40)
    assert difference(photo, picture(60, 40)) < 3


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"Dear all,\nplease find attached\n" * 50, "is not a photo that this app reads"),
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(100), "is not a photo that this app reads"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(500), "is a PDF: export the page as PNG"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "is a drawing (SVG)"),
        (b"<!DOCTYPE html><html></html>", "is not a photo that this app reads"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200), "is damaged"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(200), "is damaged"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp41" + bytes(200), "is not a photo that this app reads"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "is damaged"),
        (b"\x89PNG\r\n\x1a\n", "is damaged"),
        (png_header(100, 100), "is damaged"),
        (png_header(8000, 8000), "is damaged"),
        (png_header(8000, 8001), "has more than 64 megapixels"),
        (png_header(30000, 30000), "has more than 64 megapixels"),
        (png_header(7, 300), "has 7×300 pixels"),
        (png_header(300, 7), "has 300×7 pixels"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)}-bytes",
)
def test_refused_with_one_sentence_that_names_the_file(data, words, capsys):
    with pytest.raises(ImageError) as refusal:
        decode(data, "photo.jpg")
    sentence = str(refusal.value)
    assert sentence.startswith(f"photo.jpg {words}")
    assert sentence.endswith(".")
    assert ". " not in sentence
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("action", ["error", "ignore"])
def test_a_bomb_is_refused_whether_or_not_pillows_warning_is_an_error(action):
    with warnings.catch_warnings():
        warnings.simplefilter(action)
        with pytest.raises(ImageError, match="more than 64 megapixels"):
            decode(png_header(10000, 10000), "bomb.png")


def test_eight_pixels_are_enough(encode, picture):
    assert decode(encode(picture(8, 8), "PNG"), "dot.png").size == (8, 8)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("kind", [*LOSSLESS, *LOSSY])
def test_a_file_cut_short_is_refused(kind, share, encode):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8))
    data = encode(noise, kind)
    with pytest.raises(ImageError, match=r"^cut\.jpg is damaged, cut short or of a rare kind: "):
        decode(data[: int(len(data) * share)], "cut.jpg")


def test_a_progressive_jpeg_cut_short_is_refused(encode, picture):
    data = encode(picture(1200, 1200), "JPEG", progressive=True)
    with pytest.raises(ImageError, match="is damaged"):
        decode(data[: len(data) // 2], "cut.jpg")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from([*LOSSLESS, *LOSSY]),
    changes=st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 255)), min_size=1, max_size=12),
)
def test_damage_anywhere_ends_in_a_photo_or_an_image_error(kind, changes, encode, picture):
    data = bytearray(encode(picture(24, 16), kind))
    for place, value in changes:
        data[place % len(data)] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            photo = decode(bytes(data), "odd")
        except ImageError:
            return
    assert photo.pixels.ndim == 3


# --- metadata and ends -----------------------------------------------------------------------------

WORDS = b"an endless prompt " * 300_000
ODD_CHUNKS = {
    "a long zTXt": chunk(b"zTXt", b"workflow\0\0" + zlib.compress(WORDS)),
    "a long iTXt": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(WORDS)),
    "a long tEXt": chunk(b"tEXt", b"parameters\0" + WORDS),
    "a wrong checksum": chunk(b"tIME", b"\x07\xe8\1\1\1\1\1", wrong=True),
    "a wrong checksum of gAMA": chunk(b"gAMA", struct.pack(">I", 45455), wrong=True),
    "a gAMA too short": chunk(b"gAMA", b"\0"),
    "a pHYs too short": chunk(b"pHYs", b"\0\0"),
    "a zTXt of another method": chunk(b"zTXt", b"key\0\x09abc"),
    "a private chunk": chunk(b"prVt", bytes(100)),
    "a name that is none": chunk(b"zz\xff1", b"abc"),
    "an EXIF of nonsense": chunk(b"eXIf", b"nonsense"),
    "five thousand texts": chunk(b"tEXt", b"key\0value") * 5000,
}


@pytest.mark.parametrize("odd", ODD_CHUNKS.values(), ids=ODD_CHUNKS)
def test_odd_chunks_do_not_cost_the_photo(odd, encode, picture):
    png = encode(picture(60, 40), "PNG")
    for place in (AFTER_IHDR, len(png) - 12):
        photo = decode(png[:place] + odd + png[place:], "photo.png")
        assert difference(photo, picture(60, 40)) == 0
        assert photo.notes == ()


@pytest.mark.parametrize("end", [-12, -8, -4, -2], ids=["IEND", "its name", "its checksum", "half its checksum"])
def test_a_png_without_its_end_is_whole(end, encode, picture):
    data = encode(picture(60, 40), "PNG")[:end]
    assert difference(decode(data, "photo.png"), picture(60, 40)) == 0


def test_a_png_whose_profile_is_followed_by_much(encode, picture):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + bytes(3_000_000)
    png = encode(picture(60, 40), "PNG")
    data = png[:AFTER_IHDR] + chunk(b"iCCP", b"big\0\0" + zlib.compress(profile)) + png[AFTER_IHDR:]
    photo = decode(data, "photo.png")
    assert difference(photo, picture(60, 40)) == 0
    assert photo.notes == ()


@pytest.mark.parametrize(
    "odd",
    [
        segment(0xFE, b"hello") * 20_000,
        segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0") * 20_000,
        segment(0xE1, b"Exif\0\0" + bytes(65_000)) * 100,
        segment(0xED, b"Photoshop 3.0\0" + b"8BIM\4\0\0\0\0\0\0\0" * 5000) * 50,
        segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\x88\x13" + b"\1\0\7\0\0\xea\0\0\0\0\0\0" * 5000),
    ],
    ids=["comments", "EXIF", "large EXIF", "Photoshop", "EXIF's directory"],
)
def test_odd_segments_do_not_cost_the_photo(odd, encode, picture):
    jpeg = encode(picture(60, 40), "JPEG", quality=95)
    photo = decode(jpeg[:2] + odd + jpeg[2:], "photo.jpg")
    assert np.array_equal(photo.pixels, decode(jpeg, "photo.jpg").pixels)
    assert photo.notes == ()


def test_the_orientation_survives_the_metadata_around_it(encode, picture):
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = picture(64, 48).transpose(STORED[6])
    for kind, start, odd in (("JPEG", 2, segment(0xFE, b"") * 500), ("PNG", 33, ODD_CHUNKS["a long zTXt"])):
        data = encode(stored, kind, exif=exif, **({"quality": 95} if kind == "JPEG" else {}))
        assert difference(decode(data[:start] + odd + data[start:], "turned"), picture(64, 48)) < 3


JPEGS = {
    "baseline": {},
    "progressive": {"progressive": True},
    "restart markers": {"restart_marker_rows": 1},
    "4:4:4": {"subsampling": 0},
}


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
def test_a_jpeg_that_only_lacks_its_end_marker_is_whole(options, mode, encode, picture):
    jpeg = encode(picture(120, 90).convert(mode), "JPEG", **options)
    assert np.array_equal(decode(jpeg[:-2], "photo.jpg").pixels, decode(jpeg, "photo.jpg").pixels)
    assert np.array_equal(decode(jpeg[:-1], "photo.jpg").pixels, decode(jpeg, "photo.jpg").pixels)


@pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
@pytest.mark.parametrize("lost", [6, 10, 30, 100, 300])
def test_a_jpeg_that_lacks_codes_of_its_pixels_is_refused(lost, options, encode):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8))
    jpeg = encode(noise, "JPEG", **options)
    with pytest.raises(ImageError, match="is damaged, cut short"):
        decode(jpeg[:-lost], "photo.jpg")


@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
@pytest.mark.parametrize("share", [0.15, 0.5, 0.9, 0.99])
def test_a_jpeg_cut_short_with_an_end_marker_put_behind_it_is_refused(share, options, orientation, encode, picture):
    exif = Image.Exif()
    exif[0x0112] = orientation
    jpeg = encode(picture(600, 400), "JPEG", exif=exif.tobytes(), **options)
    with pytest.raises(ImageError, match="is damaged, cut short"):
        decode(jpeg[: int(len(jpeg) * share)] + b"\xff\xd9", "photo.jpg")


@pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("detail", [16, 1024])
def test_a_whole_jpeg_that_ends_in_one_colour_is_read(detail, mode, options, encode, picture):
    white = Image.new("RGB", (300, 200), "white")
    white.paste(picture(150, 100), (40, 30))
    photo = decode(encode(white.convert(mode), "JPEG", **options) + b"what follows", "photo.jpg", detail)
    assert (photo.pixels[-1, -1] >= 254).all()


@pytest.mark.parametrize("kept", [0, 1, 5, 9])
def test_a_jpeg_that_ends_before_a_restart_marker_is_refused(kept, encode):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (180, 60, 3), dtype=np.uint8))
    jpeg = encode(noise, "JPEG", restart_marker_rows=1)
    places = [place for place in range(len(jpeg)) if jpeg[place] == 0xFF and 0xD0 <= jpeg[place + 1] <= 0xD7]
    assert len(places) > 9
    with pytest.raises(ImageError, match="is damaged, cut short"):
        decode(jpeg[: places[kept]], "photo.jpg")


def test_a_progressive_jpeg_that_ends_between_two_scans_is_refused(encode, picture):
    jpeg = encode(picture(120, 90), "JPEG", progressive=True)
    places = [place for place in range(len(jpeg)) if jpeg.startswith(b"\xff\xda", place)]
    with pytest.raises(ImageError, match="is damaged, cut short"):
        decode(jpeg[: places[-1]], "photo.jpg")


# --- cost ----------------------------------------------------------------------------------------


@pytest.fixture
def limits(monkeypatch):
    """limits(cpu_seconds=…, memory=…): decode() with other limits than its own."""
    made = []

    def limits(**changed):
        given = {"seconds": 60, "cpu_seconds": 30, "memory": 1 << 30, "children": 2, "reuse": True} | changed
        made.append(Sandbox("alexnet_viz.images.pixels:read_in_child", **given))
        monkeypatch.setattr("alexnet_viz.images.decode._children", made[-1])

    yield limits
    for one in made:
        one.close()


def endless_scans() -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (4000, 4000)).save(buffer, "JPEG", progressive=True)
    jpeg = buffer.getvalue()
    last = jpeg.rfind(b"\xff\xda")
    return jpeg[:last] + jpeg[last:-2] * 5000 + b"\xff\xd9"


def many_strips(count: int) -> bytes:
    eights = np.full(count, 8, "<u4").tobytes()
    shape = [(256, 4, 1, 8), (257, 4, 1, count), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (277, 3, 1, 1)]
    return tiff([*shape, (273, 4, count, eights), (278, 4, 1, 1), (279, 4, count, eights)])


@pytest.mark.parametrize(
    "bomb",
    [endless_scans, lambda: bitmap_of_runs(6_400_000, 8, 3), lambda: many_strips(3_000_000)],
    ids=["JPEG of 5,000 scans", "run-length BMP", "TIFF of 3,000,000 strips"],
)
def test_what_takes_too_long_is_refused_with_the_limit(bomb, limits):
    limits(cpu_seconds=1)
    with pytest.raises(ImageError, match=r"^bomb takes more than 1 seconds to decode, the limit here: save it again"):
        decode(bomb(), "bomb")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces RLIMIT_AS")
def test_what_takes_too_much_memory_is_refused_with_the_limit(limits, encode):
    limits(memory=200 << 20)
    tiny = encode(Image.new("F", (7000, 7000)), "TIFF", compression="tiff_adobe_deflate")
    assert len(tiny) < 400_000
    with pytest.raises(
        ImageError, match=r"^bomb takes more than 0\.2 GB of memory to decode, the limit here: scale it"
    ):
        decode(tiny, "bomb")


def test_who_waits_too_long_is_told(limits, encode, picture):
    limits(children=1, patience=0.1, cpu_seconds=3)
    with ThreadPoolExecutor(1) as threads:
        children = len(psutil.Process().children())
        first = threads.submit(decode, endless_scans(), "bomb.jpg")
        while len(psutil.Process().children()) == children and not first.done():
            time.sleep(0.01)  # until it has the only place
        answers = set()
        while not first.done():
            try:
                answers.add(decode(encode(picture(60, 40), "WEBP"), "tiny.webp").format)
            except ImageError as error:
                answers.add(str(error))
        assert "tiny.webp has to wait for too many other photos: try again in a minute." in answers
        with pytest.raises(ImageError, match="takes more than 3 seconds"):
            first.result()


def test_a_picture_beyond_the_ordinary_is_kept_at_a_smaller_scale(limits, encode):
    limits()  # a loaded machine is slow, not wrong
    image = Image.new("RGB", (6000, 5000), (10, 20, 30))
    photo = decode(encode(image, "PNG", compress_level=1), "large.png")
    assert photo.size == (6000, 5000)
    assert photo.pixels.shape == (1250, 1500, 3)
    assert (photo.pixels == (10, 20, 30)).all()


def test_a_library_that_crashes_is_the_photos_fault(monkeypatch, tmp_path, encode, picture):
    (tmp_path / "crash.py").write_text("import os\ndef crash(arguments, data, progress):\n    os.abort()\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(
        "alexnet_viz.images.decode._children", Sandbox("crash:crash", seconds=60, memory=1 << 28, children=1)
    )
    with pytest.raises(ImageError, match="is damaged, cut short or of a rare kind"):
        decode(encode(picture(60, 40), "WEBP"), "photo.webp")


# --- phones --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "title"), [("HEIF", "HEIC"), ("AVIF", "AVIF")])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_phones_photo_is_upright(orientation, kind, title, encode, picture):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = picture(64, 48).transpose(STORED[orientation]) if orientation > 1 else picture(64, 48)
    photo = decode(encode(stored, kind, exif=exif.tobytes(), quality=95), "phone")
    assert (photo.format, photo.size, photo.notes) == (title, (64, 48), ())
    assert difference(photo, picture(64, 48)) < 4


def test_a_heic_of_tiles_with_a_preview_and_its_limits(limits, encode, picture):
    limits()  # a loaded machine is slow, not wrong
    image = picture(700, 500)
    assert difference(decode(encode(image, "HEIF", tile_size=256, quality=95), "tiles.heic"), image) < 4
    several = encode(image, "HEIF", save_all=True, append_images=[picture(30, 20)])
    assert decode(several, "several.heic").notes == ()
    with pytest.raises(ImageError, match="has more than 64 megapixels"):
        decode(lying(encode(image, "HEIF"), 60_000, 60_000), "lie.heic")
    with pytest.raises(ImageError, match="is damaged"):
        decode(several[: len(several) // 2], "cut.heic")


def lying(data: bytes, width: int, height: int) -> bytes:
    """The same HEIC with another size in its header."""
    place = data.index(b"ispe") + 8
    return data[:place] + struct.pack(">II", width, height) + data[place + 8 :]


# --- many visitors at once -----------------------------------------------------------------------


def test_many_threads_decode_at_once_and_pillow_stays_as_it_was(encode, picture):
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)
    files = [encode(picture(100 + i, 60), kind) for i in range(16) for kind in [*LOSSLESS, *LOSSY]]
    files += [data[: len(data) // 2] for data in files[:20]]

    def answer(data: bytes) -> bytes | str:
        try:
            return decode(data, "photo").pixels.tobytes()
        except ImageError as error:
            return str(error)

    with ThreadPoolExecutor(100) as pool:
        together = list(pool.map(answer, files))
    assert together == [answer(data) for data in files]
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))


def test_a_reader_that_is_not_installed_is_no_damage_to_the_photo(monkeypatch, encode, picture):
    jpeg = next(kind for kind in formats.FORMATS if kind.title == "JPEG")
    without = dataclasses.replace(jpeg, reader="not_installed")
    monkeypatch.setattr("alexnet_viz.images.decode.format_of", lambda data: without)
    with pytest.raises(ModuleNotFoundError, match="not_installed"):
        decode(encode(picture(60, 40), "JPEG"), "photo.jpg")
