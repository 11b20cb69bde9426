"""A drawing of pictures, bars and words, laid out once, as SVG, PNG or PDF."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html import escape

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from alexnet_viz.display import within_a_sentence
from alexnet_viz.figures.data_uri import jpeg_uri, png_uri
from alexnet_viz.figures.palette import INK, PAPER
from alexnet_viz.figures.text import without_line_ends

_FAMILY = "'Source Sans 3', 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
_PNG_SCALE = 2  # pixels a unit of the drawing
_PDF_SCALE = 3  # where a unit is a point of the page: 216 dots an inch
_CELL = 8  # pixels a side of a cell in SVG: many programs smooth what they enlarge


@dataclass(frozen=True)
class Words:
    """A line of text: ``x`` is where it begins, or its middle where it is ``centred``; ``y`` the line it stands on."""

    x: float
    y: float
    text: str
    size: int = 16
    colour: str = INK["light"]
    centred: bool = False


@dataclass(frozen=True)
class Bar:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels uint8 (h, w, 3) in a square of ``side``; in ``cells`` each pixel is a square of one colour."""

    x: float
    y: float
    side: float
    pixels: np.ndarray
    cells: bool = False


Part = Words | Bar | Picture


@dataclass(frozen=True, eq=False)
class Drawing:
    """Parts on white ground, the first at the bottom; sizes in CSS pixels, which on paper are points."""

    title: str
    width: float
    height: float
    parts: tuple[Part, ...]


def fitted_text(text: str, size: int, width: float) -> str:
    """A text on one line, cut with an ellipsis where it is wider than ``width`` in this size."""
    text = without_line_ends(within_a_sentence(text))
    if _font(size).getlength(text) <= width:
        return text
    while text and _font(size).getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def svg(drawing: Drawing) -> bytes:
    """One SVG file with all pictures in it; its words are text that can be edited."""
    width, height, title = f"{drawing.width:g}", f"{drawing.height:g}", escape(drawing.title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{title}" font-family="{_FAMILY}"><title>{title}</title>'
        f'<rect width="100%" height="100%" fill="{PAPER["light"]}"/>{"".join(map(_element, drawing.parts))}</svg>'
    ).encode()


def _element(part: Part) -> str:
    match part:
        case Words():
            anchor = ' text-anchor="middle"' if part.centred else ""
            place = f'x="{part.x:g}" y="{part.y:g}" font-size="{part.size}" fill="{part.colour}"{anchor}'
            return f"<text {place}>{escape(part.text)}</text>"
        case Bar():
            size = f'width="{part.width:.6g}" height="{part.height:g}"'
            return f'<rect x="{part.x:g}" y="{part.y:g}" {size} fill="{part.colour}"/>'
        case Picture():
            image = Image.fromarray(part.pixels)
            if part.cells:
                image = image.resize((image.width * _CELL, image.height * _CELL), Image.Resampling.NEAREST)
            data = png_uri(image) if part.cells else jpeg_uri(image, quality=92)
            size = f'width="{part.side:g}" height="{part.side:g}"'
            return f'<image x="{part.x:g}" y="{part.y:g}" {size} href="{data}"/>'


def png(drawing: Drawing) -> bytes:
    """Twice the drawing's size in pixels."""
    return _saved(_raster(drawing, _PNG_SCALE), "PNG")


def pdf(drawing: Drawing) -> bytes:
    """One page as large as the drawing, as a picture of 216 dots an inch."""
    return _saved(
        _raster(drawing, _PDF_SCALE),
        "PDF",
        resolution=72.0 * _PDF_SCALE,
        quality=95,
        subsampling=0,
        title=drawing.title,
    )


def _saved(image: Image.Image, kind: str, **options: float | str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _raster(drawing: Drawing, scale: int) -> Image.Image:
    image = Image.new("RGB", (round(drawing.width * scale), round(drawing.height * scale)), PAPER["light"])
    draw = ImageDraw.Draw(image)
    for part in drawing.parts:
        x, y = part.x * scale, part.y * scale
        match part:
            case Words():
                draw.text((x, y), part.text, part.colour, _font(part.size * scale), "ms" if part.centred else "ls")
            case Bar():
                right, bottom = round(x + part.width * scale) - 1, round(y + part.height * scale) - 1
                if right >= x and bottom >= y:
                    draw.rectangle((round(x), round(y), right, bottom), part.colour)
            case Picture():
                way = Image.Resampling.NEAREST if part.cells else Image.Resampling.BICUBIC
                side = round(part.side * scale)
                image.paste(Image.fromarray(part.pixels).resize((side, side), way), (round(x), round(y)))
    return image


@cache
def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


# What a drawing can be saved as, by the file's ending: how, and its media type.
FORMATS: dict[str, tuple[Callable[[Drawing], bytes], str]] = {
    "png": (png, "image/png"),
    "svg": (svg, "image/svg+xml"),
    "pdf": (pdf, "application/pdf"),
}
