"""The answer's picture: the strongest classes as bars, and the photo with the part that the network sees."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from PIL import Image, ImageDraw

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
            x=[one.probability for one in predictions],
            y=rows,
            orientation="h",
            width=0.42,
            marker={"color": [first] + [others] * (len(rows) - 1), "cornerradius": 4},
            customdata=[[plotly_text(one.label), one.index, one.logit] for one in predictions],
            hovertemplate="<b>%{customdata[0]}</b><br>probability %{x:.4f}<br>logit %{customdata[2]:.3f}"
            "<br>class %{customdata[1]}<extra></extra>",
            showlegend=False,
        )
    )
    for row, one in zip(rows, predictions, strict=True):
        weight = "b" if row == 0 else "span"
        for text, x, anchor in ((plotly_text(one.label), 0, "left"), (f"{one.probability:.1%}", 1, "right")):
            figure.add_annotation(
                x=x, y=row - 0.26, xref="paper", text=f"<{weight}>{text}</{weight}>", showarrow=False,
                xanchor=anchor, yanchor="bottom", font={"size": 17 if len(rows) <= 10 else 14, "color": text_colour},
            )  # fmt: skip
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


def crop_on_photo(photo: Photo, geometry: Geometry, width: int = 900) -> Image.Image:
    """The photo at most ``width`` pixels wide, in its own shape, with all but the network's crop dimmed."""
    image = Image.fromarray(photo.pixels)
    scale = min(1.0, width / image.width, width / image.height)
    image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    sx, sy = image.width / photo.size[0], image.height / photo.size[1]
    left, top, right, bottom = geometry.box
    box = (round(left * sx), round(top * sy), round(right * sx) - 1, round(bottom * sy) - 1)
    dimmed = Image.fromarray((np.asarray(image) * 0.45 + 255 * 0.18).astype(np.uint8))
    dimmed.paste(image.crop((box[0], box[1], box[2] + 1, box[3] + 1)), box[:2])
    thick = max(1, min(max(2, image.width // 220), (box[2] - box[0]) // 8))
    ImageDraw.Draw(dimmed).rectangle(box, outline="black", width=thick + 1)
    ImageDraw.Draw(dimmed).rectangle(box, outline="white", width=thick)
    return dimmed
