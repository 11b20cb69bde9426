"""Colour profiles: values against the definitions of the spaces, and a note whenever colours were changed."""

import numpy as np
import pytest
from PIL import Image, ImageCms

from alexnet_viz.images.decode import decode
from tests.images.odd_photos import ADOBE, P3, profile

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
DISPLAY_P3 = profile(P3, None, "Display P3")
ADOBE_RGB = profile(ADOBE, 2.19921875, "Adobe RGB (1998)")
GREY = profile(None, 1.8, "Grey 1.8")
TO_XYZ = {"srgb": ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))}
IGNORED = "Its colour profile cannot be read and is ignored: the colours may be slightly off."


def srgb_of(levels: np.ndarray, colorants: tuple, gamma: float | None) -> np.ndarray:
    """sRGB's levels, 0 … 255, of another space's, by the formulas of both; clipped to what sRGB can show."""
    x = levels / 255
    linear = x**gamma if gamma else np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.array(colorants) @ np.linalg.inv(np.array(TO_XYZ["srgb"])), 0, 1)
    return 255 * np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("icc", "colorants", "gamma", "name"),
    [(DISPLAY_P3, P3, None, "Display P3"), (ADOBE_RGB, ADOBE, 2.19921875, "Adobe RGB (1998)")],
)
def test_colours_are_converted_as_the_spaces_define_them(icc, colorants, gamma, name, kind, encode, picture):
    image = picture(60, 40)
    photo = decode(encode(image, kind, icc_profile=icc, **({"lossless": True} if kind == "WEBP" else {})), "photo")
    assert photo.notes == (f"The colours were converted from {name} to sRGB.",)
    assert np.abs(photo.pixels - srgb_of(np.asarray(image).astype(float), colorants, gamma)).max() <= 2


@pytest.mark.parametrize(("kind", "tolerance"), [("JPEG", 12), ("AVIF", 25), ("HEIF", 25)])
def test_a_phones_red_is_as_red_as_its_profile_says(kind, tolerance, encode):
    import pillow_heif

    pillow_heif.register_heif_opener()
    data = encode(Image.new("RGB", (64, 64), (200, 60, 60)), kind, icc_profile=DISPLAY_P3)
    photo = decode(data, "phone")
    assert photo.notes == ("The colours were converted from Display P3 to sRGB.",)
    expected = srgb_of(np.array([200.0, 60, 60]), P3, None)
    assert expected.round().tolist() == [217, 42, 52]
    assert np.abs(photo.pixels[32, 32] - expected).max() <= tolerance


def of_a_camera(mark: str, space: int = 65535) -> Image.Exif:
    """What cameras write: the colour space by its mark in EXIF's directory of interoperability, and no profile."""
    exif = Image.Exif()
    exif[0x8769] = {0xA001: space, 0xA005: {1: mark}}
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_adobe_rgb_by_a_cameras_exif_alone_is_converted(kind, encode, picture):
    image = picture(60, 40)
    how = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    plain = decode(encode(image, kind, **how), "plain")
    photo = decode(encode(image, kind, exif=of_a_camera("R03"), **how), "camera")
    assert photo.notes == ("The colours were converted from Adobe RGB (1998) to sRGB.",)
    assert np.abs(photo.pixels - srgb_of(plain.pixels.astype(float), ADOBE, 2.19921875)).max() <= 2
    for in_srgb in (of_a_camera("R98", 1), of_a_camera("R03", 1)):
        assert decode(encode(image, kind, exif=in_srgb, **how), "camera").notes == ()
    with_profile = decode(encode(image, kind, exif=of_a_camera("R03"), icc_profile=SRGB, **how), "camera")
    assert np.array_equal(with_profile.pixels, plain.pixels)  # a profile goes before it


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_srgb_is_no_news(kind, mode, encode, picture):
    image = picture(60, 40).convert(mode)
    plain, tagged = decode(encode(image, kind), "a"), decode(encode(image, kind, icc_profile=SRGB), "b")
    assert np.array_equal(plain.pixels, tagged.pixels)
    assert tagged.notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    "icc",
    [b"garbage" * 30, DISPLAY_P3[:300], SRGB[:140], bytes(5000)],
    ids=["garbage", "cut P3", "cut sRGB", "zeros"],  # a profile holds the time at which it was made
)
def test_a_profile_that_cannot_be_read_is_ignored_with_a_note(icc, kind, encode, picture):
    plain, tagged = (
        decode(encode(picture(60, 40), kind), "a"),
        decode(encode(picture(60, 40), kind, icc_profile=icc), "b"),
    )
    assert np.array_equal(plain.pixels, tagged.pixels)
    assert tagged.notes == (IGNORED,)


def test_greys_by_their_own_curve(encode):
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    photo = decode(encode(Image.fromarray(levels), "PNG", icc_profile=GREY), "grey.png")
    assert photo.notes == ("The colours were converted from Grey 1.8 to sRGB.",)
    linear = (levels / 255) ** 1.8
    expected = 255 * np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert np.abs(photo.pixels - expected[..., None]).max() <= 2


def test_a_profile_of_colours_in_a_grey_photo_is_applied_to_its_greys(encode, picture):
    grey = picture(60, 40).convert("L")
    photo = decode(encode(grey, "PNG", icc_profile=ADOBE_RGB), "grey.png")
    assert photo.notes == ("The colours were converted from Adobe RGB (1998) to sRGB.",)
    expected = srgb_of(np.asarray(grey.convert("RGB")).astype(float), ADOBE, 2.19921875)
    assert np.abs(photo.pixels - expected).max() <= 2


@pytest.mark.parametrize(("mode", "icc"), [("RGB", GREY), ("CMYK", GREY)])
def test_a_profile_of_another_kind_of_pixels_is_ignored_and_told(mode, icc, encode, picture):
    image = picture(64, 48).convert(mode)
    plain, tagged = decode(encode(image, "TIFF"), "a"), decode(encode(image, "TIFF", icc_profile=icc), "b")
    assert np.array_equal(plain.pixels, tagged.pixels)
    assert tagged.notes == (IGNORED,)


def test_transparency_lies_on_white_after_the_conversion(encode):
    image = Image.new("RGBA", (32, 32), (200, 60, 60, 0))
    image.paste((200, 60, 60, 255), (16, 0, 32, 32))
    photo = decode(encode(image, "PNG", icc_profile=DISPLAY_P3), "logo.png")
    assert photo.pixels[5, 5].tolist() == [255, 255, 255]
    assert np.abs(photo.pixels[5, 20].astype(int) - (217, 42, 52)).max() <= 2
    assert len(photo.notes) == 2


def test_a_palettes_colours_are_converted(encode):
    image = Image.new("P", (32, 32), 1)
    image.putpalette([10, 20, 30, 200, 60, 60])
    photo = decode(encode(image, "PNG", icc_profile=DISPLAY_P3), "palette.png")
    assert np.abs(photo.pixels[5, 5].astype(int) - (217, 42, 52)).max() <= 2


def test_a_profiles_name_is_plain_text(encode, picture):
    data = encode(picture(60, 40), "PNG", icc_profile=profile(P3, None, "<b>![x](http://host/x.png)\n" + "y" * 500))
    (note,) = decode(data, "photo.png").notes
    assert note.startswith("The colours were converted from b x (http host x.png) yyy")
    assert len(note) < 100
    assert decode(encode(picture(60, 40), "PNG", icc_profile=profile(P3, None, "")), "photo.png").notes == (
        "The colours were converted from a profile without a name to sRGB.",
    )


def test_a_large_profile_is_read_in_a_child(encode, picture):
    data = encode(picture(60, 40), "JPEG", icc_profile=DISPLAY_P3 + bytes(500_000), quality=95)
    assert decode(data, "photo.jpg").notes == ("The colours were converted from Display P3 to sRGB.",)
