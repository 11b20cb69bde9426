"""Figures 3 and 4 of Krizhevsky, Sutskever, Hinton 2012, of any network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from alexnet_viz.figures.drawing import Bar, Drawing, Part, Picture, Words, fitted_text
from alexnet_viz.figures.filters import kernel_tiles
from alexnet_viz.figures.palette import INK, PAPER, QUIET_INK, RIGHT, mix
from alexnet_viz.values import AnsweredPhoto, PhotoNeighbours

_MARGIN, _GAP = 24, 12
_QUIET = QUIET_INK["light"]
_KERNEL, _KERNELS = 48, 16  # a kernel's side, and how many stand in a row
_ANSWERED, _COLUMNS = 212, 4  # of Figure 4's left part: a photo's side, and how many stand in a row
_BAR = 22  # the height of a bar
_NEAR = 128  # of its right part: a photo's side
_GREY = "#cfc9c2"  # of bars of other classes


def kernels_figure(kernels: np.ndarray, order: np.ndarray, common: bool, title: str, notes: Sequence[str]) -> Drawing:
    """Figure 3: conv1's kernels (n, 3, k, k) in colour in this ``order`` (n,), mid-grey is 0.

    ``common``: all on one scale. With ``notes`` of the first half, the second half and both, the halves stand apart.
    """
    tiles = kernel_tiles(kernels, common)[order]
    halves = np.split(tiles, 2) if notes else [tiles]
    parts: list[Part] = [_heading(title, _kernels_width())]
    y = 64.0
    for number, half in enumerate(halves):
        if notes:
            parts.append(_note(notes[number], y + 14))
            y += 26
        for index, tile in enumerate(half):
            row, column = divmod(index, _KERNELS)
            parts.append(Picture(_MARGIN + column * (_KERNEL + 4), y + row * (_KERNEL + 4), _KERNEL, tile, cells=True))
        y += -(-len(half) // _KERNELS) * (_KERNEL + 4) + _GAP
    if notes:
        parts.append(_note(notes[2], y + 8))
        y += _GAP * 2
    return Drawing(title, _kernels_width(), y + _GAP, tuple(parts))


def _kernels_width() -> int:
    return 2 * _MARGIN + _KERNELS * (_KERNEL + 4) - 4


def answers_figure(photos: Sequence[AnsweredPhoto], title: str) -> Drawing:
    """Figure 4, left: each photo above its name and its five strongest classes; the right answer's bar is green."""
    columns = min(_COLUMNS, len(photos))
    cell = _ANSWERED + 2 * _GAP
    height = _ANSWERED + 34 + max(len(photo.top) for photo in photos) * (_BAR + 3) + 2 * _GAP
    width = max(2 * _MARGIN + columns * cell - 2 * _GAP, 500)
    parts: list[Part] = [_heading(title, width)]
    for number, photo in enumerate(photos):
        row, column = divmod(number, columns)
        parts += _answered(photo, _MARGIN + column * cell, 64 + row * height)
    return Drawing(title, width, 64 + -(-len(photos) // columns) * height, tuple(parts))


def _answered(photo: AnsweredPhoto, x: float, y: float) -> Iterable[Part]:
    name = fitted_text(photo.truth or photo.name, 18, _ANSWERED)
    yield Picture(x, y, _ANSWERED, photo.pixels)
    yield Words(x + _ANSWERED / 2, y + _ANSWERED + 22, name, 18, INK["light"] if photo.truth else _QUIET, centred=True)
    for row, (label, probability) in enumerate(photo.top):
        top = y + _ANSWERED + 34 + row * (_BAR + 3)
        is_right = bool(photo.truth) and label.casefold() == photo.truth.casefold()
        colour = mix(RIGHT, PAPER["light"], 0.45) if is_right else _GREY
        yield Bar(x, top, _ANSWERED, _BAR, mix(_GREY, PAPER["light"], 0.75))
        yield Bar(x, top, _ANSWERED * probability, _BAR, colour)
        yield Words(x + 6, top + 16, fitted_text(label, 15, _ANSWERED - 12), 15)


def neighbours_figure(rows: Sequence[PhotoNeighbours], title: str) -> Drawing:
    """Figure 4, right: a photo a row, and behind a line the photos nearest to it by fc7, the nearest first."""
    first = _MARGIN + _NEAR + 3 * _GAP
    width = first + max(len(row.nearest) for row in rows) * (_NEAR + 6) - 6 + _MARGIN
    bottom = 92 + len(rows) * (_NEAR + 6)
    parts: list[Part] = [
        _heading(title, width),
        _note("Photo", 82),
        Words(first, 82, "Nearest by fc7, the nearest first", 15, _QUIET),
        Bar(first - 1.5 * _GAP - 1, 66, 2, bottom - 72, _GREY),
    ]
    for number, row in enumerate(rows):
        y = 92 + number * (_NEAR + 6)
        parts.append(Picture(_MARGIN, y, _NEAR, row.pixels))
        parts += [Picture(first + i * (_NEAR + 6), y, _NEAR, pixels) for i, pixels in enumerate(row.nearest)]
    return Drawing(title, width, bottom + _MARGIN - 6, tuple(parts))


def _heading(title: str, width: float) -> Words:
    return Words(_MARGIN, 42, fitted_text(title, 22, width - 2 * _MARGIN), 22)


def _note(text: str, y: float) -> Words:
    return Words(_MARGIN, y, text, 15, _QUIET)
