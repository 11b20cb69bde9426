"""The photo formats that the app reads: their names and suffixes, and how to tell them by a file's first bytes.

Everything that lists formats (decoder, uploader, training folders, error messages) takes them from here. Standard
library only.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

START_BYTES = 64  # what format_of() looks at
MAX_PHOTO_BYTES = 512 << 20  # of a file on this machine: 64 megapixels of four 16-bit values fit


@dataclass(frozen=True)
class Format:
    """``title`` is for people, ``pillow`` is Pillow's name, ``reader`` the module that registers it with Pillow.

    Suffixes are lower case, with their dot.
    """

    title: str
    pillow: str
    reader: str
    suffixes: tuple[str, ...]
    start: re.Pattern[bytes]


def _starts(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.DOTALL)


FORMATS = (
    Format(
        "JPEG", "JPEG", "PIL.JpegImagePlugin", (".jpg", ".jpeg", ".jpe", ".jfif", ".jif"), _starts(rb"\xff\xd8\xff")
    ),
    Format("PNG", "PNG", "PIL.PngImagePlugin", (".png", ".apng"), _starts(rb"\x89PNG\r\n\x1a\n")),
    Format("WebP", "WEBP", "PIL.WebPImagePlugin", (".webp",), _starts(rb"RIFF....WEBP")),
    Format("GIF", "GIF", "PIL.GifImagePlugin", (".gif",), _starts(rb"GIF8[79]a")),
    Format("TIFF", "TIFF", "PIL.TiffImagePlugin", (".tif", ".tiff"), _starts(rb"II[*+]\0|MM\0[*+]")),
    # The length of BMP's second header follows; without it any text that begins with these two letters would do.
    Format("BMP", "BMP", "PIL.BmpImagePlugin", (".bmp", ".dib"), _starts(rb"BM.{12}[\x0c-\x7c]\0\0\0")),
    Format("PPM", "PPM", "PIL.PpmImagePlugin", (".ppm", ".pgm", ".pbm", ".pnm"), _starts(rb"P[1-6][\s#]")),
    # ISO media files name their kind, then the kinds that they are compatible with.
    Format("AVIF", "AVIF", "PIL.AvifImagePlugin", (".avif",), _starts(rb"....ftyp(?:.{4})*?avi[fs]")),
    Format(
        "HEIC",
        "HEIF",
        "pillow_heif.HeifImagePlugin",
        (".heic", ".heif", ".hif"),
        _starts(rb"....ftyp(?:.{4})*?(?:he[iv][cxms]|m[is]f1)"),
    ),
)
SUFFIXES = frozenset(suffix for kind in FORMATS for suffix in kind.suffixes)
TITLES = ", ".join(kind.title for kind in FORMATS[:-1]) + f" or {FORMATS[-1].title}"


def format_of(start: bytes) -> Format | None:
    """The format of a file that begins with these bytes (``START_BYTES`` are enough); None if the app reads none such.

    It says what a file claims to be, not that it can be read.
    """
    return next((kind for kind in FORMATS if kind.start.match(start[:START_BYTES])), None)


def pillow_is_quiet() -> None:
    """From now on this process prints no warning of Pillow's of odd metadata, which does no harm to a photo."""
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
