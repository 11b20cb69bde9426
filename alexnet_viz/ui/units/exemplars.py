"""A unit and its photos: which of a collection drive it most and least, and what that says of the unit."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.components.tile_grid import Sheet, tile_grid
from alexnet_viz.display import number_text
from alexnet_viz.errors import UserError
from alexnet_viz.figures.units import patch_tiles
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.progress import CountProgress
from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared import jobs, photos
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.jobs import Task
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.units.collection import RUN, Collection, named, of_photos
from alexnet_viz.values import Exemplars, Patch

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

COLLECTION = Control(
    Setting(
        "collection",
        "choice",
        None,
        "Photos to look through",
        "Each is passed through the network once, and for every unit the photos that drive it most are kept.",
        options={"photos": "samples and your photos", "run": "what the run validates on", "folder": "a folder or .zip"},
    )
)
FOLDER = Control(Setting("folder", "text", "", "Folder or .zip", "On the machine that runs the app."))
RANKING = Control(
    Setting(
        "ranking",
        "choice",
        "most",
        "Ranked by",
        "The largest or the smallest value that the unit has anywhere on a photo, before its ReLU; or its relevance: "
        "the sum over its map of activation × gradient of the logit of the photo's class, as the network sees it "
        "(Achtibat et al. 2023).",
        options={"most": "drives it up", "least": "drives it down", "relevant": "relevance for the class"},
    )
)
MASK = Control(
    Setting(
        "mask",
        "bool",
        False,
        "Only what drove it",
        "The rest of each patch is dimmed: bright are the fewest pixels that hold 80 % of gradient × input.",
    )
)
_PARTIAL = 8  # searches that were stopped, of which what they had seen is kept


@dataclass(frozen=True)
class SearchRequest:
    """Which collection is looked through with which weights: the identity of the result."""

    weights: str
    device: str
    collection: str
    photos: tuple[str, ...] = ()
    changed: int = 0  # when the folder itself last changed, in ns


@dataclass(frozen=True, eq=False)
class Searched:
    """A collection with what was found in it so far."""

    collection: Collection
    exemplars: Exemplars


_partial: OrderedDict[Hashable, Searched] = OrderedDict()
_patches: LRUCache[list[Patch]] = LRUCache(256)


def chosen_collection(model: Model) -> SearchRequest | None:
    """Which photos are looked through; None while a folder is still to be named."""
    run = model.info.choice.partition("@")[0] if model.info.choice.startswith(RUN) else ""
    options = ["photos", *(["run"] if run else []), "folder"]
    which = COLLECTION.among(options, "run" if run else "photos")
    left, right = st.columns(2)
    COLLECTION.selectbox(left)
    identity = model.info.id, model.device.name
    if which == "photos":
        return SearchRequest(*identity, which, tuple(photos.all_references()))
    if which == "run":
        return SearchRequest(*identity, run)
    place = FOLDER.text_input(right, placeholder="/path/on/this/machine").strip()
    if not place:
        right.caption("Name a folder of photos, or a .zip, on the machine that runs the app.")
        return None
    return SearchRequest(*identity, place, changed=_changed(place))


def _changed(place: str) -> int:
    try:
        return os.stat(Path(place).expanduser()).st_mtime_ns
    except (OSError, ValueError, RuntimeError):
        return 0  # listing it says what is wrong


def search_task(model: Model, request: SearchRequest) -> Task:
    """The search in the background; what it had seen when it was stopped is gone on with."""

    def make(progress: CountProgress) -> Searched:
        from alexnet_viz.units.exemplar_store import collect

        collection = _opened(request, progress)
        begun = _partial.get(request)

        def watch(seen: Exemplars) -> None:
            # Of a folder the disk has the vectors too, and a hundred megabytes need not be held twice.
            kept = replace(seen, fc7=seen.fc7[:0]) if collection.place else seen
            _partial[request] = Searched(collection, kept)
            while len(_partial) > _PARTIAL:
                _partial.popitem(last=False)
            progress(seen.done, seen.total)

        from_here = begun.exemplars if begun and not collection.place else None
        result = Searched(collection, collect(model, collection, True, from_here, watch))
        _partial.pop(request, None)
        return result

    return Task(request, "Looking through the photos", make)


def _opened(request: SearchRequest, progress: CountProgress) -> Collection:
    if request.photos:
        names = [photos.title(reference) for reference in request.photos]
        return of_photos("samples and your photos", request.photos, names, photos.load)
    return named(request.collection, lambda _: progress(0, 0))


def searched(request: SearchRequest) -> Searched | None:
    """What was found: all of it, else what there is so far."""
    return jobs.made.peek(request) or _partial.get(request)


def exemplar_patches(model: Model, layer: str, unit: int, found: Searched | None) -> None:
    """The patches of the photos that come first, with the unit's value on each; a click makes one the photo."""
    if found is None:
        st.caption("No photo looked at yet.")
        return
    ranking = found.exemplars.layers[layer].rankings[RANKING.value]
    shown = [i for i, photo in enumerate(ranking.photos[unit]) if photo >= 0]
    numbers, cells = ranking.photos[unit][shown], ranking.cells[unit][shown]
    try:
        made = _made(model, found.collection, layer, unit, numbers, cells)
    except (UserError, OSError) as error:
        st.error(f"These photos can no longer be read: {markdown(str(error))}", icon=":material/info:")
        return
    names = [_name(found, int(number)) for number in numbers]
    title = RANKING.setting.title(RANKING.value)
    tile_grid(
        [Sheet(patch_tiles(made, MASK.value), f"What unit {unit} of {layer} sees of {len(made)} photos: {title}")],
        np.arange(len(made)),
        key=f"exemplars_{RANKING.value}",
        noun="photo",
        facts={"relevance" if RANKING.value == "relevant" else "value before ReLU": ranking.values[unit][shown]},
        names=names,
        smooth=True,
        largest=150,
    )
    _caption(model, layer, found, numbers)


def _made(
    model: Model, collection: Collection, layer: str, unit: int, numbers: np.ndarray, cells: np.ndarray
) -> list[Patch]:
    from alexnet_viz.units.patches import patches

    key = (model.info.id, collection.key, layer, unit, tuple(numbers.tolist()), tuple(cells.tolist()))
    return _patches.get(key, lambda: patches(model, collection, layer, unit, numbers.tolist(), cells.tolist()))


def _name(found: Searched, number: int) -> str:
    label = found.collection.class_of(number)
    name = found.collection.names[number]
    return f"{name} ({label})" if label and label not in name else name


def _caption(model: Model, layer: str, found: Searched, numbers: np.ndarray) -> None:
    """What was looked through, and what the network calls the photos shown."""
    done = found.exemplars
    categories = model.info.categories
    answers = [categories[answer] if answer < len(categories) else f"class {answer}" for answer in done.answers[numbers]]
    counts = {name: answers.count(name) for name in dict.fromkeys(answers)}
    called = ", ".join(f"{name} ×{count}" if count > 1 else name for name, count in counts.items())
    sees = "" if layer.startswith("fc") else " Each patch is what the unit sees of the photo, at the place of that value."
    skipped = f" {done.skipped_count:,} could not be read: {done.skipped[0]}" if done.skipped_count else ""
    st.caption(
        markdown(
            f"{done.done:,} of {done.total:,} photos looked at ({found.collection.title}).{sees} The network calls "
            f"these photos: {called}.{skipped}"
        )
    )
