"""One colour a layer kind and the inks of both themes.

Chosen by search: any two kinds keep a CIE76 ΔE above 20 in full colour vision and under simulated protan-, deuteran-
and tritanopia (Machado et al. 2009), and each stands at 2:1 or more against the page in both themes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

DIMMED = (np.arange(256) * 0.45 + 255 * 0.18).astype(np.uint8)  # a photo's levels outside the network's crop

KIND_COLOURS = {
    "conv": "#c2410c",
    "relu": "#f1a60d",
    "norm": "#cc54a6",
    "pool": "#0a5fc4",
    "avgpool": "#4fbbf3",
    "flatten": "#bab1a9",
    "dropout": "#57525a",
    "fc": "#049353",
}
KIND_TITLES = {
    "conv": "convolution",
    "relu": "ReLU",
    "norm": "response normalisation",
    "pool": "max pooling",
    "avgpool": "average pooling",
    "flatten": "flatten",
    "dropout": "dropout",
    "fc": "fully connected",
}
INPUT = "#8f8a83"
# Classes side by side, chosen by the same search: any two, and each and INPUT, keep a ΔE above 23.
CLASS_COLOURS = (
    *("#d86030", "#006078", "#f0a800", "#9048f0", "#90c078"),
    *("#901800", "#48c0d8", "#a848c0", "#1800f0", "#783030"),
)
PAPER = {"light": "#ffffff", "dark": "#12110f"}
INK = {"light": "#1c1917", "dark": "#f5f3ef"}
QUIET_INK = {"light": "#57534e", "dark": "#c7c1b9"}
RIGHT = "#0a8f6a"  # the right answer
ACCENT = {"light": "#c2410c", "dark": "#fb923c"}


def mix(colour: str, other: str, share: float) -> str:
    """``colour`` with a ``share`` (0–1) of ``other``, both ``#rrggbb``."""
    pairs = ((int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def ink_on(colour: str) -> str:
    """Black or white, whichever contrasts more with a fill: at least 4.58:1, where WCAG 2 asks 4.5:1 of text.

    No softer black would do: an ink lighter than #060606 falls below 4.5:1 on some greys, as white does.
    """
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#ffffff"


# --- scales for values ----------------------------------------------------------------------------

_SEQUENTIAL = "#440154 #482878 #3e4989 #31688e #26828e #1f9e89 #35b779 #6ece58 #b5de2b #fde725"  # viridis
_DIVERGING = "#053061 #2166ac #4393c3 #92c5de #d1e5f0 #f7f7f7 #fddbc7 #f4a582 #d6604d #b2182b #67001f"  # RdBu, turned


def scale(signed: bool) -> np.ndarray:
    """256 colours, uint8 (256, 3): for values from 0 to the peak, or signed from −peak (1) over 0 (128) to peak (255).

    Both can be told apart under the common kinds of colour blindness: viridis, and blue – white – red.
    """
    stops = [[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in (_DIVERGING if signed else _SEQUENTIAL).split()]
    at = np.linspace(1 if signed else 0, 255, len(stops))
    return (
        np.stack([np.interp(np.arange(256), at, channel) for channel in zip(*stops, strict=True)], -1)
        .round()
        .astype(np.uint8)
    )


def css_stops(colours: np.ndarray, first: int = 0) -> list[str]:
    """A scale (256, 3) for CSS, Plotly and SVG: 17 colours at equal distances, from row ``first`` on."""
    rows = np.linspace(first, 255, 17).round().astype(int)
    return [f"rgb({r},{g},{b})" for r, g, b in colours[rows]]


def plotly_scale(signed: bool) -> list[list[Any]]:
    """``scale`` as Plotly's colorscale."""
    return [[i / 16, colour] for i, colour in enumerate(css_stops(scale(signed), int(signed)))]


def levels(values: np.ndarray, peak: float | np.ndarray, signed: bool) -> np.ndarray:
    """Values as numbers of ``scale``'s colours, uint8, same shape; what lies beyond ``peak`` is clipped to it.

    ``peak`` broadcasts against ``values``; where it is 0 all is 0.
    """
    share = values / np.where(peak > 0, peak, 1)
    level = 128 + 127 * share.clip(-1, 1) if signed else 255 * share.clip(0, 1)
    return level.round().astype(np.uint8)
