"""A unit and its photos: which of a collection drive it most and least, and what that says of the unit."""

from __future__ import annotations

import io
from collections import Counter, OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image

from alexnet_viz import permissions
from alexnet_viz.components.tile_grid import Sheet, tile_grid
from alexnet_viz.display import number_text
from alexnet_viz.errors import UserError
from alexnet_viz.figures.units import patch_tiles
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.network.sources import split_run
from alexnet_viz.progress import CountProgress
from alexnet_viz.settings import Setting
from alexnet_viz.training.runs import read_run, run_named
from alexnet_viz.ui.shared import jobs, photos
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.job_progress import gather, problems
from alexnet_viz.ui.shared.jobs import Task
from alexnet_viz.ui.shared.sidebar import PHOTO
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.shared.unit import unit_label
from alexnet_viz.ui.units.effects import Votes, effects, votes_task
from alexnet_viz.ui.units.forming import newest
from alexnet_viz.ui.units.views import picture_task, shown_picture, value_name
from alexnet_viz.units.choices import Choices
from alexnet_viz.units.collection import RUN, Collection, last_change, named, of_photos
from alexnet_viz.units.objectives import CLASSES, LAST_HIDDEN
from alexnet_viz.units.objectives import unit as unit_of
from alexnet_viz.units.selectivity import class_selectivity, similarity
from alexnet_viz.values import Exemplars, Patch

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from alexnet_viz.inspection.model import Model

COLLECTION = Control(
    Setting(
        "collection",
        "choice",
        None,
        "Photos to look through",
        "Each photo is passed through the network once; for every unit those with its largest and its smallest values "
        "are kept. Photos at hand: the samples and what you dropped in. The run's: its validation photos.",
        options={"photos": "photos at hand", "run": "the run's", "folder": "a folder or .zip"},
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
        options={"most": "largest value", "least": "smallest value", "relevant": "relevance"},
    )
)
MASK = Control(
    Setting(
        "mask",
        "bool",
        False,
        "Mask",
        "What did not drive the unit is dimmed: bright are the fewest pixels of a patch that hold 80 % of gradient × "
        "input.",
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
    changed: int = 0  # tells a folder that has changed, or a run made anew, from the one before


@dataclass(frozen=True, eq=False)
class Searched:
    """A collection with what was found in it so far."""

    collection: Collection
    exemplars: Exemplars


_partial: OrderedDict[Hashable, Searched] = OrderedDict()
_patches: LRUCache[list[Patch]] = LRUCache(
    64 << 20, lambda made: sum(patch.pixels.nbytes + patch.mask.nbytes for patch in made)
)


def chosen_search(model: Model, place: DeltaGenerator) -> SearchRequest | None:
    """Which photos are looked through; None while a folder is still to be named."""
    run = RUN + split_run(model.info.choice)[0] if model.info.choice.startswith(RUN) else ""
    offered = ["photos", *["run"] * bool(run), *["folder"] * (permissions.current().roots != ())]
    which = COLLECTION.among(offered, "run" if run else "photos")
    COLLECTION.selectbox(place)
    identity = model.info.id, model.device.name
    if which == "photos":
        return SearchRequest(*identity, which, tuple(photos.all_references()))
    if which == "run":
        return SearchRequest(*identity, run, changed=int(read_run(run_named(run.removeprefix(RUN))).created))
    folder = FOLDER.text_input(placeholder="/path/on/this/machine").strip()
    if not folder:
        st.info("Name a folder of photos, or a .zip, on the machine that runs the app.", icon=":material/folder_open:")
        return None
    return SearchRequest(*identity, folder, changed=last_change(folder))


def search_task(model: Model, request: SearchRequest) -> Task:
    """The search in the background; what it had seen when it was stopped is gone on with."""

    def make(progress: CountProgress) -> Searched:
        from alexnet_viz.units.exemplar_store import BY_PHOTO, collect

        collection = _opened(request, progress)
        begun = _partial.get(request)

        def watch(seen: Exemplars) -> None:
            # Of a folder the disk has the vectors too, and two hundred megabytes need not be held twice.
            if collection.place:
                seen = replace(seen, **{name: getattr(seen, name)[:0].copy() for name in BY_PHOTO})
            _partial[request] = Searched(collection, seen)
            _partial.move_to_end(request)
            while len(_partial) > _PARTIAL:
                _partial.popitem(last=False)
            progress(seen.done, seen.total)

        from_here = begun.exemplars if begun and not collection.place else None
        result = Searched(collection, collect(model, collection, True, from_here, watch))
        _partial.pop(request, None)
        return result

    return Task(request, "Looking through the photos", make)


def _opened(request: SearchRequest, progress: CountProgress) -> Collection:
    if request.photos:  # whose names are each visitor's own
        return of_photos("the photos at hand", request.photos, request.photos, photos.load)
    return named(request.collection, lambda _: progress(0, 0))


def unit_and_photos(model: Model, layer: str, unit: int, photo: str, request: SearchRequest) -> None:
    """A picture made to drive the unit, beside the photos of a collection that do; what they say of the unit.

    Below it what the unit does to the answers, but for a class, which is one itself.
    """
    picture = picture_task(model, (unit_of(layer, unit),), Choices(), "Optimised picture")
    search = search_task(model, request)
    tasks, slow = [picture, search], [True, True]
    if layer != CLASSES:
        tasks.append(votes_task(model, search, layer, unit))
        slow.append(layer != LAST_HIDDEN)

    def draw() -> None:
        left, right = st.columns([1, 3])
        with left:
            shown_picture("Optimised picture", newest(picture.key), 0, 1)
        found = jobs.made.peek(request) or _partial.get(request)
        if found is not None:
            with right:
                _patch_grid(model, layer, unit, request, found)

    values = gather(tasks, slow, draw)
    if all(value is not None for value in values):
        draw()
    problems(values)
    if layer != CLASSES:
        effects(model, layer, unit, photo, values[2] if isinstance(values[2], Votes) else None)


def _patch_grid(model: Model, layer: str, unit: int, request: SearchRequest, found: Searched) -> None:
    """What the unit sees of the photos that come first, with its value there; a click makes one the photo at hand."""
    ranking, kind = found.exemplars.layers[layer].rankings[RANKING.value], RANKING.value
    shown = ranking.photos[unit] >= 0
    if not shown.any():
        st.caption("None of the photos looked at so far can be read, or the unit has no value on them.")
        return
    numbers, cells = ranking.photos[unit][shown], ranking.cells[unit][shown]
    try:
        made = patches_of(model, found.collection, layer, unit, numbers.tolist(), cells.tolist())
    except UserError as error:
        problems([str(error)])
        return
    title = f"What {unit_label(layer.startswith('conv')).lower()} {unit} of {layer} sees of {len(made)} photos"
    tile_grid(
        [Sheet(patch_tiles(made, MASK.value), f"{title}, by {RANKING.setting.title(kind)}")],
        np.arange(len(made)),
        key=f"exemplars_{kind}",
        noun="photo",
        facts={"relevance" if kind == "relevant" else value_name(layer): ranking.values[unit][shown]},
        names=[photo_name(request, found.collection, number) for number in numbers.tolist()],
        on_pick=callback(lambda tile: choose_photo(request, found.collection, int(numbers[tile])), whole_page=True),
        smooth=True,
        largest=150,
    )
    st.caption(markdown(_explanation(model, layer, found, numbers)))
    st.caption(markdown(_measures(found, layer, unit, ranking.photos[unit][shown])))


def choose_photo(request: SearchRequest, collection: Collection, number: int) -> None:
    """Make a photo of the collection the one at hand; one of a folder or a run comes onto the visit's roll."""
    if request.photos:
        PHOTO.choose(request.photos[number])
        return
    photo, buffer = collection.read(number), io.BytesIO()
    Image.fromarray(photo.pixels).save(buffer, "PNG")
    PHOTO.choose(photos.add(buffer.getvalue(), photo.name))


def patches_of(
    model: Model, collection: Collection, layer: str, unit: int, numbers: list[int], cells: list[int]
) -> list[Patch]:
    """What a unit sees of photos of the collection, at cells of its layer's map. Raises UserError, OSError."""
    from alexnet_viz.units.patches import patches

    key = (model.info.id, collection.key, layer, unit, tuple(numbers), tuple(cells))
    return _patches.get(key, lambda: patches(model, collection, layer, unit, numbers, cells))


def photo_name(request: SearchRequest, collection: Collection, number: int) -> str:
    """What this visitor calls a photo, and its class in the collection where that does not say it."""
    if request.photos:
        return photos.title(request.photos[number])
    label, name = collection.class_of(number), collection.names[number]
    return f"{name} ({label})" if label and label not in name else name


def _measures(found: Searched, layer: str, unit: int, numbers: np.ndarray) -> str:
    """How selective the unit is by class, and how alike its photos are, where that is known."""
    words = []
    if selectivity := class_selectivity(found.exemplars, layer, unit):
        names = found.collection.class_names
        classes = ", ".join(f"{names[label]} {number_text(mean)}" for label, mean in selectivity.strongest)
        words.append(
            f"Classes with the largest mean activation: {classes}. Class selectivity {selectivity.index:.2f}; 1 is a "
            "unit that answers to one class alone (Morcos et al. 2018)."
        )
    vectors = found.exemplars.fc7
    alike = similarity(vectors[numbers[numbers < len(vectors)]])
    if alike is not None:
        words.append(
            f"Mean cosine between these photos' fc7 vectors: {alike:.2f}; 1 where all point the same way (after "
            "Pach et al. 2025)."
        )
    return " ".join(words)


def _explanation(model: Model, layer: str, found: Searched, numbers: np.ndarray) -> str:
    """What was looked through, what a patch is, and what the network calls the photos shown."""
    seen, names = found.exemplars, model.info.categories
    answers = Counter(names[i] if i < len(names) else f"class {i}" for i in seen.answers[numbers].tolist())
    called = ", ".join(f"{name} ×{count}" if count > 1 else name for name, count in answers.most_common())
    patch = " Each patch is what the unit sees, where it has that value." if layer.startswith("conv") else ""
    skipped = f" {seen.skipped_count:,} could not be read: {seen.skipped[0]}" if seen.skipped_count else ""
    return (
        f"{seen.done:,} of {seen.total:,} photos looked at: {found.collection.title}.{patch} The network calls these "
        f"photos: {called}. A click makes one the photo at hand.{skipped}"
    )
