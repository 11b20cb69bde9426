"""The answer's picture: the strongest classes as bars, and the photo with the part that the network sees."""

from __future__ import annotations

from html import escape

import numpy as np
from PIL import Image, ImageDraw

from alexnet_viz.display import within_a_sentence
from alexnet_viz.figures.palette import DIMMED
from alexnet_viz.values import Geometry, Photo, Prediction

COLOURS = {  # first bar, other bars, the ground of a bar, text, quiet text
    "light": ("#c2410c", "#b8b1a9", "#f5f3ef", "#1c1917", "#57534e"),
    "dark": ("#fb923c", "#7c746c", "#1d1b18", "#f5f3ef", "#c7c1b9"),
}
_TICKS = ("0%", "50%", "100%")


def bars(predictions: tuple[Prediction, ...], theme: str = "light") -> str:
    """Horizontal bars of probability (0–1) as HTML, strongest on top, each under its class's name; logits on hover.

    A list with its numbers in words, so that a screen reader reads it. No chart library: this is the first thing that
    a visitor sees, and Plotly is five megabytes.
    """
    first, others, ground, ink, quiet = COLOURS[theme]
    size = 17 if len(predictions) <= 10 else 14
    rows = "".join(
        _bar(prediction, first if row == 0 else others, ground, 600 if row == 0 else 400)
        for row, prediction in enumerate(predictions)
    )
    ticks = "".join(f"<span>{tick}</span>" for tick in _TICKS)
    return (
        f'<div style="color:{ink};font-size:{size}px;line-height:1.35">'
        f'<ol style="list-style:none;margin:0;padding:0" aria-label="The strongest classes with their probabilities">'
        f"{rows}</ol>"
        f'<div aria-hidden="true" style="display:flex;justify-content:space-between;color:{quiet};font-size:14px">'
        f'{ticks}</div><div style="text-align:center;color:{quiet};font-size:14px">'
        "probability (softmax of the logits)</div></div>"
    )


def _bar(prediction: Prediction, colour: str, ground: str, weight: int) -> str:
    label = escape(within_a_sentence(prediction.label))
    numbers = (
        f"probability {prediction.probability:.4f}, logit {prediction.logit:.3f}, class {prediction.index}".replace(
            "-", "\N{MINUS SIGN}"
        )
    )
    return (
        f'<li title="{numbers}" style="margin:0 0 10px;font-weight:{weight}">'
        '<div style="display:flex;justify-content:space-between;gap:12px">'
        f'<span style="overflow-wrap:anywhere">{label}</span><span>{prediction.probability:.1%}</span></div>'
        f'<div style="background:{ground};border-radius:4px"><div style="width:{prediction.probability:.2%};'
        f'min-width:2px;height:20px;background:{colour};border-radius:4px"></div></div></li>'
    )


def whole_photo(photo: Photo, width: int = 900) -> Image.Image:
    """The photo at most ``width`` pixels on a side, in its own shape."""
    rows, columns = photo.pixels.shape[:2]
    scale = min(1.0, width / columns, width / rows)
    return Image.fromarray(photo.pixels).resize((max(1, round(columns * scale)), max(1, round(rows * scale))))


def crop_on_photo(photo: Photo, geometry: Geometry, width: int = 900) -> Image.Image:
    """The photo at most ``width`` pixels on a side, in its own shape, with all but the network's crop dimmed."""
    image = whole_photo(photo, width)
    left, right = _span(geometry.box[0], geometry.box[2], photo.size[0], image.width)
    top, bottom = _span(geometry.box[1], geometry.box[3], photo.size[1], image.height)
    dimmed = Image.fromarray(DIMMED[np.asarray(image)])
    dimmed.paste(image.crop((left, top, right, bottom)), (left, top))
    thick = max(1, min(max(2, image.width // 220), (right - left) // 8))
    for colour, more in (("black", 1), ("white", 0)):
        ImageDraw.Draw(dimmed).rectangle((left, top, right - 1, bottom - 1), outline=colour, width=thick + more)
    return dimmed


def on_ground(image: Image.Image) -> Image.Image:
    """A picture for a page's column: a very thin one lies on a transparent ground, lest it fill many screens."""
    if max(image.size) <= 8 * min(image.size):
        return image
    ground = Image.new("RGBA", (max(image.width, image.height // 2), max(image.height, image.width // 8)))
    ground.paste(image, ((ground.width - image.width) // 2, (ground.height - image.height) // 2))
    return ground


def _span(start: float, stop: float, whole: int, pixels: int) -> tuple[int, int]:
    """From where to where a part of a side lies on its picture, in pixels: at least one."""
    first = min(round(start * pixels / whole), pixels - 1)
    return first, max(first + 1, round(stop * pixels / whole))
