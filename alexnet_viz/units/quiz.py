"""A test of how well a unit's reference pictures explain it: which of two patches drives the unit more?

Borowski et al. 2021, arXiv:2010.12606. The two patches are the strongest and the weakest of the collection; the
references are those that come next, or a picture made to drive the unit. No torch here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice

import numpy as np

from alexnet_viz.errors import UnitError
from alexnet_viz.values import Exemplars

TRIALS = 20
CHANCE = 0.5
# What people reached in the paper: (share of right answers, its ± there), by what they were shown.
PEOPLE = {"optimised": (0.82, 0.04), "photos": (0.92, 0.02)}


@dataclass(frozen=True)
class Cell:
    """A cell of a layer's map on a photo of the collection, with the unit's value there."""

    photo: int
    cell: int
    value: float


@dataclass(frozen=True)
class Trial:
    """One question about a unit. ``choices`` are two cells, the one that drives it more is number ``right``."""

    layer: str
    unit: int
    choices: tuple[Cell, Cell]
    right: int
    references: tuple[Cell, ...]


def trials(found: Exemplars, layer: str, seed: int, count: int = TRIALS) -> tuple[Trial, ...]:
    """Questions about different units of a layer; the same seed draws the same ones.

    Raises UnitError where there are too few photos.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(found.layers[layer].class_sums))
    drawn = (trial for unit in order.tolist() if (trial := _trial(found, layer, unit, int(rng.integers(2)))))
    result = tuple(islice(drawn, count))
    if not result:
        raise UnitError("These photos are too few for a quiz: add photos, or name a folder with at least ten.")
    return result


def _trial(found: Exemplars, layer: str, unit: int, right: int) -> Trial | None:
    """None where the unit's photos are too few or all alike."""
    most, least = (_cells(found, layer, unit, kind) for kind in ("most", "least"))
    if len(most) < 2 or not least or most[0].value <= least[0].value:
        return None
    taken = most[0].photo, least[0].photo
    references = tuple(cell for cell in most[1:] if cell.photo not in taken)
    if taken[0] == taken[1] or not references:
        return None
    choices = (most[0], least[0]) if right == 0 else (least[0], most[0])
    return Trial(layer, unit, choices, right, references)


def _cells(found: Exemplars, layer: str, unit: int, kind: str) -> list[Cell]:
    ranking = found.layers[layer].rankings[kind]
    rows = zip(ranking.photos[unit].tolist(), ranking.cells[unit].tolist(), ranking.values[unit].tolist(), strict=True)
    return [Cell(*row) for row in rows if row[0] >= 0]


def interval(right: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval (1927) of a share, by default at 95 %: (low, high).

    >>> [round(bound, 3) for bound in interval(14, 20)]
    [0.481, 0.855]
    """
    share, spread = right / total, z**2 / total
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    return max(0.0, middle - half), min(1.0, middle + half)
