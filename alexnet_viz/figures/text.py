"""Text of others in figures: names of classes, photos and weights as Plotly and Pillow are to draw them."""

from __future__ import annotations

from collections.abc import Sequence

from alexnet_viz.display import display_name, within_a_sentence

_REFERENCES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "\n": " ", "\r": " "})


def plotly_text(text: str) -> str:
    """Text for titles, names, ticks, categories, annotations and hover data, shown as it is written.

    Plotly.js reads tags (<b>, <br>, <a href>), character references and, where MathJax is loaded, $math$ in all of
    them. ``%{…}`` is read in hovertemplate and texttemplate alone: what others wrote reaches those as data, never as
    a part of the template.
    """
    return within_a_sentence(text).translate(_REFERENCES)


def distinct(names: Sequence[str]) -> list[str]:
    """Names as the categories of an axis, where two of one name would be one place: the second has a (2)."""
    places: dict[str, None] = {}
    for name in map(plotly_text, names):
        place, number = name, 1
        while place in places:
            place, number = f"{name} ({number + 1})", number + 1
        places[place] = None
    return list(places)


def without_line_ends(text: str) -> str:
    """Text on one line, for Pillow, which draws line ends as lines."""
    return " ".join(display_name(text).split())
