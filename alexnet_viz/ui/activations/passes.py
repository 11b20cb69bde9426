"""What is shown: the options of the maps, and one forward pass or two beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.ui.activations import lesion
from alexnet_viz.ui.shared import address, comparison, photos, queries
from alexnet_viz.ui.shared.sidebar import Choice
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.shared.unit import seed_layer, seed_unit
from alexnet_viz.values import Trace

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model


SEE = Path(__file__).parents[3] / "pages" / "see"
NETWORK, FILTERS = str(SEE / "network.py"), str(SEE / "filters.py")
ORDERS = {"index": "number", "peak": "peak", "mean": "mean", "sparsity": "sparsity"}
SPANS = {"unit": "each channel", "layer": "the layer", "network": "the network"}
BESIDE = {"none": "nothing", "photo": "another photo", "weights": "other weights", "lesion": "a lesion"}
NO_TOOLBAR = {"displayModeBar": False}


@dataclass(frozen=True, eq=False)
class ShownPass:
    """One forward pass that is shown: the sidebar's photo and weights, or what they are compared with."""

    title: str
    model: Model
    photo: str
    trace: Trace

    def output(self, layer: str) -> np.ndarray | None:
        """A layer's output; ``softmax`` is the probabilities. None where the network has no such layer."""
        if layer == "softmax":
            from alexnet_viz.inspection.predictions import softmax

            return softmax(self.trace.outputs["fc8"]).astype(np.float32)
        return self.trace.outputs.get(layer)


@dataclass(frozen=True)
class MapOptions:
    """How a layer's maps are shown: the layer, the order of its channels, and how far the colour scale reaches."""

    layer: str
    by: str
    span: str


def chosen_options(model: Model) -> tuple[MapOptions, str]:
    """The row of controls above the maps: how they are shown, and what they are compared with."""
    layers = [*(one.name for one in queries.plan(model.info.spec, 1).layers), "softmax"]
    seed_layer(layers)
    address.seed("sort", "index", allowed=ORDERS)
    address.seed("range", "unit", allowed=SPANS)  # a sparse layer on one scale is a dark wall
    address.seed("beside", "none", allowed=BESIDE)
    columns = st.columns(4)
    kept = {"persist_state": "session"}
    columns[0].selectbox("Layer", layers, key="layer", help="In the order of the forward pass.", **kept)
    columns[1].selectbox(
        "Sorted by",
        ORDERS,
        key="sort",
        format_func=ORDERS.get,
        help="Largest peak or mean first; sparsest: fewest active values first.",
        **kept,
    )
    columns[2].selectbox(
        "Colours reach to the peak of",
        SPANS,
        key="range",
        format_func=SPANS.get,
        help="Each channel on its own scale, or one scale for the layer or the whole network: then "
        "strengths can be compared.",
        **kept,
    )
    columns[3].selectbox(
        "Beside it",
        BESIDE,
        key="beside",
        format_func=BESIDE.get,
        help="A second pass in lockstep, with the difference: another photo, other weights, or this "
        "network with some channels silenced.",
        **kept,
    )
    state = st.session_state
    for key in ("layer", "sort", "range", "beside"):
        address.show(key, state[key])
    return MapOptions(state.layer, state.sort, state.range), state.beside


def shown_passes(choice: Choice, model: Model, options: MapOptions, compared_with: str) -> list[ShownPass]:
    """The pass that is looked at, and the one beside it, with the controls that this takes."""
    here = queries.trace(model, choice.photo)
    first = ShownPass(photos.title(choice.photo), model, choice.photo, here)
    output = first.output(options.layer)
    seed_unit(len(output), int(output.reshape(len(output), -1).max(1).argmax()))  # at first the highest peak
    if compared_with == "photo":
        other = comparison.photo(choice)
        return [first, ShownPass(photos.title(other), model, other, queries.trace(model, other))]
    if compared_with == "weights":
        if (second := comparison.weights(choice, model, optional=False)) is None:
            st.info("There are no other weights on this machine: train a run, or name a checkpoint in the sidebar.")
            return [first]
        first = ShownPass(model.info.title, model, choice.photo, here)
        return [first, ShownPass(second.info.title, second, choice.photo, queries.trace(second, choice.photo))]
    if compared_with == "lesion":
        cut = lesion.chosen(model, here, options.layer)
        if cut is None:
            return [first]
        first = ShownPass("As it is", model, choice.photo, here)
        return [first, ShownPass("With the lesion", model, choice.photo, queries.lesioned(model, choice.photo, cut))]
    return [first]


def outputs_at(passes: list[ShownPass], layer: str) -> tuple[list[np.ndarray], bool]:
    """The passes' outputs at a layer, and whether they can be compared value by value; a missing one says so."""
    outputs = [shown.output(layer) for shown in passes]
    if outputs[-1] is None:
        st.info(f"{markdown(passes[-1].title)} has no layer {layer}.")
        passes.pop()
        outputs.pop()
    return outputs, len({one.shape for one in outputs}) == 1


def scale_peaks(
    passes: list[ShownPass], outputs: list[np.ndarray], options: MapOptions, alike: bool
) -> np.ndarray | float:
    """How far the colours reach, the same for both passes."""
    from alexnet_viz.inspection.activations import peaks

    found = [peaks(shown.trace, one, options.span) for shown, one in zip(passes, outputs, strict=True)]
    if options.layer == "softmax" and options.span == "network":
        return 1.0
    if np.ndim(found[0]) == 0:
        return max(found)
    return np.maximum.reduce(found) if alike else found[0]


def unit_names(shown: ShownPass, layer: str) -> list[str] | None:
    return list(shown.model.info.categories) if layer in ("fc8", "softmax") else None


def short_number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−") if value else "0"
