"""What a trained network gets wrong: its confusion matrix and each class's accuracy."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from alexnet_viz.figures.palette import INK, PAPER, QUIET_INK, ink_on, mix
from alexnet_viz.figures.text import distinct, plotly_text

RIGHT = {"light": "#0a5fc4", "dark": "#6cb4f5"}
WRONG = {"light": "#b93f00", "dark": "#fb923c"}
NUMBERED = 20  # classes up to which the cells hold their counts
NAMED = 40  # classes up to which each row and column can hold its name
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

    Which is which stands above it on the page: Plotly's axis titles run through names of some lengths.
    Right answers are blue and mistakes orange, so that both can be read beside each other.
    """
    totals = np.maximum(1, counts.sum(1, keepdims=True))
    share, size = (counts / totals).astype(np.float32), len(counts)  # half the bytes on the way to the browser
    diagonal = np.eye(size, dtype=bool)
    numbered, named, places = size <= NUMBERED, size <= NAMED, distinct(names)
    figure = go.Figure()
    empty = mix(PAPER[theme], INK[theme], 0.04)
    ends = []  # of the two scales: value and colour
    kinds = (("right", diagonal, RIGHT[theme], 0.0), ("mistakes", ~diagonal, WRONG[theme], 0.54))
    for name, kept, colour, place in kinds:
        highest = 1.0 if name == "right" else max(0.1, float(np.where(diagonal, 0, share).max()))
        faint = mix(PAPER[theme], colour, 0.25)
        ends.append((highest, faint, colour))
        figure.add_heatmap(
            z=np.where(kept, share, np.nan),
            x=places,
            y=places,
            zmin=0,
            zmax=highest,
            colorscale=[[0, empty], [0.001, faint], [1, colour]],
            customdata=np.int32(counts),
            xgap=int(named),
            ygap=int(named),
            hoverongaps=False,
            hovertemplate="<b>%{y}</b><br>said %{x}<br>%{customdata:,}, %{z:.1%} of the class<extra></extra>",
            colorbar={
                "orientation": "h",
                "y": 1.0,
                "yanchor": "bottom",
                "x": place,
                "xanchor": "left",
                "len": 0.38,  # with room beside it for the numbers at its ends
                "thickness": 10,
                "tickformat": ".0%",
                "tickvals": [0, highest],
                "title": {"text": name, "side": "top"},
            },
        )

    def ground(true: int, predicted: int) -> str:
        highest, faint, colour = ends[int(true != predicted)]
        return mix(faint, colour, float(share[true, predicted]) / highest)

    numbers = [  # given all at once below: Plotly looks at all those before again for each that is added
        {
            "x": places[predicted],
            "y": places[true],
            "text": f"{counts[true, predicted]:,}",
            "showarrow": False,
            "font": {"size": 13, "color": ink_on(ground(true, predicted))},
        }
        for true, predicted in (np.argwhere(counts) if numbered else ())
    ]
    ticks = {
        "type": "category",
        "tickmode": "array",
        "tickvals": list(range(size)),
        "ticktext": [*map(_short, names)],
        "tickfont": {"size": 14 if numbered else 12, "color": QUIET_INK[theme]},
        "showticklabels": named,
        "ticks": "outside" if named else "",
        "ticklen": 8,  # Plotly keeps room for it, without which the first letters are cut off
        "tickcolor": PAPER[theme],
        "automargin": True,
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
    }
    figure.update_layout(
        height=230 + (34 if numbered else 16) * size if named else 760,
        margin={"l": 0, "r": 0, "t": 70, "b": 0},
        font={"color": INK[theme], "size": 14},
        annotations=numbers,
        xaxis={
            **ticks,
            "tickangle": -90 if size > 8 else -35 if size * max(map(len, names)) > 48 else 0,
        },
        yaxis={**ticks, "autorange": "reversed"},
        plot_bgcolor=PAPER[theme],
    )
    return figure


def mistakes(counts: np.ndarray, most: int) -> list[tuple[int, int, int]]:
    """(true class, answer, how often) of the most common mistakes, the most common first, at most ``most``."""
    errors = counts - np.diag(np.diag(counts))
    places = errors.ravel().argsort(kind="stable")[::-1][:most]
    return [(*divmod(int(place), len(errors)), int(errors.flat[place])) for place in places if errors.flat[place]]


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
            marker={"color": RIGHT[theme], "cornerradius": 3},
            text=[f"{share[i]:.0%}" for i in order],
            textposition="outside",
            customdata=[[plotly_text(names[i]), int(right[i]), int(totals[i]), taken[i]] for i in order],
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]:,} of %{customdata[2]:,} right<br>"
            "%{customdata[3]}<extra></extra>",
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
            "tickfont": {"color": QUIET_INK[theme]},
            "title": {"text": "accuracy", "font": {"color": QUIET_INK[theme]}},
            "gridcolor": mix(PAPER[theme], QUIET_INK[theme], 0.2),
        },
        yaxis={
            "tickmode": "array",
            "tickvals": list(range(len(order))),
            "ticktext": [_short(names[i]) for i in order],
            "tickfont": {"size": 14 if large else 13, "color": QUIET_INK[theme]},
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
