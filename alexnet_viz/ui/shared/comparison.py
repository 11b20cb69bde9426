"""The second choice of a comparison: other weights, or another photo, carried in the address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from alexnet_viz.network import sources
from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared import photos
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.sidebar import Choice, weight_options, weight_title, wrong_with_run
from alexnet_viz.ui.shared.text import markdown

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

NOTHING = "none"
WHAT = {"none": "nothing", "photo": "another photo", "weights": "other weights"}
BESIDE = Control(
    Setting(
        "beside",
        "choice",
        NOTHING,
        "Compare with",
        "A second pass in lockstep, with the difference: another photo, or other weights (before and after a run, "
        "trained and random).",
        options=WHAT,
    )
)
WEIGHTS = Control(
    Setting(
        "beside_weights",
        "text",
        None,
        "Compare with weights",
        "A second set of weights, in lockstep: the same layer, the same unit, the same order.",
    )
)
PHOTO = Control(
    Setting(
        "beside_photo",
        "text",
        None,
        "Compare with photo",
        "In lockstep: the same layer, channel and position. A photo dropped in on the left is here too.",
    )
)


def weights(choice: Choice, model: Model, *, optional: bool) -> Model | None:
    """The network with the other weights, drawn as a choice; None for none. Raises WeightsError.

    Random weights take the variant of the network beside which they stand.
    """
    from alexnet_viz.inspection.model import get

    missing = [] if sources.imagenet_file().is_file() else ["imagenet"]
    options = [option for option in weight_options() if option not in ("file", choice.weights, *missing)]
    if choice.weights.startswith("run:") and not sources.split_run(choice.weights)[1]:
        options.insert(0, choice.weights + sources.START)
    options = [NOTHING] * (optional or not options) + options
    if (now := WEIGHTS.resolve(options[0])) not in options:
        if reason := wrong_with_run(now):
            st.warning(markdown(reason), icon=":material/info:")
        if not reason and now not in (NOTHING, choice.weights):
            options.append(now)  # a run or a file that came with the address
    chosen = WEIGHTS.among(options, options[0])
    WEIGHTS.selectbox(format_func=lambda option: "Nothing" if option == NOTHING else weight_title(option))
    return None if chosen == NOTHING else get(chosen, model.info.spec.variant, choice.device)


def photo(choice: Choice) -> str:
    """The reference of the other photo, drawn as a choice. Raises ImageError for one that is gone."""
    known = photos.all_references()
    now = PHOTO.resolve(next(reference for reference in known if reference != choice.photo))
    if now not in known:
        photos.load(now)
        known.append(now)
    PHOTO.among(known, now)
    return PHOTO.selectbox(format_func=photos.title)
