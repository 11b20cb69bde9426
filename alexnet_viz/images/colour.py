"""Colours of a photo's own space to sRGB, which the networks were trained on and browsers show."""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

ORDINARY_PROFILE_BYTES = 64 << 10
_SAME = 2  # of 255: profiles that differ less from sRGB are sRGB
_IGNORED = "Its colour profile cannot be read and is ignored: the colours may be slightly off."
# Adobe RGB (1998): the colours of full red, green and blue (XYZ, adapted to D50 as ICC profiles are), and its gamma.
_ADOBE_PRIMARIES = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
_ADOBE_GAMMA = 563 / 256
_D50 = (0.9642, 1.0, 0.8249)
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # by the profile's colour space


@dataclass(frozen=True)
class _Conversion:
    """``mode`` is what goes in; ``transform`` is None where nothing has to be done."""

    mode: str
    transform: Any  # of littleCMS, through Pillow
    name: str


def to_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, tuple[str, ...]]:
    """A picture of mode L, RGB or CMYK as RGB in sRGB, with a note where its colours had to be changed or guessed.

    ``profile`` is an ICC profile, empty if the picture has none, None if it cannot be read.
    """
    if profile == b"":
        return _as(image, "RGB"), ()
    conversion = _conversion(profile) if profile else None
    if conversion is None or (conversion.mode != image.mode and conversion.mode != "RGB"):
        return _as(image, "RGB"), (_IGNORED,)
    if conversion.transform is None:
        return _as(image, "RGB"), ()
    source = _as(image, conversion.mode)
    converted = Image.new("RGB", image.size)
    conversion.transform.apply(source.getim(), converted.getim())
    return converted, (f"The colours were converted from {conversion.name} to sRGB.",)


@lru_cache(maxsize=1)
def adobe_rgb() -> bytes:
    """Adobe RGB (1998) as an ICC profile (version 2), for photos whose camera names that space without a profile."""

    def xyz(values: tuple[float, float, float]) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))

    name = b"Adobe RGB (1998)\0"
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(_ADOBE_GAMMA * 256))
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78), b"wtpt": xyz(_D50)}
    for letter, primary in zip(b"rgb", _ADOBE_PRIMARIES, strict=True):
        tags |= {b"%cXYZ" % letter: xyz(primary), b"%cTRC" % letter: curve}
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for tag, value in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(value))
        body += value.ljust(-(-len(value) // 4) * 4, b"\0")
    head = struct.pack(">I4sI4s4s4s12x4s28x", start + len(body), b"", 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    illuminant = xyz(_D50)[8:]
    return (head + illuminant).ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _as(image: Image.Image, mode: str) -> Image.Image:
    """Pillow copies a picture whose mode is right already."""
    return image if image.mode == mode else image.convert(mode)


@lru_cache(maxsize=64)
def _conversion(profile: bytes) -> _Conversion | None:
    """How to get from a profile to sRGB; None where it cannot be read. Takes some 3 ms the first time."""
    from PIL import ImageCms

    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _MODES[opened.profile.xcolor_space]
        transform = ImageCms.buildTransform(
            opened,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        ).transform
        same = mode != "CMYK" and _changes_nothing(transform, mode)
        return _Conversion(mode, None if same else transform, _name(opened.profile.profile_description))
    except (OSError, KeyError, ValueError, TypeError, ImageCms.PyCMSError):
        return None


def _changes_nothing(transform: Any, mode: str) -> bool:
    """Tried on colours all over the cube, or on all greys."""
    levels = np.linspace(0, 255, 256 if mode == "L" else 9).round().astype(np.uint8)
    if mode == "L":
        before = Image.fromarray(levels.reshape(1, -1))
    else:
        before = Image.fromarray(np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3))
    after = Image.new("RGB", before.size)
    transform.apply(before.getim(), after.getim())
    return int(np.abs(np.asarray(before.convert("RGB")).astype(int) - np.asarray(after)).max()) <= _SAME


def _name(description: str | None) -> str:
    """A profile's own name, as far as it is plain text."""
    plain = " ".join(re.sub(r"[^\w .()+-]", " ", description or "").split())[:50].strip()
    return plain or "a profile without a name"
