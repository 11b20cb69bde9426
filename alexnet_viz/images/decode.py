"""Untrusted bytes to a checked, upright RGB photo."""

from __future__ import annotations

import hashlib
import os
import time

import numpy as np

from alexnet_viz.errors import DecoderBusy, ImageError
from alexnet_viz.images import pixels, scan
from alexnet_viz.images.formats import TITLES, Format, format_of
from alexnet_viz.images.pixels import Pixels, Unreadable
from alexnet_viz.sandbox import Busy, Crashed, OutOfMemory, OutOfTime, Sandbox
from alexnet_viz.values import Photo

_children = Sandbox(
    "alexnet_viz.images.pixels:read_in_child",
    seconds=20,
    cpu_seconds=5,
    memory=1 << 30,
    children=max(1, min(4, os.cpu_count() or 1)),
    patience=60,
    reuse=True,
)


def decode(data: bytes, name: str, detail: int = 1024) -> Photo:
    """Decode the first picture of a file; ImageError with one sentence that names the file where that cannot be done.

    The format is told by the content (see ``formats``). A JPEG is decoded at the smallest of 1, 1/2, 1/4, 1/8 of its
    size that leaves both sides at least ``detail`` pixels; ``Photo.size`` is the original's all the same. Colours are
    sRGB. Changes no setting of Pillow's, so any number of threads can decode at once.

    Ordinary JPEG and PNG files are decoded here. All else, and what fails here, goes to a child process with limits on
    time and memory, of which a few run at a time.
    """
    start = time.perf_counter()
    if not data:
        raise ImageError(f"{name} is empty (0 bytes): choose another photo.")
    kind = format_of(data)
    if kind is None:
        raise ImageError(_unknown(data, name))
    picture = _read_here(data, name, kind, detail) or _read_in_child(data, name, kind, detail)
    return Photo(
        name=name,
        pixels=picture.array,
        size=picture.size,
        format=kind.title,
        digest=hashlib.sha256(data).hexdigest(),
        notes=picture.notes,
        decode_ms=(time.perf_counter() - start) * 1000,
    )


def _read_here(data: bytes, name: str, kind: Format, detail: int) -> Pixels | None:
    if not scan.is_ordinary(data, kind, detail):
        return None
    try:
        return pixels.read(data, name, kind, detail)
    except Unreadable:
        return None


def _read_in_child(data: bytes, name: str, kind: Format, detail: int) -> Pixels:
    arguments = {"name": name, "format": kind.title, "detail": detail}
    try:
        answer, body = _children.run(arguments, data)
    except OutOfTime as error:
        raise ImageError(
            f"{name} takes more than {_children.cpu_seconds:g} seconds to decode, the limit here: save it again as "
            "JPEG."
        ) from error
    except OutOfMemory as error:
        raise ImageError(
            f"{name} takes more than {_children.memory / 2**30:.2g} GB of memory to decode, the limit here: "
            "scale it down, or save it again as JPEG."
        ) from error
    except Busy as error:
        raise DecoderBusy(f"{name} has to wait for too many other photos: try again in a minute.") from error
    except Crashed as error:  # a library's fault, but the photo's doing
        raise ImageError(_damaged(name)) from error
    if not answer["is_readable"]:
        raise ImageError(_damaged(name))
    array = np.frombuffer(body, np.uint8).reshape(answer["shape"])
    return Pixels(array, tuple(answer["size"]), tuple(answer["notes"]))


def _unknown(data: bytes, name: str) -> str:
    """What to do about content that no reader takes, whatever the file's name says."""
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"%PDF"):
        return f"{name} is a PDF: export the page as PNG or JPEG and choose that."
    if start.startswith(b"<") and b"<svg" in start:
        return f"{name} is a drawing (SVG): export it as PNG and choose that."
    return f"{name} is not a photo that this app reads: choose a {TITLES} file."


def _damaged(name: str) -> str:
    return f"{name} is damaged, cut short or of a rare kind: choose another copy, or save it again as JPEG."
