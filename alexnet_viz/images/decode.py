"""Untrusted bytes to a checked, upright RGB photo."""

from __future__ import annotations

import hashlib
import importlib
import io

import numpy as np
from PIL import Image
from PIL.ExifTags import Base as Exif
from PIL.Image import Transpose

from alexnet_viz.errors import ImageError
from alexnet_viz.images.formats import TITLES, Format, format_of
from alexnet_viz.values import Photo

MAX_MEGAPIXELS = 64
MIN_SIDE = 8

_UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
_SIXTEEN_TO_EIGHT = (np.arange(65536) / 257).round().astype(np.uint8)


def decode(data: bytes, name: str, detail: int = 1024) -> Photo:
    """Decode the first picture of a file; ImageError with one sentence that names the file where that cannot be done.

    The format is told by the content (see ``formats``). A JPEG is decoded at the smallest of 1, 1/2,
    1/4, 1/8 of its size that leaves both sides at least ``detail`` pixels; ``Photo.size`` is the original's all the
    same. Changes no setting of Pillow's, so any number of threads can decode at once.
    """
    if not data:
        raise ImageError(f"{name} is empty (0 bytes): choose another photo.")
    kind = format_of(data)
    if kind is None:
        raise ImageError(_unreadable(data, name))
    try:
        image = _open(data, kind)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(_too_large(name)) from error
    except Exception as error:  # Pillow's readers raise nearly anything on damaged data
        raise ImageError(_damaged(name)) from error
    width, height = image.size
    if width * height > MAX_MEGAPIXELS * 1_000_000:
        raise ImageError(_too_large(name))
    if min(width, height) < MIN_SIDE:
        raise ImageError(f"{name} has {width}×{height} pixels: choose a photo with at least {MIN_SIDE} on each side.")
    try:
        notes = _first_of_several(image)
        image.draft("RGB", (detail, detail))  # only JPEG has smaller scales
        image.load()
        orientation = _orientation(image)
        rgb, more = _rgb(image)
    except Exception as error:
        raise ImageError(_damaged(name)) from error
    if orientation in _UPRIGHT:
        rgb = rgb.transpose(_UPRIGHT[orientation])
    return Photo(
        name=name,
        pixels=np.asarray(rgb),
        size=(height, width) if orientation >= 5 else (width, height),
        format=kind.title,
        digest=hashlib.sha256(data).hexdigest(),
        notes=notes + more,
    )


def _open(data: bytes, kind: Format) -> Image.Image:
    importlib.import_module(kind.reader)
    return Image.open(io.BytesIO(data), formats=(kind.pillow,))


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation, 1 … 8, of a loaded picture (Pillow turns a TIFF upright as it loads it, and says 1)."""
    try:
        value = image.getexif().get(Exif.Orientation, 1)
    except Exception:  # a photo is worth showing though its EXIF is nonsense
        return 1
    return value if value in _UPRIGHT else 1


def _rgb(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """Any of Pillow's modes as 8-bit RGB, with notes on what had to be done to the values."""
    if image.mode.startswith("I;16"):  # convert() would clip at 255
        image = Image.fromarray(_SIXTEEN_TO_EIGHT[np.asarray(image)])
    elif image.mode in ("I", "F"):
        return _grey(np.asarray(image))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=alpha)
        return white, ("Transparent parts are shown on white.",) if alpha.getextrema()[0] < 255 else ()
    return image if image.mode == "RGB" else image.convert("RGB"), ()


def _grey(values: np.ndarray) -> tuple[Image.Image, tuple[str, ...]]:
    """Measurements (32-bit TIFF) as RGB: 0 … 255 as they are, fractions times 255, anything else stretched."""
    values = np.nan_to_num(values.astype(np.float32), posinf=0, neginf=0)
    low, high = float(values.min()), float(values.max())
    notes = ()
    if low < 0 or high > 255:
        values = (values - low) / ((high - low) or 1) * 255
        notes = (f"The file's values, {low:g} to {high:g}, are shown from black to white.",)
    elif high <= 1:
        values = values * 255
    return Image.fromarray(values.round().astype(np.uint8)).convert("RGB"), notes


def _first_of_several(image: Image.Image) -> tuple[str, ...]:
    if not getattr(image, "is_animated", False) or image.format == "MPO":  # a phone's MPO holds one photo, and previews
        return ()
    part = "page" if image.format == "TIFF" else "frame"
    return (f"The file has several {part}s: this is the first.",)


def _unreadable(data: bytes, name: str) -> str:
    """What to do about content that no reader takes, whatever the file's name says."""
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"%PDF"):
        return f"{name} is a PDF: export the page as PNG or JPEG and choose that."
    if start.startswith(b"<") and b"<svg" in start:
        return f"{name} is a drawing (SVG): export it as PNG and choose that."
    return f"{name} is not a photo that this app reads: choose a {TITLES} file."


def _damaged(name: str) -> str:
    return f"{name} is damaged, cut short or of a rare kind: choose another copy, or save it again as JPEG."


def _too_large(name: str) -> str:
    return f"{name} has more than {MAX_MEGAPIXELS} megapixels: scale it down first."
