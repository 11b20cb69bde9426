"""A run's weights along the way: the pictures of each moment, and all moments as one animated picture."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from alexnet_viz.figures.attribution import MapStyle, fitted, overlay, panel
from alexnet_viz.figures.filters import kernel_tiles
from alexnet_viz.figures.palette import INK, INPUT, PAPER, RIGHT, levels, scale
from alexnet_viz.figures.text import without_line_ends
from alexnet_viz.figures.units import unit_picture, waiting_picture
from alexnet_viz.values import Geometry, Moment, Photo

SIDE = 264  # pixels of a picture's longer side
_GAP, _HEAD, _ROW = 16, 64, 44  # of the animated picture, in pixels
_MILLISECONDS = 700  # a moment is shown
_VIDEO_SECONDS = 60
_RATE = 10  # frames a second of a video: some players show nothing at one a moment
KINDS = {"GIF": "image/gif", "WebP": "image/webp", "MP4": "video/mp4"}  # what plays, with their media types


@dataclass(frozen=True)
class Strip:
    """One kind of picture through all moments: what it shows, for the eye and for a screen reader."""

    title: str
    alt: str
    pictures: list[Image.Image]


def strips(
    moments: Sequence[Moment],
    unit: str,
    photo: Photo,
    geometry: Geometry,
    images: Sequence[np.ndarray | None] = (),
) -> list[Strip]:
    """Filter, map, optimised picture and Grad-CAM of each moment; ``images`` are uint8 (S, S, 3), None while not made.

    Filter and map have one scale for all moments, so that they grow; each Grad-CAM has its own.
    """
    found = []
    kernels = [moment.kernel for moment in moments if moment.kernel is not None]
    if len(kernels) == len(moments):
        tiles = kernel_tiles(np.stack(kernels), common=True)
        found.append(Strip("Filter", f"The filter of {unit}, 0 is grey", [_cells(tile) for tile in tiles]))
    peak = max(float(moment.map.max()) for moment in moments)
    maps = [_cells(scale(False)[levels(moment.map, peak, False)]) for moment in moments]
    found.append(Strip("Map", f"The map of {unit} on the photo, after its ReLU", maps))
    if images:
        made = [waiting_picture(SIDE) if image is None else unit_picture(image, SIDE) for image in images]
        found.append(Strip("Optimised picture", f"A picture that drives {unit} up", made))
    cams = [_cam(moment, photo, geometry) for moment in moments]
    found.append(Strip("Grad-CAM", "What in the photo speaks for the class, by Grad-CAM", cams))
    return found


def _cells(tile: np.ndarray) -> Image.Image:
    """A tile uint8 (h, w, 3) whose cells are squares of one colour."""
    return Image.fromarray(tile).resize((SIDE, SIDE), Image.Resampling.NEAREST)


def _cam(moment: Moment, photo: Photo, geometry: Geometry) -> Image.Image:
    look = MapStyle()
    drawn = panel("Grad-CAM", moment.target, photo, geometry, moment.cam, look, moment.placement)
    return overlay(drawn, look, fitted(photo.size, SIDE), frame=geometry.crop != min(photo.size))


def animated(moments: Sequence[Moment], shown: Sequence[Strip], heading: str, truth: str, kind: str) -> bytes:
    """All moments as one of ``KINDS`` that plays: step, pictures and answer of each; GIF and WebP over and over.

    MP4 needs imageio-ffmpeg (see ``makes_videos``).
    """
    frames = [_frame(moment, number, shown, heading, truth) for number, moment in enumerate(moments)]
    if kind == "MP4":
        return _video(frames)
    durations = [_MILLISECONDS] * (len(frames) - 1) + [3 * _MILLISECONDS]
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=durations, loop=0)
    return buffer.getvalue()


def makes_videos() -> bool:
    """Whether imageio-ffmpeg is installed, which brings ffmpeg along."""
    return find_spec("imageio_ffmpeg") is not None


def _video(frames: Sequence[Image.Image]) -> bytes:
    """H.264 as every browser plays it: 4:2:0, so of an even size.

    In fragments, as it goes through a pipe and is never a file: it may show a visitor's photo. Raises OSError,
    subprocess.SubprocessError.
    """
    from imageio_ffmpeg import get_ffmpeg_exe

    width, height = (size + size % 2 for size in frames[0].size)
    added = (0, 0, width - frames[0].width, height - frames[0].height)
    even = [ImageOps.expand(frame, added, PAPER["light"]) for frame in frames]
    given = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-framerate", f"1000/{_MILLISECONDS}"]
    made = ["-r", str(_RATE), "-c:v", "libx264", "-pix_fmt", "yuv420p"]
    piped = ["-movflags", "frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "-"]
    pixels = b"".join(frame.tobytes() for frame in [*even, even[-1], even[-1]])
    command = [get_ffmpeg_exe(), "-v", "error", *given, "-i", "-", *made, *piped]
    return subprocess.run(command, input=pixels, check=True, capture_output=True, timeout=_VIDEO_SECONDS).stdout


def _frame(moment: Moment, number: int, shown: Sequence[Strip], heading: str, truth: str) -> Image.Image:
    ink, large, small = INK["light"], ImageFont.load_default(22), ImageFont.load_default(17)
    width = (len(shown) + 1) * (SIDE + _GAP) + _GAP
    image = Image.new("RGB", (width, _HEAD + 28 + SIDE + _GAP), PAPER["light"])
    draw = ImageDraw.Draw(image)
    draw.text((_GAP, _GAP), without_line_ends(f"{heading}, step {moment.step:,}"), ink, large)
    for column, strip in enumerate(shown):
        x, picture = _GAP + column * (SIDE + _GAP), strip.pictures[number]
        draw.text((x, _HEAD), strip.title, ink, small)
        image.paste(picture, (x + (SIDE - picture.width) // 2, _HEAD + 28 + (SIDE - picture.height) // 2))
    x = _GAP + len(shown) * (SIDE + _GAP)
    draw.text((x, _HEAD), "Answer", ink, small)
    for row, (name, probability) in enumerate(moment.top):
        y = _HEAD + 28 + row * _ROW
        draw.rectangle((x, y + 24, x + probability * SIDE, y + 32), RIGHT if name == truth else INPUT)
        percent = f"{probability:.0%}"
        draw.text((x, y), without_line_ends(name)[:24], ink, small)
        draw.text((x + SIDE - draw.textlength(percent, small), y), percent, ink, small)
    return image
