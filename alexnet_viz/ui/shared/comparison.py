"""The second choice of a comparison: other weights, or another photo, carried in the address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from alexnet_viz.network import sources
from alexnet_viz.ui.shared import address, photos
from alexnet_viz.ui.shared.sidebar import Choice, weight_options, weight_title, wrong_with_run
from alexnet_viz.ui.shared.text import markdown

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

NOTHING = "none"


def weights(choice: Choice, model: Model, *, optional: bool) -> Model | None:
    """The network with the other weights, drawn as a choice; None for none. Raises WeightsError.

    Random weights take the variant of the network beside which they stand.
    """
    from alexnet_viz.inspection.model import get

    missing = [] if sources.imagenet_file().is_file() else ["imagenet"]
    options = [one for one in weight_options() if one not in ("file", choice.weights, *missing)]
    if choice.weights.startswith("run:") and not choice.weights.endswith(sources.START):
        options.insert(0, choice.weights + sources.START)
    options = [NOTHING] * (optional or not options) + options
    address.seed("beside_weights", options[0])
    if (now := st.session_state.beside_weights) not in options:
        if reason := wrong_with_run(now):
            st.warning(markdown(reason), icon=":material/info:")
        if reason or now in (NOTHING, choice.weights):
            st.session_state.beside_weights = options[0]
        else:
            options.append(now)  # a run or a file that came with the address
    chosen = st.selectbox(
        "Beside these weights",
        options,
        key="beside_weights",
        persist_state="session",
        format_func=lambda one: "Nothing" if one == NOTHING else weight_title(one),
        help="A second set of weights, in lockstep: the same layer, the same unit, the same order.",
    )
    address.show("beside_weights", chosen)
    return None if chosen == NOTHING else get(chosen, model.info.spec.variant, choice.device)


def photo(choice: Choice) -> str:
    """The reference of the other photo, drawn as a choice. Raises ImageError for one that is gone."""
    there = photos.all_references()
    address.seed("beside_photo", next(one for one in there if one != choice.photo))
    if st.session_state.beside_photo not in there:
        photos.load(st.session_state.beside_photo)
        there.append(st.session_state.beside_photo)
    chosen = st.selectbox(
        "Beside this photo",
        there,
        key="beside_photo",
        persist_state="session",
        format_func=photos.title,
        help="In lockstep: the same layer, channel and position. A photo dropped in on the left is here too.",
    )
    address.show("beside_photo", chosen)
    return chosen
