"""The answer's picture: the strongest classes as bars, and the photo with the part that the network sees."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from PIL import Image, ImageDraw

from alexnet_viz.figures.palette import DIMMED
from alexnet_viz.figures.text import plotly_text
from alexnet_viz.values import Geometry, Photo, Prediction

COLOURS = {  # first bar, other bars, text
    "light": ("#c2410c", "#b8b1a9", "#1c1917"),
    "dark": ("#fb923c", "#7c746c", "#f5f3ef"),
}


def bars(predictions: tuple[Prediction, ...], theme: str = "light") -> go.Figure:
    """Horizontal bars of probability (0–1), strongest on top, each under its class's name; the logit on hover."""
    first, others, text_colour = COLOURS[theme]
    rows = list(range(len(predictions)))
    figure = go.Figure(
        go.Bar(
            x=[prediction.probability for prediction in predictions],
            y=rows,
            orientation="h",
            width=0.42,
            marker={"color": [first] + [others] * (len(rows) - 1), "cornerradius": 4},
            customdata=[
                [plotly_text(prediction.label), prediction.index, prediction.logit] for prediction in predictions
            ],
            hovertemplate="<b>%{customdata[0]}</b><br>probability %{x:.4f}<br>logit %{customdata[2]:.3f}"
            "<br>class %{customdata[1]}<extra></extra>",
            showlegend=False,
        )
    )
    for row, prediction in zip(rows, predictions, strict=True):
        weight = "b" if row == 0 else "span"
        for text, x, anchor in (
            (plotly_text(prediction.label), 0, "left"),
            (f"{prediction.probability:.1%}", 1, "right"),
        ):
            figure.add_annotation(
                x=x,
                y=row - 0.26,
                xref="paper",
                text=f"<{weight}>{text}</{weight}>",
                showarrow=False,
                xanchor=anchor,
                yanchor="bottom",
                font={"size": 17 if len(rows) <= 10 else 14, "color": text_colour},
            )
    figure.update_layout(
        height=54 * len(rows) + 60,
        margin={"l": 14, "r": 22, "t": 6, "b": 44},
        xaxis={
            "range": [0, 1],
            "tickformat": ".0%",
            "title": "probability (softmax of the logits)",
            "fixedrange": True,
            "tickfont": {"size": 15},
            "title_font": {"size": 15},
        },
        yaxis={"visible": False, "range": [len(rows) - 0.5, -0.75], "fixedrange": True},
    )
    return figure


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
