"""The photos of a collection that are near to the photo at hand: by fc7, and by pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.components.tile_grid import Sheet, tile_grid
from alexnet_viz.errors import UserError
from alexnet_viz.figures.drawing import Drawing
from alexnet_viz.figures.paper import answers_figure, neighbours_figure
from alexnet_viz.figures.units import photo_tiles
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared import photos, queries
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.figure_files import figure_files
from alexnet_viz.ui.shared.job_progress import gather, problems
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.units.exemplars import Searched, SearchRequest, choose_photo, photo_name, search_task
from alexnet_viz.units.neighbours import nearest, thumbnail

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

FIGURE_SEED = Control(
    Setting(
        "figure_photos",
        "int",
        0,
        "Photos of Figure 4",
        "Another number draws other photos for the files of Figure 4, below the photos.",
        low=0,
        high=9999,
    )
)
SHOWN = 6  # as in the paper's figure
_WIDTH = 144  # of a tile, in CSS pixels: all of a row beside each other at 1280
_pixels: LRUCache[np.ndarray] = LRUCache(64 << 20, lambda pixels: pixels.nbytes)


def photo_neighbours(model: Model, photo: str, request: SearchRequest) -> None:
    """Two rows: the nearest photos by fc7, and by their pixels."""
    (found,) = gather([search_task(model, request)], [True])
    problems([found])
    if not isinstance(found, Searched):
        return
    seen = queries.inputs(photo, model.info.preprocessing)
    small = thumbnail(seen.pixels)
    thumbnails = found.exemplars.thumbnails
    # The photo itself, where it is one of the collection, is its own nearest: that says nothing.
    others = (thumbnails != small).any((1, 2, 3)) & (found.exemplars.answers[: len(thumbnails)] >= 0)
    first = f" Only the first {len(others):,} are compared." if len(others) < found.exemplars.done else ""
    fc7 = queries.trace(model, photo).outputs["relu7"]
    _row(model, request, found, "fc7", *nearest(found.exemplars.fc7, fc7, others, SHOWN))
    _row(model, request, found, "pixels", *nearest(thumbnails, small, others, SHOWN))
    st.caption(
        f"Nearest to *{markdown(photos.title(photo))}* of {int(others.sum()):,} other photos "
        f"({markdown(found.collection.title)}), by the Euclidean distance of fc7 behind its ReLU, and of the pixels at "
        "32 × 32. Photos that are close in fc7 need not be close in pixels (Krizhevsky, Sutskever, Hinton 2012, "
        f"Figure 4).{first}"
    )
    _figures(model, request, found)


def _figures(model: Model, request: SearchRequest, found: Searched) -> None:
    """Figure 4 of the 2012 paper, of this network and these photos, as files."""
    from alexnet_viz.units.paper_figures import answered_photos, neighbour_rows

    collection, drawn, title = found.collection, FIGURE_SEED.value, model.info.title
    if request.photos:  # read now: the files are made when they are asked for, outside of this visit
        collection = replace(collection, names=tuple(map(photos.title, request.photos)))
    which = "Which photos are in it is drawn by the number *Photos of Figure 4*."

    def left() -> Drawing:
        answered = answered_photos(model, collection, drawn)
        return answers_figure(answered, f"Five strongest classes, {title}")

    def right() -> Drawing:
        rows = neighbour_rows(model, collection, found.exemplars, drawn)
        return neighbours_figure(rows, f"Nearest photos, {title}")

    shown = {
        "left": ("Eight photos with their five strongest classes.", left),
        "right": ("Five photos, each with the six nearest to it.", right),
    }
    for place, (side, (what, make)) in zip(st.columns(2), shown.items(), strict=True):
        with place:
            figure_files(f"Figure 4, {side}", f"figure-4-{side}", f"{what} {which}", make)


def _row(
    model: Model, request: SearchRequest, found: Searched, space: str, numbers: np.ndarray, distances: np.ndarray
) -> None:
    st.markdown(f"**Nearest by {space}**")
    if not len(numbers):
        st.caption("There is no other photo to compare with: add photos, or name a folder.")
        return
    try:
        tiles = photo_tiles([_seen(model, found, number) for number in numbers.tolist()])
    except UserError as error:
        problems([str(error)])
        return
    names = [photo_name(request, found.collection, number) for number in numbers.tolist()]
    tile_grid(
        [Sheet(tiles, f"The {len(numbers)} photos nearest by {space}: {', '.join(names)}")],
        np.arange(len(numbers)),
        key=f"neighbours_{space}",
        noun="photo",
        facts={f"distance of {space}": distances},
        names=names,
        on_pick=callback(lambda tile: choose_photo(request, found.collection, int(numbers[tile]))),
        smooth=True,
        largest=_WIDTH,
    )


def _seen(model: Model, found: Searched, number: int) -> np.ndarray:
    """What the network sees of a photo of the collection, uint8 (S, S, 3)."""
    key = (found.collection.key, number, model.info.preprocessing)
    return _pixels.get(key, lambda: preprocess(found.collection.read(number), model.info.preprocessing).pixels)
