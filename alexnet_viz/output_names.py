"""File names for what is made of photos: one a photo, each another, that every file system takes."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from alexnet_viz.display import one_line

_LONGEST = 255  # bytes of a file name on the usual file systems


def output_names(photos: Sequence[Path], ending: str) -> list[str]:
    """A name for each of several different photos, to which ``ending`` or a shorter one is added.

    It is the photo's own where no other has that. Where some are alike their folders' names are put in front of all of
    them, as many as tell them apart: ``a/IMG.jpg`` and ``b/IMG.jpg`` become ``a-IMG.jpg`` and ``b-IMG.jpg``. What no
    file name can hold becomes "_"; a name too long is cut and ends in eight digits of the path's hash.
    """
    paths = [Path(os.path.abspath(photo)) for photo in photos]
    levels = [1] * len(paths)
    while True:
        names = [_safe("-".join(path.parts[-level:])) for path, level in zip(paths, levels, strict=True)]
        count = Counter(map(_alike, names))
        longer = [
            level + 1 if count[_alike(name)] > 1 and level < len(path.parts) - 1 else level
            for name, path, level in zip(names, paths, levels, strict=True)
        ]
        if longer == levels:
            break
        levels = longer
    digests = [hashlib.sha256(os.fsencode(path)).hexdigest()[:8] for path in paths]
    room = _LONGEST - len(ending.encode())
    return [
        name if len(name.encode()) <= room and count[_alike(name)] == 1 else _cut(name, f"-{digest}", room)
        for name, digest in zip(names, digests, strict=True)
    ]


def _safe(name: str) -> str:
    """Without what a file name cannot hold, or a terminal cannot show."""
    return one_line(name).replace("\N{REPLACEMENT CHARACTER}", "_").replace("/", "_")


def _alike(name: str) -> str:
    """The same for names that some file systems take for one: without regard to case and to how accents are written."""
    return unicodedata.normalize("NFC", name).casefold()


def _cut(name: str, end: str, room: int) -> str:
    """As much of a name as leaves room for its end, in bytes of UTF-8."""
    return name.encode()[: room - len(end)].decode(errors="ignore") + end
