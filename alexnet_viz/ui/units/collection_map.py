"""A collection as a map: each photo a point, near to those that a layer makes alike of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.components.photo_map import Points, photo_map
from alexnet_viz.display import display_name
from alexnet_viz.figures.photo_map import OTHERS, legend_of
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.progress import CountProgress
from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared import jobs, photos
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.job_progress import gather, problems
from alexnet_viz.ui.shared.jobs import Task
from alexnet_viz.ui.shared.sidebar import PHOTO
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.units import map_feed
from alexnet_viz.ui.units.exemplars import Searched, SearchRequest, choose_photo, search_task
from alexnet_viz.units.projection import (
    MAP_LAYERS,
    UMAP_COMPONENTS,
    Projection,
    principal_components,
    umap,
    umap_missing,
)

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from alexnet_viz.inspection.model import Model
    from alexnet_viz.units.collection import Collection

_MEANING = {"conv5": "averaged over its map, behind its ReLU", "fc6": "behind its ReLU", "fc7": "behind its ReLU"}
MAP_LAYER = Control(
    Setting(
        "map_layer",
        "choice",
        "fc7",
        "Layer",
        "Photos are near where this layer's outputs are: conv5 averaged over its map (Babenko, Lempitsky 2015), or fc6 "
        "or fc7; all behind their ReLU.",
        options=MAP_LAYERS,
    )
)
AXES = Control(
    Setting(
        "axes",
        "choice",
        "pca",
        "Axes",
        "PCA: the two directions in which the photos vary most, at once. UMAP: keeps each photo's neighbours near, and "
        f"shows groups apart that PCA lays on each other; computed from {UMAP_COMPONENTS} components.",
        options={"pca": "PCA", "umap": "UMAP"},
    )
)
COLOUR_BY = Control(
    Setting(
        "colour_by",
        "choice",
        "class",
        "Colour",
        "The class that a photo has in the collection, such as its folder, or the network's answer to it. The most "
        "frequent classes have a colour each.",
        options={"class": "its class", "answer": "its answer"},
    )
)
STAND_OUT = Control(Setting("stand_out", "text", "", "Highlighted class", "The photos of all others are faint."))
_PICKED = "_map_picked"
_projections: LRUCache[Projection] = LRUCache(16 << 20, lambda made: made.points.nbytes + made.photos.nbytes)


def chosen_axes(row: Sequence[DeltaGenerator]) -> None:
    """Which layer is mapped, and how."""
    MAP_LAYER.selectbox(row[0])
    AXES.selectbox(row[1])


def collection_map(model: Model, photo: str, request: SearchRequest, row: Sequence[DeltaGenerator]) -> None:
    """The map of a collection; the principal components stand there while UMAP is on its way."""
    found = jobs.made.peek(request)
    if found is None:  # else UMAP may be on its way, which a second job would end
        (found,) = gather([search_task(model, request)], [True])
        problems([found])
        if not isinstance(found, Searched):
            return
    layer = MAP_LAYER.value
    key = (model.info.id, model.device.name, found.collection.key, layer)
    with st.spinner("Principal components …"):
        shown = _projections.get(key, lambda: _components(found, layer, 2))
    place, words = st.container(), _words_of_axes(shown)
    if AXES.value == "umap" and (why := umap_missing()):
        st.info(f"{markdown(why)} Until then these are principal components.", icon=":material/info:")
    elif AXES.value == "umap":
        (made,) = gather([_umap_task(found, layer, key)], [True])
        problems([made])
        if isinstance(made, Projection):
            shown = made
            words = "UMAP keeps neighbours together; its axes, and how far groups lie from each other, mean little."
    with place:
        _draw(model, photo, request, found, shown, row)
        st.caption(_explanation(found, shown, layer, words))


def _components(found: Searched, layer: str, axes: int) -> Projection:
    vectors = getattr(found.exemplars, layer)
    return principal_components(vectors, found.exemplars.answers[: len(vectors)] >= 0, axes)


def _umap_task(found: Searched, layer: str, key: tuple) -> Task:
    def make(progress: CountProgress) -> Projection:
        return umap(_components(found, layer, UMAP_COMPONENTS), lambda: progress(0, 0))

    return Task(("umap", *key), f"UMAP by {layer}", make)


def _draw(
    model: Model, photo: str, request: SearchRequest, found: Searched, shown: Projection, row: Sequence[DeltaGenerator]
) -> None:
    collection = found.collection
    has_classes = bool((collection.labels >= 0).any())
    by = COLOUR_BY.among(("class", "answer") if has_classes else ("answer",), "class" if has_classes else "answer")
    COLOUR_BY.selectbox(row[3])
    labels = (collection.labels if by == "class" else found.exemplars.answers)[shown.photos]
    names = collection.class_names if by == "class" else model.info.categories
    classes = _unique_names([display_name(name) for name in _padded(names, int(labels.max(initial=-1)) + 1)])
    highlight = _highlighted(labels, classes, row[4])
    points = Points(shown.photos, shown.points[:, :2], labels, _names(request, found, shown.photos), classes)
    source = map_feed.source(
        collection, model.info.preprocessing, shown.photos, found.exemplars.thumbnails[shown.photos]
    )
    way = "UMAP" if shown.shares is None else "its first two principal components"
    photo_map(
        points,
        source,
        legend_of(labels, highlight),
        OTHERS,
        about=f"{model.info.id} {source.photo} {MAP_LAYER.value} {way}",
        alt=f"Map of {len(shown.photos):,} photos by {MAP_LAYER.value}, {way}; colours are classes",
        key="collection_map",
        highlight=highlight,
        selected=request.photos.index(photo) if photo in request.photos else _picked(collection, photo),
        on_pick=callback(lambda number: _pick(request, collection, number)),
        on_highlight=callback(lambda label: STAND_OUT.choose(classes[label] if label >= 0 else "")),
    )


def _pick(request: SearchRequest, collection: Collection, number: int) -> None:
    """Make a photo of the map the one at hand, and remember which of the map it is."""
    choose_photo(request, collection, number)
    st.session_state[_PICKED] = collection.key, number, PHOTO.value


def _picked(collection: Collection, photo: str) -> int:
    """The number of the photo at hand, where it was chosen on this map; else −1."""
    key, number, reference = st.session_state.get(_PICKED, ("", -1, ""))
    return number if (key, reference) == (collection.key, photo) else -1


def _highlighted(labels: np.ndarray, classes: list[str], place: DeltaGenerator) -> int:
    """The label of the class that is to stand out, −1 for none."""
    numbers, counts = np.unique(labels[labels >= 0], return_counts=True)
    by_name = {classes[label]: label for label in numbers[np.argsort(-counts, kind="stable")].tolist()}
    STAND_OUT.among(("", *by_name), "")
    name = STAND_OUT.selectbox(place, format_func=lambda name: name or "none")
    return by_name.get(name, -1)


def _padded(names: tuple[str, ...], count: int) -> list[str]:
    """Names by number, also for classes that have none."""
    return [names[i] if i < len(names) else f"class {i}" for i in range(max(count, len(names)))]


def _unique_names(names: list[str]) -> list[str]:
    """Names, with their number where several classes have one: ImageNet knows two kinds of crane."""
    counts = Counter(names)
    return [name if counts[name] == 1 else f"{name} ({number})" for number, name in enumerate(names)]


def _names(request: SearchRequest, found: Searched, numbers: np.ndarray) -> list[str]:
    """What this visitor calls each photo."""
    if request.photos:
        return [display_name(photos.title(request.photos[number])) for number in numbers.tolist()]
    return [found.collection.names[number] for number in numbers.tolist()]


def _words_of_axes(shown: Projection) -> str:
    assert shown.shares is not None
    first, second = (f"{share:.1%}" for share in shown.shares[:2])
    return f"To the right: principal component 1, {first} of all variance; upwards: 2, {second}."


def _explanation(found: Searched, shown: Projection, layer: str, words: str) -> str:
    seen = found.exemplars
    only = f" Only the first {len(seen.thumbnails):,} are mapped." if len(seen.thumbnails) < seen.total else ""
    skipped = f" {seen.skipped_count:,} could not be read." if seen.skipped_count else ""
    return (
        f"{len(shown.photos):,} photos ({markdown(found.collection.title)}) by {layer}, {_MEANING[layer]}. {words} "
        "Where photos would cover each other, the others are dots: zoom in. A click makes a photo the one at hand."
        f"{only}{skipped}"
    )
