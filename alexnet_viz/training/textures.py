"""Textures as training photos: drawn by formula, the same on every machine, free of any licence.

Most classes are gratings and other patterns of one orientation or one pair of colours, because telling them apart
takes what conv1 is known for: oriented filters and colour-opponent ones.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import cos, pi, radians, sin, tanh

import numpy as np

SIDE = 128
TRAIN_PER_CLASS = 280
VAL_PER_CLASS = 50
VERSION = 1  # raise it when a pixel changes: a run resumed on other photos would not be the same run
TAU = 2 * pi

# Python's own numbers beside float32 arrays keep the arithmetic in float32; NumPy's would make it float64.
_Y, _X = (axis.astype(np.float32) for axis in np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2)  # pixels from the centre


@lru_cache(maxsize=1)
def draw_all(classes: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All textures: uint8 (N, 128, 128, 3), their class int64 (N,), bool (N,) True for validation.

    ``classes`` limits the photos to the first so many classes (0: all), since each takes 1 ms to draw; the other two
    are always of all textures, as a run's fingerprint needs them.
    """
    per_class = TRAIN_PER_CLASS + VAL_PER_CLASS
    photos = np.concatenate([draw(label, per_class) for label in range(classes or len(CLASS_NAMES))])
    labels = np.repeat(np.arange(len(CLASS_NAMES)), per_class)
    is_val = np.tile(np.arange(per_class) >= TRAIN_PER_CLASS, len(CLASS_NAMES))
    return photos, labels, is_val


def draw(label: int, count: int) -> np.ndarray:
    """The first ``count`` textures of a class, uint8 (count, 128, 128, 3)."""
    return np.stack([_drawn(label, number) for number in range(count)])


def held_out(label: int) -> np.ndarray:
    """A texture of a class that no run trains on, uint8 (128, 128, 3): the first of its validation photos."""
    return _drawn(label, TRAIN_PER_CLASS)


def _drawn(label: int, number: int) -> np.ndarray:
    rng = np.random.default_rng((VERSION, label, number))
    return _photographed(tuple(_PATTERNS.values())[label](rng), rng)


def _photographed(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A float picture (3, 128, 128) in [0, 1] as a camera might see it, uint8 (128, 128, 3): light, contrast, grain."""
    angle, depth = rng.uniform(0, TAU), rng.uniform(0, 0.35)
    light = 1 + depth / SIDE * (cos(angle) * _X + sin(angle) * _Y)
    contrast = rng.uniform(0.75, 1)
    grain = rng.standard_normal((SIDE, SIDE), np.float32) * rng.uniform(0, 0.04)
    picture = ((picture - 0.5) * contrast + 0.5) * light + grain
    return (picture.clip(0, 1) * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0)


# --- colours -------------------------------------------------------------------------------------


def _colour(lightness: float, chroma: float, hue: float) -> np.ndarray:
    """An sRGB colour (3, 1, 1) from OKLCH (B. Ottosson, 2020): equal lightness looks equally light in every hue."""
    a, b = chroma * cos(TAU * hue), chroma * sin(TAU * hue)
    lms = (
        np.array(
            [
                lightness + 0.3963377774 * a + 0.2158037573 * b,
                lightness - 0.1055613458 * a - 0.0638541728 * b,
                lightness - 0.0894841775 * a - 1.2914855480 * b,
            ]
        )
        ** 3
    )
    linear = (
        np.array(
            [
                [4.0767416621, -3.3077115913, 0.2309699292],
                [-1.2684380046, 2.6097574011, -0.3413193965],
                [-0.0041960863, -0.7034186147, 1.7076147010],
            ]
        )
        @ lms
    )
    linear = linear.clip(0, 1)
    colour = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return colour.astype(np.float32)[:, None, None]


def _shades(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A dark and a light colour of nearly one hue."""
    hue = rng.uniform()
    dark = _colour(rng.uniform(0.2, 0.45), rng.uniform(0.02, 0.16), hue)
    return dark, _colour(rng.uniform(0.75, 0.95), rng.uniform(0.02, 0.12), hue + rng.uniform(-0.08, 0.08))


def _two_hues(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two colours well apart in hue, one of them darker."""
    hue = rng.uniform()
    first = _colour(rng.uniform(0.3, 0.5), rng.uniform(0.08, 0.16), hue)
    return first, _colour(rng.uniform(0.7, 0.9), rng.uniform(0.08, 0.16), hue + rng.uniform(0.25, 0.75))


def _shades_or_hues(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return (_shades, _two_hues)[rng.integers(2)](rng)


def _opponents(rng: np.random.Generator, hues: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Two colours of about the same lightness: no difference between them but the hue."""
    lightness = rng.uniform(0.55, 0.75)
    first, second = (
        _colour(lightness + rng.uniform(-0.04, 0.04), rng.uniform(0.15, 0.22), hue + rng.uniform(-0.03, 0.03))
        for hue in hues
    )
    return first, second


def _mix(share: np.ndarray, colours: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The first colour where the share (128, 128) is 0, the second where it is 1: (3, 128, 128)."""
    return colours[0] + share * (colours[1] - colours[0])


# --- patterns, each (rng) -> float32 (3, 128, 128) in [0, 1] -------------------------------------------


def _wave(rng: np.random.Generator, angle: float, period: float, sharpness: float = 0) -> np.ndarray:
    """Stripes across ``angle`` (0: they change along x, so they stand upright), in [0, 1]; sharper towards squares."""
    phase = TAU / period * (cos(angle) * _X + sin(angle) * _Y) + rng.uniform(0, TAU)
    return _edge(np.sin(phase), sharpness)


def _edge(wave: np.ndarray, sharpness: float) -> np.ndarray:
    """From [−1, 1] to [0, 1], through a curve that leaves the wave as it is (0) or makes it nearly a step (1)."""
    steep = 0.01 + 6 * sharpness
    return 0.5 + 0.5 * np.tanh(steep * wave) / tanh(steep)


def _period(rng: np.random.Generator, low: float = 6, high: float = 22) -> float:
    """A length in pixels; every octave as often as any other."""
    return low * (high / low) ** rng.uniform()


def _sign(rng: np.random.Generator) -> int:
    return 1 if rng.uniform() < 0.5 else -1


def _stripes(degrees: float) -> Callable:
    """Light and dark stripes of one hue, within 12° of an orientation (of its mirror image as often)."""

    def pattern(rng: np.random.Generator) -> np.ndarray:
        angle = radians(degrees + rng.uniform(-12, 12)) * _sign(rng)
        return _mix(_wave(rng, angle, _period(rng), rng.uniform()), _shades(rng))

    return pattern


def _grating(first: float, second: float) -> Callable:
    """Stripes of any orientation between two opponent colours."""

    def pattern(rng: np.random.Generator) -> np.ndarray:
        return _mix(
            _wave(rng, rng.uniform(0, TAU), _period(rng, 8, 32), rng.uniform()), _opponents(rng, (first, second))
        )

    return pattern


def _rainbow(rng: np.random.Generator) -> np.ndarray:
    angle, turn = rng.uniform(0, TAU), _sign(rng) / 3
    phase = (cos(angle) * _X + sin(angle) * _Y) / _period(rng, 16, 64) + rng.uniform()
    return 0.55 + 0.4 * np.cos(TAU * (phase + turn * np.arange(3, dtype=np.float32)[:, None, None]))


def _checks(rng: np.random.Generator) -> np.ndarray:
    angle, period, sharpness = rng.uniform(-0.3, 0.3), _period(rng, 24, 56), rng.uniform(0.6, 1)
    rows, columns = (2 * _wave(rng, angle + turn, period, sharpness) - 1 for turn in (0, pi / 2))
    return _mix(0.5 + 0.5 * rows * columns, _shades_or_hues(rng))


def _tartan(rng: np.random.Generator) -> np.ndarray:
    angle, period = rng.uniform(-0.15, 0.15), _period(rng, 24, 64)
    threads = [
        _wave(rng, angle + turn, period / part, 0.9) for turn in (0, pi / 2) for part in (1, int(rng.integers(2, 5)))
    ]
    ground, *bands = (*_two_hues(rng), *_shades(rng), _two_hues(rng)[0])
    cloth = ground
    for thread, band in zip(threads, bands, strict=True):
        cloth = cloth + 0.5 * thread * (band - cloth)
    return cloth


def _dots(rng: np.random.Generator) -> np.ndarray:
    """Round dots, every other row moved by half a step."""
    angle, period = rng.uniform(0, TAU), _period(rng, 20, 44)
    down = (cos(angle) * _Y - sin(angle) * _X) / (period * 0.87) + rng.uniform()
    along = (cos(angle) * _X + sin(angle) * _Y) / period + rng.uniform() + 0.5 * (np.floor(down) % 2)
    distance = np.hypot(along % 1 - 0.5, 0.87 * (down % 1 - 0.5))
    inside = ((rng.uniform(0.2, 0.34) - distance) * period + 0.5).clip(0, 1)  # one soft pixel at the rim
    first, second = _shades_or_hues(rng)
    return _mix(inside, (first, second) if _sign(rng) > 0 else (second, first))


def _from_somewhere(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Distance and angle of every pixel from a point in the picture's inner half."""
    x, y = rng.uniform(-SIDE / 4, SIDE / 4, 2).tolist()
    return np.hypot(_X - x, _Y - y), np.arctan2(_Y - y, _X - x)


def _rings(rng: np.random.Generator) -> np.ndarray:
    radius, _ = _from_somewhere(rng)
    wave = np.sin(TAU * radius / _period(rng, 9, 30) + rng.uniform(0, TAU))
    return _mix(_edge(wave, rng.uniform()), _shades_or_hues(rng))


def _rays(rng: np.random.Generator) -> np.ndarray:
    _, angle = _from_somewhere(rng)
    wave = np.sin(int(rng.integers(7, 19)) * angle + rng.uniform(0, TAU))
    return _mix(_edge(wave, rng.uniform()), _shades_or_hues(rng))


def _clouds(rng: np.random.Generator) -> np.ndarray:
    """Noise whose amplitude falls with frequency f as about 1/f^1.5."""
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None])
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.standard_normal((SIDE, SIDE))) * frequency ** -rng.uniform(1.3, 1.8)
    field = np.fft.irfft2(spectrum, (SIDE, SIDE))
    share = (0.5 + field / (5 * field.std())).clip(0, 1).astype(np.float32)
    return _mix(share, _shades_or_hues(rng))


def _grain(rng: np.random.Generator) -> np.ndarray:
    """White noise in each colour, of one or two pixels' size."""
    size = int(rng.integers(1, 3))
    noise = rng.standard_normal((3, SIDE // size, SIDE // size), np.float32)
    dark, light = _shades(rng)
    share = 0.5 + rng.uniform(0.1, 0.25) * noise.repeat(size, 1).repeat(size, 2)
    return dark + share * (light - dark)


def _gradient(rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, TAU)
    share = 0.5 + (cos(angle) * _X + sin(angle) * _Y) / SIDE * rng.uniform(0.7, 1)
    return _mix(share.clip(0, 1), _two_hues(rng))


_PATTERNS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "vertical stripes": _stripes(0),
    "horizontal stripes": _stripes(90),
    "diagonal stripes": _stripes(45),
    "red-green grating": _grating(0.07, 0.40),
    "blue-yellow grating": _grating(0.72, 0.28),
    "rainbow": _rainbow,
    "checks": _checks,
    "tartan": _tartan,
    "polka dots": _dots,
    "rings": _rings,
    "rays": _rays,
    "clouds": _clouds,
    "grain": _grain,
    "gradient": _gradient,
}
CLASS_NAMES = tuple(_PATTERNS)
