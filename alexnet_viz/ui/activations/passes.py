"""What is shown: the options of the maps, and one forward pass or two beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.display import number_text
from alexnet_viz.settings import Setting
from alexnet_viz.ui.activations import lesion
from alexnet_viz.ui.shared import comparison, photos, queries
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.sidebar import Choice
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.shared.unit import LAYER, SCALE, SMOOTH, shared_layer, shared_unit
from alexnet_viz.values import Trace

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model


SEE = Path(__file__).parents[3] / "pages" / "see"
NETWORK, FILTERS, UNITS = (str(SEE / f"{page}.py") for page in ("network", "filters", "units"))
SORT = Control(
    Setting(
        "sort",
        "choice",
        "index",
        "Sorted by",
        "Largest peak or mean first; sparsest: fewest active values first.",
        options={"index": "number", "peak": "peak", "mean": "mean", "sparsity": "sparsity"},
    )
)


@dataclass(frozen=True, eq=False)
class ShownPass:
    """One forward pass that is shown: the sidebar's photo and weights, or what they are compared with."""

    title: str
    model: Model
    photo: str
    trace: Trace

    def has(self, layer: str) -> bool:
        """Whether the network has such a layer; all have ``softmax``."""
        return layer == "softmax" or layer in self.trace.outputs

    def output(self, layer: str) -> np.ndarray:
        """A layer's output; ``softmax`` is the probabilities."""
        if layer == "softmax":
            from alexnet_viz.inspection.predictions import softmax

            return softmax(self.trace.outputs["fc8"]).astype(np.float32)
        return self.trace.outputs[layer]


@dataclass(frozen=True)
class MapOptions:
    """How a layer's maps are shown: the layer, the order of its channels, and how far the colour scale reaches."""

    layer: str
    by: str
    span: str


def chosen_options(model: Model) -> tuple[MapOptions, str]:
    """The row of controls above the maps: how they are shown, and what they are compared with ("lesion" for itself)."""
    layers = [*(layer.name for layer in queries.plan(model.info.spec, 1).layers), "softmax"]
    shared_layer(layers)
    beside = comparison.BESIDE.among(tuple(comparison.WHAT), comparison.NOTHING)
    columns = st.container(key="choices").columns([1, 1, 1.1, 1, 1.2], vertical_alignment="bottom")
    options = MapOptions(LAYER.selectbox(columns[0]), SORT.selectbox(columns[1]), SCALE.selectbox(columns[2]))
    comparison.BESIDE.selectbox(
        columns[3],
        disabled=lesion.LESION.value,
        help="A second pass in lockstep, with the difference: another photo, or other weights. A lesion is compared "
        "with the network as it is.",
    )
    with columns[4]:
        SMOOTH.toggle()
        cut = lesion.LESION.toggle()
    return options, "lesion" if cut else beside


def shown_passes(choice: Choice, model: Model, options: MapOptions, compared_with: str) -> list[ShownPass]:
    """The pass that is looked at, and the one beside it, with the controls that this takes."""
    here = queries.trace(model, choice.photo)
    first = ShownPass(photos.title(choice.photo), model, choice.photo, here)
    output = first.output(options.layer)
    shared_unit(len(output), int(output.reshape(len(output), -1).max(1).argmax()))  # at first the highest peak
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
    if not passes[-1].has(layer):
        st.info(f"{markdown(passes[-1].title)} has no layer {layer}.")
        passes.pop()
    outputs = [shown.output(layer) for shown in passes]
    return outputs, len({output.shape for output in outputs}) == 1


def scale_peaks(
    passes: list[ShownPass], outputs: list[np.ndarray], options: MapOptions, alike: bool
) -> np.ndarray | float:
    """How far the colours reach, the same for both passes."""
    from alexnet_viz.inspection.activations import peaks

    if options.layer == "softmax" and options.span == "network":
        return 1.0
    each = [peaks(shown.trace, output, options.span) for shown, output in zip(passes, outputs, strict=True)]
    if isinstance(each[0], float):
        return float(max(each))
    return np.max(np.stack(each), axis=0) if alike else each[0]


def unit_names(shown: ShownPass, layer: str) -> list[str] | None:
    return list(shown.model.info.categories) if layer in ("fc8", "softmax") else None


def short_number(value: float) -> str:
    return number_text(value, ".3g") if value else "0"
