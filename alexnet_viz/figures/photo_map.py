"""A map of photos as one picture, and the sheet of small photos from which the browser draws it."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from alexnet_viz.figures.palette import CLASS_COLOURS, INK, INPUT, PAPER

OTHERS = INPUT  # the colour of classes that have none of their own
_WIDTH, _LOWEST, _HIGHEST = 1800, 600, 1800  # of a picture, in pixels
_MARGIN, _FRAME, _DOT = 40, 3, 8
_APART = 0.8  # of a photo's side: how far from each other photos lie that are both shown
_LINE = 34  # of the legend


def legend_of(labels: np.ndarray, highlight: int = -1) -> list[tuple[int, str]]:
    """The most frequent classes with a colour each, (label, colour); ``highlight`` is one of them in any case.

    ``labels`` int (N,), −1 for no class; of equally frequent ones the first comes first.

    >>> [label for label, _ in legend_of(np.array([4, 2, 2, -1]))]
    [2, 4]
    """
    numbers, counts = np.unique(labels[labels >= 0], return_counts=True)
    frequent = numbers[np.argsort(-counts, kind="stable")][: len(CLASS_COLOURS)].tolist()
    if highlight in numbers and highlight not in frequent:
        frequent[-1] = highlight
    return list(zip(frequent, CLASS_COLOURS, strict=False))


def photo_sheet(thumbnails: np.ndarray) -> tuple[bytes, int]:
    """Small photos uint8 (N, S, S, 3) row by row on one JPEG, and how many are in a row.

    JPEG, as its blocks of 16 pixels end where photos of 32 do: none bleeds into another, and it is made quickly.
    """
    count, side = thumbnails.shape[:2]
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    tiles = np.zeros((rows * columns, side, side, 3), np.uint8)
    tiles[:count] = thumbnails
    pixels = tiles.reshape(rows, columns, side, side, 3).swapaxes(1, 2).reshape(rows * side, columns * side, 3)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=85)
    return buffer.getvalue(), columns


def map_picture(
    places: np.ndarray, thumbnails: np.ndarray, labels: np.ndarray, classes: Sequence[str], title: str
) -> Image.Image:
    """Photos uint8 (N, S, S, 3) at their places (N, 2), y upwards, framed in their class's colour, with a legend.

    Where photos would cover each other the others are dots in that colour.
    """
    low, high = places.min(0), places.max(0)
    size = np.maximum(high - low, 1e-12)
    inner = _WIDTH - 2 * _MARGIN
    height = int(np.clip(inner * size[1] / size[0] + 2 * _MARGIN, _LOWEST, _HIGHEST))
    scale = min(inner / size[0], (height - 2 * _MARGIN) / size[1])
    at = (places - (low + high) / 2) * scale * (1, -1) + (_WIDTH / 2, height / 2)
    legend = legend_of(labels)
    colours = dict(legend)
    picture = Image.new("RGB", (_WIDTH, height + _LINE * (3 + len(legend) // 5)), PAPER["light"])
    draw = ImageDraw.Draw(picture)
    side = thumbnails.shape[1] + 2 * _FRAME
    shown = _apart(at, side * _APART)
    for is_photo in (False, True):
        for number in np.flatnonzero(shown == is_photo).tolist():
            x, y = at[number]
            half = (side if is_photo else _DOT) / 2
            box = [round(x - half), round(y - half), round(x + half) - 1, round(y + half) - 1]
            draw.rectangle(box, colours.get(int(labels[number]), OTHERS))
            if is_photo:
                picture.paste(Image.fromarray(thumbnails[number]), (box[0] + _FRAME, box[1] + _FRAME))
    _write_legend(draw, height, legend, labels, classes, title)
    return picture


def _apart(at: np.ndarray, distance: float) -> np.ndarray:
    """Which of the places (N, 2) are shown, bool (N,): in random order, those as far from all before, along x or y."""
    shown, kept = np.zeros(len(at), bool), np.full((len(at), 2), np.inf)
    for rank, number in enumerate(np.random.default_rng(0).permutation(len(at)).tolist()):
        if (np.abs(kept[:rank] - at[number]).max(1, initial=0) >= distance).all():
            kept[rank], shown[number] = at[number], True
    return shown


def _write_legend(
    draw: ImageDraw.ImageDraw,
    top: int,
    legend: list[tuple[int, str]],
    labels: np.ndarray,
    classes: Sequence[str],
    title: str,
) -> None:
    font, ink = ImageFont.load_default(24), INK["light"]
    draw.text((_MARGIN, top), title, ink, font)
    others = int((~np.isin(labels, [label for label, _ in legend])).sum())
    entries = [(f"{classes[label]} {(labels == label).sum():,}", colour) for label, colour in legend]
    entries += [(f"{'others' if legend else 'photos'} {others:,}", OTHERS)] if others else []
    for number, (words, colour) in enumerate(entries):
        x, y = _MARGIN + number % 5 * (_WIDTH - 2 * _MARGIN) // 5, top + _LINE * (1 + number // 5)
        draw.rectangle([x, y + 5, x + 17, y + 22], colour)
        draw.text((x + 26, y), _fitting(words, font), ink, font)


def _fitting(words: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Words cut to a place of the legend."""
    while font.getlength(words) > (_WIDTH - 2 * _MARGIN) // 5 - 40:
        words = words.rstrip("…")[:-1] + "…"
    return words
