"""Maps over photos in the photo's own geometry, their legends, and all of them on one slide."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from alexnet_viz.display import display_name
from alexnet_viz.figures.palette import DIMMED, INK, PAPER, QUIET_INK, levels, scale
from alexnet_viz.figures.text import without_line_ends
from alexnet_viz.values import Geometry, Photo, sample_map, spread

Font = ImageFont.ImageFont | ImageFont.FreeTypeFont

Part = Literal["signed", "positive", "negative", "absolute"]
Style = Literal["heat", "contours", "mask"]

_STOPS = {
    "cividis": "#00224e #00285b #002e6a #083370 #1c396f #293f6e #33446d #3d4a6c #45506c #4d556c #555b6d #5c616e "
    "#646770 #6b6d72 #727274 #787877 #807f78 #888578 #908b78 #979177 #a09875 #a89e73 #b0a571 #b9ab6d "
    "#c1b26a #cbb965 #d3c05f #dcc859 #e5cf52 #efd748 #f8df3c #fee838",
    "inferno": "#000004 #040312 #0b0724 #160b39 #230c4c #310a5c #3e0966 #4d0d6c #5a116e #67166e #741a6e #801f6c "
    "#8f2469 #9b2964 #a82e5f #b43359 #c13a50 #cc4248 #d74b3f #e05536 #e9612b #ef6e21 #f57b17 #f8890c "
    "#fb9706 #fca80d #fbb81d #f9c72f #f6d746 #f2e865 #f3f586 #fcffa4",
}
COLOUR_MAPS = ("viridis", "cividis", "inferno")
LEVELS = (0.25, 0.5, 0.75)  # of the scale's end: where contour lines run


@dataclass(frozen=True)
class MapStyle:
    """How a map is drawn.

    ``part`` of the values; ``style``: colours over the photo, contour lines, or the photo where the map is strongest;
    ``colours`` of a map without sign; ``opacity`` 0–1; ``fade``: weak values let the photo through; ``clip``: the
    percentile of the sizes at which the colours end; ``keep``: the percentage of pixels that ``mask`` shows;
    ``smooth``: between the map's cells.
    """

    part: Part = "signed"
    style: Style = "heat"
    colours: str = "viridis"
    opacity: float = 0.75
    fade: bool = True
    clip: float = 99.5
    keep: float = 10.0
    smooth: bool = True


@dataclass(frozen=True, eq=False)
class Panel:
    """A map as it is shown: ``values`` (h, w) after its part was taken, ``top`` the size at which the colours end.

    ``placement`` as in Attribution.
    """

    title: str
    note: str
    photo: Photo
    geometry: Geometry
    values: np.ndarray
    signed: bool
    top: float
    placement: tuple[float, float]

    @property
    def low(self) -> float:
        return -self.top if self.signed else 0.0


# --- what is shown ---------------------------------------------------------------------------------


def taken(values: np.ndarray, part: Part) -> tuple[np.ndarray, bool]:
    """The part of a map to show, and whether it has both signs."""
    match part:
        case "positive":
            return np.maximum(values, 0), False
        case "negative":
            return np.maximum(-values, 0), False
        case "absolute":
            return np.abs(values), False
    return values, bool(values.min() < 0)


def end(values: np.ndarray, clip: float) -> float:
    """The size at which the colours end: a percentile of all sizes, or the largest where that would be nothing."""
    sizes = np.abs(values)
    return float(np.percentile(sizes, clip)) or float(sizes.max())


def panel(
    title: str,
    note: str,
    photo: Photo,
    geometry: Geometry,
    values: np.ndarray,
    look: MapStyle,
    placement: tuple[float, float] | None = None,
) -> Panel:
    """A map to draw, on a scale of its own; without ``placement`` it covers the input evenly."""
    shown, signed = taken(values, look.part)
    where = placement or spread(values, geometry.crop)
    return Panel(title, note, photo, geometry, shown, signed, end(shown, look.clip), where)


def common(panels: list[Panel]) -> list[Panel]:
    """The same panels on one scale: the largest end of all, with both signs where one has them."""
    top, signed = max(panel.top for panel in panels), any(panel.signed for panel in panels)
    return [replace(panel, signed=signed, top=top) for panel in panels]


def scale_words(panel: Panel, look: MapStyle) -> str:
    """Where the colours end and what lies beyond, in words."""
    largest = float(np.abs(panel.values).max())
    if largest == 0:
        return "This map is zero everywhere: there is nothing to colour."
    if largest <= panel.top * (1 + 1e-6):
        return f"The largest |value| is {largest:.3g}; the colour scale ends at {panel.top:.3g}."
    beyond = float((np.abs(panel.values) > panel.top).mean())
    return f"The colour scale ends at {panel.top:.3g}; {beyond:.1%} of the map lies above it, up to {largest:.3g}."


def table(signed: bool, colours: str) -> np.ndarray:
    """256 colours, uint8 (256, 3): of a map with both signs always blue – white – red, zero in the middle."""
    if signed or colours not in _STOPS:
        return scale(signed)
    stops = [[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in _STOPS[colours].split()]
    at = np.linspace(0, 255, len(stops))
    each = [np.interp(np.arange(256), at, channel) for channel in zip(*stops, strict=True)]
    return np.stack(each, -1).round().astype(np.uint8)


def colour(values: np.ndarray, panel: Panel, look: MapStyle) -> np.ndarray:
    """Values on the panel's scale as colours, uint8 (…, 3)."""
    return table(panel.signed, look.colours)[levels(values, panel.top, panel.signed)]


# --- pictures --------------------------------------------------------------------------------------


def fitted(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """A photo's (width, height) brought to a longest side, in its own shape."""
    factor = longest / max(size)
    width, height = size
    return max(1, round(width * factor)), max(1, round(height * factor))


def on_picture(geometry: Geometry, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Where a picture (width, height) of the whole photo lies on the input: its columns' x and its rows' y, floats.

    The centre of each picture pixel; what lies in [0, crop) is inside the network's crop.
    """
    x, y = (
        (np.arange(pixels) + 0.5) * whole / pixels / factor - offset
        for pixels, whole, factor, offset in zip(size, geometry.photo, geometry.scale, geometry.offset, strict=True)
    )
    return x, y


def overlay(panel: Panel, look: MapStyle, size: tuple[int, int] | None = None, frame: bool = False) -> Image.Image:
    """The map over the photo, RGB, ``size`` (width, height) or the photo's own; outside the crop the photo is dimmed.

    The crop keeps its place on the photo: nothing is stretched or shifted. ``frame`` draws a line around the crop.
    """
    size = size or panel.photo.size
    base = Image.fromarray(panel.photo.pixels)
    if base.size != size:
        up = size[0] > base.width * 2
        base = base.resize(size, Image.Resampling.NEAREST if up else Image.Resampling.BICUBIC)
    picture = np.array(base, np.uint8)
    x, y = on_picture(panel.geometry, size)
    columns, rows = (_span(points, panel.geometry.crop) for points in (x, y))
    inside = picture[rows, columns].astype(np.float32)
    smooth = look.smooth and panel.values.shape[0] > 1
    values = sample_map(panel.values, x[columns], y[rows], panel.placement, smooth)
    drawn = _drawn(values, inside, panel, look, max(1, round(max(size) / 500)))
    picture = DIMMED[picture]
    picture[rows, columns] = drawn.round().astype(np.uint8)
    image = Image.fromarray(picture)
    if frame:
        box = (columns.start, rows.start, columns.stop - 1, rows.stop - 1)
        ImageDraw.Draw(image).rectangle(box, outline="white", width=max(1, size[0] // 500))
    return image


def _span(points: np.ndarray, crop: int) -> slice:
    """Which of a picture's points lie in the crop; of a picture too small to have any, the one nearest to it."""
    inside = np.flatnonzero((points >= 0) & (points < crop))
    if not len(inside):
        inside = np.array([np.abs(points - crop / 2).argmin()])
    return slice(int(inside[0]), int(inside[-1]) + 1)


def _drawn(values: np.ndarray, photo: np.ndarray, panel: Panel, look: MapStyle, line: int) -> np.ndarray:
    """Values and photo (h, w[, 3]) of one place, brought together, float32 (h, w, 3)."""
    size = np.abs(values) / panel.top if panel.top > 0 else np.zeros_like(values)
    if look.style == "mask":
        return np.where(strongest(values, look.keep)[..., None], photo, photo * 0.18 + 8)
    if look.style == "contours":
        band = np.sign(values) * np.digitize(size, LEVELS)
        lines = _edges(band, line)
        halo = _grown(lines, line)
        photo = np.where(halo[..., None], 0, photo * 0.7)
        return np.where(lines[..., None], colour(np.where(values < 0, -1, 1) * panel.top, panel, look), photo)
    opacity = look.opacity * np.sqrt(size.clip(0, 1)) if look.fade else np.full_like(values, look.opacity)
    return photo + (colour(values, panel, look) - photo) * opacity[..., None]


def strongest(values: np.ndarray, keep: float) -> np.ndarray:
    """Which ``keep`` percent of the values are the largest, bool; nothing that is not above zero."""
    count = max(1, round(values.size * keep / 100))
    threshold = np.partition(values.ravel(), -count)[-count] if values.size else 0
    return (values >= threshold) & (values > 0)


def _edges(band: np.ndarray, line: int) -> np.ndarray:
    edges = np.zeros(band.shape, bool)
    edges[1:] |= band[1:] != band[:-1]
    edges[:, 1:] |= band[:, 1:] != band[:, :-1]
    return _grown(edges, line // 2)


def _grown(mask: np.ndarray, by: int) -> np.ndarray:
    for _ in range(by):
        wider = mask.copy()
        wider[1:] |= mask[:-1]
        wider[:-1] |= mask[1:]
        wider[:, 1:] |= mask[:, :-1]
        wider[:, :-1] |= mask[:, 1:]
        mask = wider
    return mask


def raw_map(panel: Panel, look: MapStyle, side: int = 448) -> Image.Image:
    """The map alone, a square of about ``side`` pixels, every cell as large as the others and of one colour."""
    rows, columns = panel.values.shape
    each = max(1, round(side / max(rows, columns)))
    return Image.fromarray(colour(panel.values, panel, look).repeat(each, 0).repeat(each, 1))


def png(image: Image.Image, words: str = "") -> bytes:
    """A picture as PNG, with what it shows in its description."""
    buffer, info = io.BytesIO(), PngInfo()
    if words:
        info.add_itxt("Description", display_name(words))
    image.save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


# --- a slide ---------------------------------------------------------------------------------------


def slide(panels: list[Panel], look: MapStyle, heading: str, theme: str = "light", width: int = 1920) -> Image.Image:
    """All panels with their headings, legends and notes as one picture of ``width`` pixels."""
    paper, ink, quiet = PAPER[theme], INK[theme], QUIET_INK[theme]
    columns = min(4, len(panels)) if len(panels) != 5 else 5
    gap, cell = 36, (width - 36 * (columns + 1)) // columns
    large_size, small_size = max(20, cell // 18), max(15, cell // 26)  # pixels
    large, small = ImageFont.load_default(large_size), ImageFont.load_default(small_size)
    pictures = [overlay(panel, look, fitted(panel.photo.size, cell), frame=True) for panel in panels]
    tallest = max(picture.height for picture in pictures)
    text = small_size * 2
    row = large_size + 12 + tallest + 14 + 18 + text + 3 * text
    rows = -(-len(panels) // columns)
    image = Image.new("RGB", (width, 100 + rows * (row + gap)), paper)
    draw = ImageDraw.Draw(image)
    draw.text((gap, 30), without_line_ends(heading), ink, ImageFont.load_default(34))
    for number, (panel, picture) in enumerate(zip(panels, pictures, strict=True)):
        x, y = gap + number % columns * (cell + gap), 100 + number // columns * (row + gap)
        draw.text((x, y), _cut(without_line_ends(panel.title), large, cell), ink, large)
        y += large_size + 12
        image.paste(picture, (x + (cell - picture.width) // 2, y + (tallest - picture.height) // 2))
        y += tallest + 14
        _legend(draw, image, panel, look, (x, y), cell, small, ink)
        line_top = y + 22 + small_size * 1.6
        for line in _wrapped(panel.note or scale_words(panel, look), small, cell)[:3]:
            draw.text((x, line_top), line, quiet, small)
            line_top += small_size * 1.35
    return image


def _legend(
    draw: ImageDraw.ImageDraw,
    image: Image.Image,
    panel: Panel,
    look: MapStyle,
    at: tuple[int, int],
    width: int,
    font: Font,
    ink: str,
) -> None:
    """The scale's colours with its end, its middle and its beginning."""
    x, y = at
    ramp = table(panel.signed, look.colours)[np.linspace(0, 255, width).round().astype(int)]
    image.paste(Image.fromarray(ramp[None].repeat(18, 0)), (x, y))
    for place, value in ((0.0, panel.low), (0.5, (panel.low + panel.top) / 2), (1.0, panel.top)):
        words = f"{value:.3g}"
        draw.text((x + place * (width - draw.textlength(words, font)), y + 22), words, ink, font)


def _cut(words: str, font: Font, width: int) -> str:
    if font.getlength(words) <= width:
        return words
    while words and font.getlength(words + "…") > width:
        words = words[:-1]
    return words + "…"


def _wrapped(words: str, font: Font, width: int) -> list[str]:
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
