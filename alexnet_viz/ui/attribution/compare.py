"""Maps side by side: several methods, classes or photos, two sets of weights; and how far the methods agree."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.attribution.targets import CLASSES, Target, counterpart
from alexnet_viz.figures.attribution import MapStyle, Panel
from alexnet_viz.figures.faithfulness import matrix
from alexnet_viz.settings import Setting
from alexnet_viz.ui.attribution.choices import MapRequest, MethodChoice, compared_methods, multiselect
from alexnet_viz.ui.attribution.randomisation import randomised_layers
from alexnet_viz.ui.attribution.single_map import first_name, row, short
from alexnet_viz.ui.shared import comparison, photos, queries
from alexnet_viz.ui.shared.charts import plotly_chart
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.sidebar import Choice, theme
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.values import Classification

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from alexnet_viz.inspection.model import Model

KINDS = {
    "methods": "Methods",
    "classes": "Classes",
    "photos": "Photos",
    "weights": "Weights",
    "cascade": "Randomised layers",
}
KIND = Control(
    Setting(
        "why_kind",
        "choice",
        "methods",
        "What differs",
        "Everything else stays as chosen above.",
        options=KINDS,
    )
)
ONE_SCALE = Control(
    Setting(
        "why_scale",
        "bool",
        False,
        "One scale for all",
        "Off: each map ends its colours at its own strongest values, which hides that one may be a hundred times "
        "weaker. Methods have different units.",
    )
)
_IN_A_ROW = 4  # maps; they have their places before the slow ones are made
SAME_CLASS = Control(
    Setting(
        "why_same",
        "bool",
        False,
        "The same class for all",
        "Off: each photo's map explains the network's own answer to it.",
    )
)


def compare(choice: Choice, model: Model, answer: Classification, method_choice: MethodChoice, look: MapStyle) -> None:
    """One thing differs from map to map, all else is the same."""
    with st.container(horizontal=True, vertical_alignment="center"):
        kind = KIND.segmented_control(label_visibility="collapsed")
        which = st.empty() if kind == "cascade" else st.popover(f"Which {kind}")  # folded, so that maps begin high up
        together = ONE_SCALE.toggle()
    match kind:
        case "cascade":
            return randomised_layers(model, method_choice, choice.photo, look, together)
        case "methods":
            asked, titles = _methods(model, method_choice, choice.photo, which)
        case "classes":
            asked, titles = _classes(model, answer, method_choice, choice.photo, which)
        case "photos":
            asked, titles = _photos(model, method_choice, choice.photo, which)
        case _:
            asked, titles = _weights(choice, model, method_choice, which)
    shown = row(
        asked,
        titles,
        look,
        f"why-{kind}",
        columns=f"repeat({len(asked)}, minmax(0, 1fr))" if 1 < len(asked) <= _IN_A_ROW else "",
        height=340,
        together=len(asked) if together else 0,
        linked=kind != "photos",
        pick=kind in ("methods", "classes"),
    )
    if kind != "photos" and len(shown) > 1:
        _agreement(model, [panel for *_, panel in shown])


def _methods(
    model: Model, method_choice: MethodChoice, photo: str, which: DeltaGenerator
) -> tuple[list[tuple[Model, MapRequest]], list[str]]:
    with which:
        methods = compared_methods(method_choice, "why_methods", 3)
    return [method_choice.map_request(model, photo, method=method) for method in methods], [
        method.title for method in methods
    ]


def _classes(
    model: Model, answer: Classification, method_choice: MethodChoice, photo: str, which: DeltaGenerator
) -> tuple[list[tuple[Model, MapRequest]], list[str]]:
    names = model.info.categories
    order = [str(index) for index in np.argsort(-answer.logits, kind="stable")]
    own = [str(method_choice.target.index)] if method_choice.target.layer == CLASSES else []
    chances = {p.index: p.probability for p in queries.strongest(answer, model, len(names))}

    def words(index: str) -> str:
        return f"{first_name(names[int(index)])} {chances[int(index)]:.1%}"

    with which:
        picked = multiselect(
            "Classes",
            "why_classes",
            order,
            list(dict.fromkeys([*own, *order]))[:3],
            words,
            "Up to eight, the likeliest first. A method whose map does not change from class to class does "
            "not explain the class.",
        )
    asked = [method_choice.map_request(model, photo, target=Target.of_class(int(index))) for index in picked]
    return asked, [words(index) for index in picked]


def _photos(
    model: Model, method_choice: MethodChoice, photo: str, which: DeltaGenerator
) -> tuple[list[tuple[Model, MapRequest]], list[str]]:
    references = photos.all_references()
    references = references if photo in references else [photo, *references]
    first = [photo, *(reference for reference in photos.own() or references if reference != photo)]
    with which:
        picked = multiselect(
            "Photos", "why_photos", references, first[:4], photos.title, "Up to eight, yours and the samples."
        )
        same = SAME_CLASS.toggle()
    asked, titles = [], []
    for reference in picked:
        best = queries.answer(model, reference).predictions[0]
        target = method_choice.target if same or method_choice.target.layer != CLASSES else Target.of_class(best.index)
        asked.append(method_choice.map_request(model, reference, target=target))
        titles.append(f"{photos.title(reference)}: {short(model, target)}")
    return asked, titles


def _weights(
    choice: Choice, model: Model, method_choice: MethodChoice, which: DeltaGenerator
) -> tuple[list[tuple[Model, MapRequest]], list[str]]:
    with which:
        other = comparison.weights(choice, model, optional=False)
    if other is None:
        st.info("There are no other weights on this machine to compare with.")
        return [method_choice.map_request(model, choice.photo)], [model.info.title]
    target, unknown = counterpart(method_choice.target, model.info.categories, other.info.categories)
    if unknown:
        named = " and ".join(f"“{first_name(name)}”" for name in unknown)
        instead = f"“{short(other, target)}” alone" if target else "its own answer"
        words = f"{other.info.title} does not know {named}: its map explains {instead}."
        st.info(markdown(words), icon=":material/info:")
    target = target or Target.of_class(queries.answer(other, choice.photo).predictions[0].index)
    st.caption(
        "The same photo, method and layer before two networks. A map that looks the same for untrained weights shows "
        "the photo and the architecture, not what was learned."
    )
    asked = [
        method_choice.map_request(model, choice.photo),
        method_choice.map_request(other, choice.photo, target=target),
    ]
    return asked, [f"{network.info.title}: {short(network, request.target)}" for network, request in asked]


def _agreement(model: Model, panels: Sequence[Panel]) -> None:
    """Whether the maps shown say the same, as numbers."""
    st.subheader("Do they agree?", anchor=False)
    size = model.info.preprocessing.crop
    correlation, overlap = queries.agreement([(panel.values, panel.placement) for panel in panels], size)
    names = [panel.title if len(panel.title) < 26 else panel.title[:24] + "…" for panel in panels]
    left, right = st.columns(2, gap="large")
    left.markdown("**Rank correlation** (Spearman): 1 the same order of pixels, 0 none, −1 the reverse.")
    plotly_chart(
        partial(matrix, names, correlation, True, theme()),
        left,
        key="why-spearman",
        alt=f"Spearman correlation of {len(names)} maps with each other",
    )
    right.markdown("**Overlap of the strongest tenth** (intersection over union): by chance 0.05.")
    plotly_chart(
        partial(matrix, names, overlap, False, theme()),
        right,
        key="why-iou",
        alt=f"Overlap of the strongest tenth of {len(names)} maps with each other",
    )
    st.caption(
        "Of the maps as shown (after “Which part”), brought to the input's pixels. Agreement is no proof: maps "
        "that all follow the photo's edges agree, whatever the network does."
    )
