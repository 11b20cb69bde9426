"""Maps side by side: several methods, classes or photos, two sets of weights; and how far the methods agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.attribution.targets import CLASSES, Target, counterpart
from alexnet_viz.figures.attribution import MapStyle, Panel
from alexnet_viz.figures.faithfulness import matrix
from alexnet_viz.settings import Setting
from alexnet_viz.ui.attribution.choices import MapRequest, MethodChoice, beside_method, several
from alexnet_viz.ui.attribution.randomisation import randomised_layers
from alexnet_viz.ui.attribution.single_map import first_name, row, short
from alexnet_viz.ui.shared import comparison, photos, queries
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.sidebar import Choice, theme
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.values import Classification

if TYPE_CHECKING:
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
SAME_CLASS = Control(
    Setting(
        "why_same",
        "bool",
        False,
        "The same class for all",
        "Off: each photo's map explains the network's own answer to it.",
    )
)


def compare(choice: Choice, model: Model, answer: Classification, question: MethodChoice, look: MapStyle) -> None:
    """One thing differs from map to map, all else is the same."""
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    kind, together = KIND.segmented_control(left), ONE_SCALE.toggle(right)
    match kind:
        case "cascade":
            return randomised_layers(model, question, choice.photo, look, together)
        case "methods":
            asked, titles = _methods(model, question, choice.photo)
        case "classes":
            asked, titles = _classes(model, answer, question, choice.photo)
        case "photos":
            asked, titles = _photos(model, question, choice.photo)
        case _:
            asked, titles = _weights(choice, model, question)
    shown = row(
        asked,
        titles,
        look,
        f"why-{kind}",
        height=300,
        together=len(asked) if together else 0,
        linked=kind != "photos",
        pick=kind in ("methods", "classes"),
    )
    if kind != "photos" and len(shown) > 1:
        _agreement(model, [one for *_, one in shown])


def _methods(model: Model, question: MethodChoice, photo: str) -> tuple[list[tuple[Model, MapRequest]], list[str]]:
    methods = beside_method(question, "why_methods", 3)
    return [question.wish(model, photo, method=one) for one in methods], [one.title for one in methods]


def _classes(
    model: Model, answer: Classification, question: MethodChoice, photo: str
) -> tuple[list[tuple[Model, MapRequest]], list[str]]:
    names = model.info.categories
    order = [str(index) for index in np.argsort(-answer.logits, kind="stable")]
    own = [str(question.target.index)] if question.target.layer == CLASSES else []
    chances = {p.index: p.probability for p in queries.strongest(answer, model, len(names))}

    def words(index: str) -> str:
        return f"{first_name(names[int(index)])} {chances[int(index)]:.1%}"

    picked = several(
        "Classes",
        "why_classes",
        order,
        list(dict.fromkeys([*own, *order]))[:3],
        words,
        "Up to eight, the likeliest first. A method whose map does not change from class to class does "
        "not explain the class.",
    )
    asked = [question.wish(model, photo, target=Target.of_class(int(index))) for index in picked]
    return asked, [words(index) for index in picked]


def _photos(model: Model, question: MethodChoice, photo: str) -> tuple[list[tuple[Model, MapRequest]], list[str]]:
    there = photos.all_references()
    there = there if photo in there else [photo, *there]
    first = [photo, *(one for one in photos.own() or there if one != photo)]
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        picked = several("Photos", "why_photos", there, first[:4], photos.title, "Up to eight, yours and the samples.")
    same = SAME_CLASS.toggle(right)
    asked, titles = [], []
    for one in picked:
        best = queries.answer(model, one).predictions[0]
        target = question.target if same or question.target.layer != CLASSES else Target.of_class(best.index)
        asked.append(question.wish(model, one, target=target))
        titles.append(f"{photos.title(one)}: {short(model, target)}")
    return asked, titles


def _weights(choice: Choice, model: Model, question: MethodChoice) -> tuple[list[tuple[Model, MapRequest]], list[str]]:
    other = comparison.weights(choice, model, optional=False)
    if other is None:
        st.info("There are no other weights on this machine to compare with.")
        return [question.wish(model, choice.photo)], [model.info.title]
    target, unknown = counterpart(question.target, model.info.categories, other.info.categories)
    if unknown:
        named = " and ".join(f"“{first_name(one)}”" for one in unknown)
        instead = f"“{short(other, target)}” alone" if target else "its own answer"
        words = f"{other.info.title} does not know {named}: its map explains {instead}."
        st.info(markdown(words), icon=":material/info:")
    target = target or Target.of_class(queries.answer(other, choice.photo).predictions[0].index)
    st.caption(
        "The same photo, method and layer before two networks. A map that looks the same for untrained weights shows "
        "the photo and the architecture, not what was learned."
    )
    asked = [question.wish(model, choice.photo), question.wish(other, choice.photo, target=target)]
    return asked, [f"{one.info.title}: {short(one, wish.target)}" for one, wish in asked]


def _agreement(model: Model, panels: Sequence[Panel]) -> None:
    """Whether the maps shown say the same, as numbers."""
    from alexnet_viz.attribution.faithfulness import agreement, on_input

    st.subheader("Do they agree?", anchor=False)
    size = model.info.preprocessing.crop
    correlation, overlap = agreement([on_input(one.values, size, one.placement) for one in panels], size)
    names = [one.title if len(one.title) < 26 else one.title[:24] + "…" for one in panels]
    left, right = st.columns(2, gap="large")
    quiet = {"displayModeBar": False}
    left.markdown("**Rank correlation** (Spearman): 1 the same order of pixels, 0 none, −1 the reverse.")
    left.plotly_chart(
        matrix(names, correlation, True, theme()),
        key="why-spearman",
        config=quiet,
        alt=f"Spearman correlation of {len(names)} maps with each other",
    )
    right.markdown("**Overlap of the strongest tenth** (intersection over union): by chance 0.05.")
    right.plotly_chart(
        matrix(names, overlap, False, theme()),
        key="why-iou",
        config=quiet,
        alt=f"Overlap of the strongest tenth of {len(names)} maps with each other",
    )
    st.caption(
        "Of the maps as shown (after “Which part”), brought to the input's pixels. Agreement is no proof: maps "
        "that all follow the photo's edges agree, whatever the network does."
    )
