"""One picture's pixels, read with Pillow: upright, 8-bit, RGB, sRGB."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops
from PIL.ExifTags import IFD
from PIL.ExifTags import Base as Exif
from PIL.Image import Transpose

from alexnet_viz.errors import ImageError
from alexnet_viz.images import colour, scan
from alexnet_viz.images.formats import FORMATS, Format, pillow_is_quiet

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
_INTEROPERABILITY = 1  # in its own directory of EXIF: "R98" is sRGB, "R03" Adobe RGB
_SIXTEEN_TO_EIGHT = (np.arange(65536) / 257).round().astype(np.uint8)
_ROWS = 4 << 20  # pixels that are looked at together, where a whole picture's floats would take too much memory
_JPEG_END = b"\xff\xd9"
# What might follow a JPEG's codes. Where some are missing, at least one of these makes other pixels of them.
_MORE_CODES = (b"", b"\xaa" * 128, b"\xdb\x6d\xb6" * 40, b"\xfe\xef" * 64)


class Unreadable(Exception):
    """Pillow could not read it, or it is not ordinary after all."""


@dataclass(frozen=True, eq=False)
class Pixels:
    """uint8 (H, W, 3); ``size`` is the original's (width, height), upright; notes say what was done to the values."""

    array: np.ndarray
    size: tuple[int, int]
    notes: tuple[str, ...]


def read(data: bytes, name: str, kind: Format, detail: int) -> Pixels:
    """Read an ordinary picture. Raises ImageError for a size that is refused, and Unreadable for everything else.

    Unreadable here is also a picture with a large colour profile, whose cost is unknown.
    """
    with _readers_errors(name):
        image = _open(data, kind)
        profile = image.info.get("icc_profile", b"")
        if profile and len(profile) > colour.ORDINARY_PROFILE_BYTES:
            raise Unreadable("a large colour profile")
        return _pixels(image, name, detail, profile, lambda: _is_cut_short(image, data, kind, detail))


@contextmanager
def _readers_errors(name: str) -> Iterator[None]:
    """ImageError, MemoryError or Unreadable, whatever Pillow's readers raise on damaged data: nearly anything."""
    try:
        yield
    except (ImageError, MemoryError, Unreadable, ImportError):  # the last: a reader that is not installed
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(_too_large(name)) from error
    except Exception as error:
        if "memory" in str(error).lower():
            raise MemoryError(str(error)) from error
        raise Unreadable(str(error)) from error


def _open(data: bytes, kind: Format) -> Image.Image:
    importlib.import_module(kind.reader)
    return Image.open(io.BytesIO(data), formats=(kind.pillow,))


def _pixels(
    image: Image.Image,
    name: str,
    detail: int,
    profile: bytes | None,
    is_cut_short: Callable[[], bool] = lambda: False,
) -> Pixels:
    """``is_cut_short`` is asked once a JPEG is loaded; to find out may take as long as loading it."""
    _check_size(image.size, name)
    notes = _first_of_several(image)
    width, height = image.size
    if image.format in ("JPEG", "MPO"):  # others have no smaller scales, or a preview in their place
        image.draft("RGB", (detail, detail))
    image.load()
    if image.format in ("JPEG", "MPO") and is_cut_short():
        raise Unreadable("cut short")
    orientation = _orientation(image)
    if profile == b"" and _is_adobe_rgb(image):
        profile = colour.adobe_rgb()
    rgb, more = _rgb(image, profile)
    if orientation in _UPRIGHT:
        rgb = rgb.transpose(_UPRIGHT[orientation])
    if (factor := _reduction(rgb.size, detail)) > 1:
        rgb = rgb.reduce(factor)
    return Pixels(_array(rgb), (height, width) if orientation >= 5 else (width, height), notes + more)


def _ends_flat(image: Image.Image) -> bool:
    """Whether the last pixels are all of one colour, as libjpeg paints what has no codes."""
    width, height = image.size
    corner = np.asarray(image.crop((max(0, width - 4), max(0, height - 2), width, height)))
    return bool((corner == corner[0, 0]).all())


def _reduction(size: tuple[int, int], detail: int) -> int:
    """By how much a picture beyond the ordinary is scaled down; no side gets below ``detail``."""
    width, height = size
    if width * height <= scan.ORDINARY_MEGAPIXELS * 1_000_000:
        return 1
    return max(1, min(8, width // detail, height // detail))


def _too_large(name: str) -> str:
    return f"{name} has more than {MAX_MEGAPIXELS} megapixels: scale it down first."


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > MAX_MEGAPIXELS * 1_000_000:
        raise ImageError(_too_large(name))
    if min(width, height) < MIN_SIDE:
        raise ImageError(f"{name} has {width}×{height} pixels: choose a photo with at least {MIN_SIDE} on each side.")


def _first_of_several(image: Image.Image) -> tuple[str, ...]:
    """A phone's MPO or HEIC holds one photo, and previews."""
    if image.format in ("MPO", "HEIF") or not getattr(image, "is_animated", False):
        return ()
    part = "page" if image.format == "TIFF" else "frame"
    return (f"The file has several {part}s: this is the first.",)


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation, 1 … 8, of a loaded picture (Pillow turns a TIFF upright as it loads it, and says 1)."""
    try:
        value = image.getexif().get(Exif.Orientation, 1)
    except Exception:  # a photo is worth showing though its EXIF is nonsense
        return 1
    return value if value in _UPRIGHT else 1


def _is_adobe_rgb(image: Image.Image) -> bool:
    """Whether a loaded picture's EXIF says Adobe RGB, as the file system of cameras (DCF 2.0) has it said.

    Programs that convert a photo to sRGB may leave that mark, and say sRGB elsewhere.
    """
    try:
        exif = image.getexif()
        is_marked = str(exif.get_ifd(IFD.Interop).get(_INTEROPERABILITY, "")).startswith("R03")
        return is_marked and exif.get_ifd(IFD.Exif).get(Exif.ColorSpace) != 1 and "srgb" not in image.info
    except Exception:  # as for the orientation
        return False


def _rgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, tuple[str, ...]]:
    """Any of Pillow's modes as 8-bit RGB in sRGB, with notes on what had to be done to the values."""
    if image.mode.startswith("I;16"):  # convert() would clip at 255
        image = Image.fromarray(_SIXTEEN_TO_EIGHT[np.asarray(image)])
    elif image.mode in ("I", "F"):
        return _grey(image)
    elif image.mode == "LAB":
        return image.convert("RGB"), ()  # Pillow goes by way of littleCMS
    if image.has_transparency_data and not _has_unused_alpha(image):
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        rgb, notes = colour.to_srgb(image.convert("RGB"), profile)
        white = Image.new("RGB", image.size, "white")
        white.paste(rgb, mask=alpha)
        if np.asarray(alpha).min() < 255:
            notes += ("Transparent parts are shown on white.",)
        return white, notes
    if image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("L" if image.mode in ("1", "LA") else "RGB")
    return colour.to_srgb(image, profile)


def _has_unused_alpha(image: Image.Image) -> bool:
    """Many programs leave the fourth byte of a BMP's pixels at 0."""
    return image.format == "BMP" and image.getchannel("A").getextrema() == (0, 0)


def _grey(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """Measurements (32-bit TIFF) as RGB: 0 … 255 as they are, fractions times 255, anything else stretched."""
    extremes = [(float(part.min()), float(part.max())) for _, part in _floats(image)]
    low, high = min(low for low, _ in extremes), max(high for _, high in extremes)
    notes: tuple[str, ...] = ()
    offset, scale = 0.0, 1.0
    if low < 0 or high > 255:
        offset, scale = low, 255 / ((high - low) or 1)
        notes = (f"The file's values, {low:g} to {high:g}, are shown from black to white.",)
    elif high <= 1:
        scale = 255.0
    grey = np.empty((image.height, image.width), np.uint8)
    for rows, part in _floats(image):
        grey[rows] = ((part - offset) * scale).round()
    return Image.fromarray(grey).convert("RGB"), notes


def _floats(image: Image.Image) -> Iterator[tuple[slice, np.ndarray]]:
    """(rows, values) of a picture of mode I or F, part by part; what is no number counts as 0."""
    for rows, part in _parts(image):
        yield rows, np.nan_to_num(np.asarray(part).astype(np.float64), posinf=0, neginf=0)


def _parts(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """(rows, picture) of bands of the picture, each small enough to be copied without a thought."""
    step = max(1, _ROWS // image.width)
    for top in range(0, image.height, step):
        bottom = min(top + step, image.height)
        yield slice(top, bottom), image.crop((0, top, image.width, bottom))


def _array(rgb: Image.Image) -> np.ndarray:
    """uint8 (H, W, 3). ``np.asarray`` makes two more copies on its way, which only small pictures can afford."""
    if rgb.width * rgb.height <= _ROWS:
        return np.asarray(rgb)
    array = np.empty((rgb.height, rgb.width, 3), np.uint8)
    for rows, part in _parts(rgb):
        array[rows] = np.asarray(part)
    return array


# --- in the child process ------------------------------------------------------------------------


def read_in_child(arguments: dict, data: bytes, progress: Callable[[str], None]) -> tuple[dict, memoryview]:
    """``read`` for a sandbox, and more patient: without metadata, and with a JPEG that only lacks its end marker."""
    pillow_is_quiet()
    kind = next(kind for kind in FORMATS if kind.title == arguments["format"])
    try:
        pixels = _read_patiently(bytes(data), arguments["name"], kind, arguments["detail"])
    except (Unreadable, scan.Incomplete):
        return {"is_readable": False}, memoryview(b"")
    answer = {"is_readable": True, "shape": pixels.array.shape, "size": pixels.size, "notes": pixels.notes}
    return answer, np.ascontiguousarray(pixels.array).data.cast("B")


def _read_patiently(data: bytes, name: str, kind: Format, detail: int) -> Pixels:
    with _readers_errors(name):
        if kind.title not in ("JPEG", "PNG"):
            image = _open(data, kind)
            return _pixels(image, name, detail, image.info.get("icc_profile", b""))
        bare, profile = scan.without_metadata(data, kind)
        if kind.title == "JPEG":
            if not scan.has_all_scans(bare):
                raise Unreadable("cut short")
            codes = scan.without_end(bare)
            if codes == bare and _are_all_codes(codes, kind, detail):
                bare += _JPEG_END
        image = _open(bare, kind)
        return _pixels(image, name, detail, profile, lambda: _is_cut_short(image, bare, kind, detail))


def _is_cut_short(image: Image.Image, data: bytes, kind: Format, detail: int) -> bool:
    """Whether a JPEG with an end marker, loaded as ``image``, lacks codes before it. Decodes it again.

    Pillow does not pass on libjpeg's warning of that.
    """
    codes = scan.without_end(data).rstrip(b"\xff")
    if "progressive" in image.info:  # where the last scan ends early, more codes change some pixels, however little
        continued = _open(codes + _MORE_CODES[1] + _JPEG_END, kind)
        continued.draft("RGB", (detail, detail))
        return ImageChops.difference(image, continued).getbbox() is not None
    return _ends_flat(image) and not _are_all_codes(codes, kind, 1)  # at an eighth, where a block is a pixel


def _are_all_codes(data: bytes, kind: Format, detail: int) -> bool:
    """Whether what might follow a JPEG's codes makes no difference to any pixel."""
    codes = data.rstrip(b"\xff")  # perhaps the first half of the end marker
    restart = scan.next_restart(codes)  # before it, libjpeg skips what is no marker
    ended, *continued = (
        _pixels(_open(codes + more + _JPEG_END, kind), "", detail, None).array
        for more in (*_MORE_CODES, restart + _MORE_CODES[1])
    )
    return all(np.array_equal(ended, other) for other in continued)
