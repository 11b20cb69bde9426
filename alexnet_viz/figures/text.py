"""Text of others in figures: names of classes, photos and weights as Plotly and Pillow are to draw them."""

from __future__ import annotations

from alexnet_viz.display import display_name

_REFERENCES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "\n": " ", "\r": " "})


def plotly_text(text: str) -> str:
    """Text for titles, names, ticks, categories, annotations and hover data, shown as it is written.

    Plotly.js reads tags (<b>, <br>, <a href>), character references and, where MathJax is loaded, $math$ in all of
    them. ``%{…}`` is read in hovertemplate and texttemplate alone: what others wrote reaches those as data, never as
    a part of the template.
    """
    return display_name(text).translate(_REFERENCES)


def one_line(text: str) -> str:
    """Text on one line, for Pillow, which draws line ends as lines."""
    return " ".join(display_name(text).split())
