"""What a trained network gets wrong: its confusion matrix and each class's accuracy."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from alexnet_viz.figures.palette import INK, PAPER, QUIET_INK, mix
from alexnet_viz.figures.text import distinct, plotly_text

RIGHT, WRONG = "#0a5fc4", {"light": "#b93f00", "dark": "#fb923c"}
NUMBERED = 20  # classes up to which the cells hold their counts
MOST = 100  # classes shown at most: of more, those with the most mistakes


def neighbours(counts: np.ndarray) -> np.ndarray:
    """An order of the classes, int (n,), that puts those taken for each other side by side.

    By the Fiedler vector: the second eigenvector of the Laplacian of the mistakes, either way counted together.
    """
    share = counts / np.maximum(1, counts.sum(1, keepdims=True))
    weights = share + share.T + 1e-3
    np.fill_diagonal(weights, 0)
    scale = 1 / np.sqrt(weights.sum(1))
    laplacian = np.eye(len(counts)) - weights * scale * scale[:, None]
    return np.argsort(np.linalg.eigh(laplacian)[1][:, 1] * scale, kind="stable")


def worst(counts: np.ndarray, most: int = MOST) -> np.ndarray:
    """The classes with the most mistakes, as true class or as answer, int (≤ most,) in their own order."""
    errors = counts - np.diag(np.diag(counts))
    return np.sort(np.argsort(-(errors.sum(0) + errors.sum(1)), kind="stable")[:most])


def confusion_matrix(counts: np.ndarray, names: tuple[str, ...], theme: str = "light") -> go.Figure:
    """Rows the true class, columns what the network said, int (n, n); a cell's colour is its share of the row.

    Right answers are blue and mistakes orange, so that both can be read beside each other.
    """
    totals = np.maximum(1, counts.sum(1, keepdims=True))
    share, size = np.float32(counts / totals), len(counts)  # half the bytes on the way to the browser
    diagonal = np.eye(size, dtype=bool)
    numbered, places = size <= NUMBERED, distinct(names)
    figure = go.Figure()
    empty = mix(PAPER[theme], INK[theme], 0.04)
    for name, kept, colour, place in (("right", diagonal, RIGHT, 0.0), ("mistakes", ~diagonal, WRONG[theme], 0.52)):
        figure.add_heatmap(
            z=np.where(kept, share, np.nan),
            x=places,
            y=places,
            zmin=0,
            zmax=1 if name == "right" else max(0.1, float(np.where(diagonal, 0, share).max())),
            colorscale=[[0, empty], [0.001, mix(colour, PAPER[theme], 0.75)], [1, colour]],
            customdata=np.int32(counts),
            xgap=1,
            ygap=1,
            hoverongaps=False,
            hovertemplate="<b>%{y}</b><br>said %{x}<br>%{customdata}, %{z:.1%} of the class<extra></extra>",
            colorbar={
                "orientation": "h",
                "y": 1.0,
                "yanchor": "bottom",
                "x": place,
                "xanchor": "left",
                "len": 0.46,
                "thickness": 10,
                "tickformat": ".0%",
                "nticks": 4,
                "title": {"text": name, "side": "top"},
            },
        )
    strong = share > np.where(diagonal, 0.45, 0.6 * figure.data[1].zmax)
    numbers = [  # given all at once below: Plotly looks at all those before again for each that is added
        {
            "x": places[predicted],
            "y": places[true],
            "text": str(counts[true, predicted]),
            "showarrow": False,
            "font": {"size": 13, "color": PAPER[theme] if strong[true, predicted] else INK[theme]},
        }
        for true, predicted in (np.argwhere(counts) if numbered else ())
    ]
    named = size <= 50  # more names beside each other cannot be read
    font = 14 if numbered else 11 if size <= 50 else 10
    ticks = {
        "type": "category",
        "tickmode": "array",
        "tickvals": list(range(size)),
        "ticktext": [*map(_short, names)],
        "tickfont": {"size": font},
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
    }
    figure.update_layout(
        height=170 + (34 if numbered else 15 if size <= 50 else 12) * size + 60,
        margin={"l": 0, "r": 0, "t": 70, "b": 30},
        font={"color": INK[theme], "size": 14},
        annotations=numbers,
        xaxis={
            **ticks,
            "title": "the network said" + ", in the order of the rows" * (not named),
            "tickangle": -90 if size > 8 else -35 if size * max(map(len, names)) > 48 else 0,
            "showticklabels": named,
        },
        yaxis={**ticks, "title": "true class", "autorange": "reversed"},
        plot_bgcolor=PAPER[theme],
    )
    return figure


def worst_first(counts: np.ndarray) -> np.ndarray:
    """The classes by their share of right answers, int (n,)."""
    return np.argsort(np.diag(counts) / np.maximum(1, counts.sum(1)), kind="stable")


def accuracy_bars(
    counts: np.ndarray, names: tuple[str, ...], order: np.ndarray | None = None, theme: str = "light"
) -> go.Figure:
    """Each class's share of right answers, the worst on top, with the class that it is most often taken for.

    ``order`` are the classes to show, int (≤ n,), from the top.
    """
    order = worst_first(counts) if order is None else order
    totals = counts.sum(1)
    right = np.diag(counts)
    share = right / np.maximum(1, totals)
    errors = counts - np.diag(right)
    taken = [
        f"most often taken for {plotly_text(names[e.argmax()])}" if e.any() else "never taken for another"
        for e in errors
    ]
    large = len(names) <= NUMBERED
    figure = go.Figure(
        go.Bar(
            x=share[order],
            y=list(range(len(order))),
            orientation="h",
            marker={"color": RIGHT, "cornerradius": 3},
            text=[f"{share[i]:.0%}" for i in order],
            textposition="outside",
            customdata=[[plotly_text(names[i]), int(right[i]), int(totals[i]), taken[i]] for i in order],
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]} of %{customdata[2]} right<br>%{customdata[3]}"
            "<extra></extra>",
            showlegend=False,
        )
    )
    figure.update_layout(
        height=60 + (30 if large else 20) * len(order),
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        font={"color": INK[theme], "size": 14},
        xaxis={
            "range": [0, 1.3],
            "tickvals": [0, 0.5, 1],
            "tickformat": ".0%",
            "fixedrange": True,
            "title": "share of right answers",
            "gridcolor": mix(PAPER[theme], QUIET_INK[theme], 0.2),
        },
        yaxis={
            "tickmode": "array",
            "tickvals": list(range(len(order))),
            "ticktext": [_short(names[i]) for i in order],
            "tickfont": {"size": 14 if large else 13},
            "autorange": "reversed",
            "fixedrange": True,
        },
        bargap=0.25,
    )
    return figure


def _short(name: str) -> str:
    """The first of a class's names, not too long."""
    name = name.partition(",")[0]
    return plotly_text(name if len(name) <= 20 else f"{name[:19]}…")
