"""What a unit does to the answer: the classes that it votes for, and the photo's answer without it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.display import number_text
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.progress import CountProgress
from alexnet_viz.ui.shared import jobs, photos, queries
from alexnet_viz.ui.shared.jobs import Task
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.shared.unit import unit_label
from alexnet_viz.ui.units.views import ACTIVATIONS
from alexnet_viz.units.objectives import LAST_HIDDEN

if TYPE_CHECKING:
    from collections.abc import Hashable

    from alexnet_viz.inspection.model import Model
    from alexnet_viz.values import Trace


@dataclass(frozen=True, eq=False)
class Votes:
    """What a unit puts into each class's logit, float32 (classes,), over so many photos."""

    values: np.ndarray
    photos: int


@dataclass(frozen=True)
class VotesRequest:
    """Whose votes, over the photos of which search: the identity of the result."""

    search: Hashable
    layer: str
    unit: int


def votes_task(model: Model, search: Task, layer: str, unit: int) -> Task:
    """The votes by the weights, or over the photos that drive the unit most, once the search has found them."""

    def make(progress: CountProgress) -> Votes:
        from alexnet_viz.units.votes import votes_by_lesion, votes_by_weight

        if layer == LAST_HIDDEN:
            return Votes(votes_by_weight(model, unit), 0)
        found = jobs.made.get(search.key, partial(search.make, progress))
        most = found.exemplars.layers[layer].rankings["most"].photos[unit]
        numbers = most[most >= 0].tolist()
        if not numbers:
            return Votes(np.zeros(len(model.info.categories), np.float32), 0)
        seen = [preprocess(found.collection.read(number), model.info.preprocessing).tensor for number in numbers]
        return Votes(votes_by_lesion(model, layer, unit, np.stack(seen)), len(numbers))

    return Task(VotesRequest(search.key, layer, unit), "What the unit votes for", make)


def effects(model: Model, layer: str, unit: int, photo: str, votes: Votes | None) -> None:
    """The classes that a unit votes for, and beside it what silencing it does to the answer to the photo at hand."""
    left, right = st.columns(2, gap="large")
    with left:
        if votes is not None:
            _votes(model, layer, votes)
    with right:
        _silenced(model, layer, unit, photo)


def _votes(model: Model, layer: str, votes: Votes) -> None:
    from alexnet_viz.units.votes import strongest_votes

    names = model.info.categories
    said = [
        f"{markdown(names[i])} **{number_text(float(votes.values[i]), '+.3g')}**" for i in strongest_votes(votes.values)
    ]
    if layer == LAST_HIDDEN:
        measure = "its weights to fc8"
        how = "So much each 1 of the unit's value, behind its ReLU, adds to the class's logit."
    else:
        measure = f"what logits lose without it, mean of {votes.photos} photos"
        how = (
            "Of the photos that drive it most: the logit as it is, minus the logit with the unit set to 0. Its way to "
            "the logits is not linear, so other photos may give other classes."
        )
    st.markdown(f"**Classes it votes for, and against** ({measure}): {', '.join(said) or 'none'}", help=how)


def _silenced(model: Model, layer: str, unit: int, photo: str) -> None:
    from alexnet_viz.inspection.lesion import Lesion

    before, after = queries.trace(model, photo), queries.lesioned(model, photo, Lesion(layer, (unit,)))
    name = unit_label(before.outputs[layer].ndim == 3).lower()
    st.markdown(
        f"**Without the {name}**, on *{markdown(photos.title(photo))}*: {_changed(model, before, after)}",
        help="The five strongest classes, with the unit and after the arrow without it: a lesion that sets it to 0.",
    )
    place = {"layer": layer, "channel": str(unit), "lesion": "True"}
    lesion = {"lesion_layer": layer, "lesion_channels": str(unit)}
    st.page_link(
        ACTIVATIONS, label="The lesion, layer by layer", icon=":material/blur_on:", query_params=place | lesion
    )


def _changed(model: Model, before: Trace, after: Trace) -> str:
    """The five strongest classes before and after, in words."""
    from alexnet_viz.inspection.predictions import softmax, strongest

    likely = softmax(after.outputs["fc8"])
    words = [
        f"{markdown(one.label)} **{one.probability:.1%} → {likely[one.index]:.1%}**"
        for one in strongest(before.outputs["fc8"], model.info.categories)
    ]
    first, new = before.outputs["fc8"].argmax(), likely.argmax()
    answer = "" if first == new else f". The answer becomes **{markdown(model.info.categories[new])}**"
    return ", ".join(words) + answer
