"""Charts of faithfulness: deletion and insertion curves, agreement between maps, cascading randomisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from alexnet_viz.figures.palette import ACCENT, INK, QUIET_INK, ink_on, levels, plotly_scale, scale
from alexnet_viz.figures.text import plotly_text
from alexnet_viz.values import PixelCurve, Prediction

# Eight lines that the common kinds of colour blindness tell apart (Okabe & Ito 2008, its yellow darkened, its black a
# brown that stands on both themes); the dash tells them apart without any colour.
LINES = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#b8a300", "#8c6d5a")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "solid", "dash", "dot")


def pixel_curves(
    curves: Sequence[PixelCurve], baselines: Sequence[PixelCurve], score: str, changed: str, theme: str = "light"
) -> go.Figure:
    """Scores over the share of pixels changed, with each curve's area in the legend; baselines in grey."""
    figure = go.Figure()
    styles = [(LINES[i % 8], DASHES[i % 8], 3) for i in range(len(curves))]
    styles += [(QUIET_INK[theme], dash, 2) for dash in ("dot", "dash")]
    for curve, (colour, dash, width) in zip([*curves, *baselines], styles, strict=False):
        figure.add_scatter(
            x=curve.share,
            y=curve.score,
            mode="lines",
            name=f"{curve.name}: area {curve.area:.3f}",
            line={"color": colour, "dash": dash, "width": width},
            hovertemplate=f"{curve.name}<br>%{{x:.0%}} changed: %{{y:.3f}}<extra></extra>",
        )
    figure.update_layout(
        height=350 + 22 * len([*curves, *baselines]),
        margin={"l": 10, "r": 24, "t": 10, "b": 10},  # room for half of "100%"
        font={"size": 15, "color": INK[theme]},
        xaxis={"title": changed, "tickformat": ".0%", "range": [0, 1], "fixedrange": True, **_tick(theme)},
        yaxis={"title": plotly_text(score), "fixedrange": True, **_tick(theme), "rangemode": "tozero"},
        legend={"yanchor": "top", "y": -0.24, "x": 0, "xanchor": "left", "font": {"size": 14}},
    )
    return figure


def matrix(names: Sequence[str], values: np.ndarray, signed: bool, theme: str = "light") -> go.Figure:
    """How each map agrees with each other, (n, n) in [−1, 1] or [0, 1], with the numbers in the cells."""
    low = -1 if signed else 0
    names = [plotly_text(name) for name in names]
    rows = [f"{i + 1} {name}" for i, name in enumerate(names)]
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=[row.split()[0] for row in rows],
            y=rows,
            customdata=[names] * len(names),
            zmin=low,
            zmax=1,
            colorscale=plotly_scale(signed),
            xgap=2,
            ygap=2,
            colorbar={
                "title": {"text": "Spearman" if signed else "IoU", "side": "top"},
                "tickangle": 0,
                "thickness": 10,
                "orientation": "h",
                "y": -0.04,
                "yanchor": "top",
            },
            hovertemplate="%{y}<br>%{x} %{customdata}<br>%{z:.2f}<extra></extra>",
        )
    )
    size = 15 if len(names) < 6 else 12
    for row, cells in enumerate(values):
        for column, value in enumerate(cells):
            text = "–" if np.isnan(value) else f"{round(value, 2) + 0.0:.2f}".replace("0.", ".").replace("-", "−")
            ink = INK[theme] if np.isnan(value) else _ink_on(scale(signed)[levels(value, 1.0, signed)])
            figure.add_annotation(x=column, y=row, text=text, showarrow=False, font={"color": ink, "size": size})
    figure.update_layout(
        height=170 + 42 * len(names),
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        font={"size": 14, "color": INK[theme]},
        # The columns' numbers stand above: below them, how far the colour bar lies from them depends on the rows.
        xaxis={"fixedrange": True, **_tick(theme), "type": "category", "side": "top"},
        yaxis={"fixedrange": True, **_tick(theme), "autorange": "reversed", "ticklabelstandoff": 6},
    )
    return figure


def _ink_on(colour: np.ndarray) -> str:
    return ink_on("#" + "".join(f"{channel:02x}" for channel in colour))


def _tick(theme: str) -> dict:
    return {"tickfont": {"size": 14, "color": INK[theme]}, "title_font": {"size": 14, "color": INK[theme]}}


def cascade(layers: Sequence[str], lines: Mapping[str, Sequence[float]], theme: str = "light") -> go.Figure:
    """Rank correlation with the trained network's map, after more and more layers lost their training."""
    figure = go.Figure()
    for (name, values), colour, dash in zip(lines.items(), LINES, DASHES, strict=False):
        figure.add_scatter(
            x=list(layers),
            y=list(values),
            mode="lines+markers",
            name=name,
            line={"color": colour, "dash": dash, "width": 3},
            marker={"size": 9},
            hovertemplate=f"{name}<br>down to %{{x}}: %{{y:.2f}}<extra></extra>",
        )
    figure.add_hline(y=0, line={"color": QUIET_INK[theme], "width": 1})
    figure.update_layout(
        height=360,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        font={"size": 15, "color": INK[theme]},
        xaxis={"title": "random from fc8 down to …", "fixedrange": True, **_tick(theme)},
        yaxis={"title": "Spearman with the trained map", "range": [-1.05, 1.05], "fixedrange": True, **_tick(theme)},
        legend={"orientation": "h", "y": 1.15},
        showlegend=True,
    )
    return figure


def before_and_after(before: Sequence[Prediction], after: Sequence[Prediction], theme: str = "light") -> go.Figure:
    """The same classes' probabilities for the photo and for what is left of it, in one order."""
    names = [plotly_text(prediction.label) for prediction in after]
    figure = go.Figure()
    for title, answers, colour in (("photo", before, QUIET_INK[theme]), ("painted", after, ACCENT[theme])):
        figure.add_bar(
            y=list(range(len(names))),
            x=[prediction.probability for prediction in answers],
            orientation="h",
            name=title,
            marker={"color": colour, "cornerradius": 3},
            text=[f"{prediction.probability:.1%}" for prediction in answers],
            textposition="outside",
            cliponaxis=False,
            customdata=[[plotly_text(prediction.label), prediction.logit] for prediction in answers],
            hovertemplate=f"<b>%{{customdata[0]}}</b>, {title}<br>probability %{{x:.4f}}<br>"
            "logit %{customdata[1]:.3f}<extra></extra>",
        )
    figure.update_layout(
        height=54 * len(names) + 110,
        barmode="group",
        bargap=0.35,
        margin={"l": 10, "r": 56, "t": 6, "b": 10},
        font={"size": 15, "color": INK[theme]},
        xaxis={"range": [0, 1], "tickformat": ".0%", "title": "probability", "fixedrange": True, **_tick(theme)},
        yaxis={
            "tickvals": list(range(len(names))),
            "ticktext": names,
            "fixedrange": True,
            **_tick(theme),
            "range": [len(names) - 0.5, -0.5],
            "automargin": True,
        },
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        transition={"duration": 0},
    )
    return figure
