"""Photos of a collection as points of a map: small photos in their class's colour, which one can move and zoom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from alexnet_viz.components.mount import mount

_component = mount(__file__)


@dataclass(frozen=True, eq=False)
class Points:
    """N photos: ``photos`` int (N,) are their numbers in the collection, ``places`` float (N, 2) where they lie, x to
    the right and y upwards, ``labels`` int (N,) their classes, numbers of ``classes``, −1 for none; and ``names``."""

    photos: np.ndarray
    places: np.ndarray
    labels: np.ndarray
    names: Sequence[str]
    classes: Sequence[str]


@dataclass(frozen=True)
class PhotoSource:
    """Where the browser gets photos from, relative to the page: all of them small on one ``sheet`` in the order of the
    points, ``columns`` tiles of ``tile`` pixels in a row; and a larger one at ``photo``/number."""

    sheet: str
    photo: str
    tile: int
    columns: int


def photo_map(
    points: Points,
    source: PhotoSource,
    legend: Sequence[tuple[int, str]],
    others: str,
    *,
    about: str,
    alt: str,
    key: str,
    highlight: int = -1,
    selected: int = -1,
    on_pick: Callable[[int], None] | None = None,
    on_highlight: Callable[[int], None] | None = None,
) -> None:
    """Show the map; where ``about`` changes pan and zoom begin anew, else they stay.

    ``legend`` are the classes with a colour of their own, (label, colour); photos of all others are in the colour
    ``others``. The photos of the class ``highlight`` stand out. ``selected`` is the number of the photo at hand.
    ``on_pick`` is called with a photo's number before the rerun that a click, a second tap or Enter starts,
    ``on_highlight`` with the class that was chosen in the legend, −1 for none.
    """
    meta = {
        "about": about,
        "alt": alt,
        "names": list(points.names),
        "classes": list(points.classes),
        "legend": [
            {"label": label, "colour": colour, "count": int((points.labels == label).sum())} for label, colour in legend
        ],
        "others": others,
        "highlight": highlight,
        "selected": selected,
        **vars(source),
    }
    blocks = {
        "x": np.ascontiguousarray(points.places[:, 0], np.float32),
        "y": np.ascontiguousarray(points.places[:, 1], np.float32),
        "photos": np.ascontiguousarray(points.photos, np.int32),
        "labels": np.ascontiguousarray(points.labels, np.int32),
    }

    def told(name: str, call: Callable[[int], None] | None) -> Callable[[], None]:
        def changed() -> None:
            if call is not None and (number := st.session_state[key].get(name)) is not None:
                call(int(number))

        return changed

    _component(
        data={**blocks, "meta": meta},
        key=key,
        on_picked_change=told("picked", on_pick),
        on_highlighted_change=told("highlighted", on_highlight),
    )
