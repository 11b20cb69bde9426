"""What the units page shows: which unit of which layer, and how its pictures are made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from alexnet_viz.settings import Setting, Value
from alexnet_viz.ui.shared import queries
from alexnet_viz.ui.shared.controls import Control, ControlGroup
from alexnet_viz.ui.shared.unit import LAYER, WEIGHTED_LAYERS, chosen_unit, shared_layer, shared_unit
from alexnet_viz.units.choices import EXAGGERATION as EXAGGERATION_SETTING
from alexnet_viz.units.choices import INVERSION_SETTINGS, SETTINGS, Choices, inversion_of

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from alexnet_viz.inspection.model import Model

VIEW = Control(
    Setting(
        "view",
        "choice",
        "unit",
        "View",
        "One unit, as pictures made to drive it or as photos that do; the photo at hand: what each layer still "
        "knows of it, and which photos are near to it; all photos as a map; or a quiz on what units respond to.",
        options={
            "unit": "Pictures",
            "exemplars": "Photos",
            "photo": "Inversion",
            "neighbours": "Neighbours",
            "map": "Map",
            "quiz": "Quiz",
        },
    )
)
EXAGGERATION = Control(EXAGGERATION_SETTING)
DIVERSE = Control(
    Setting(
        "diverse",
        "int",
        1,
        "Pictures",
        "Several pictures of one unit are pushed apart, so that each shows another side of what it responds to.",
        low=1,
        high=6,
    )
)
SHEET = Control(
    Setting(
        "sheet",
        "bool",
        False,
        "All of the layer",
        "A small picture of every channel of the layer, made one batch after the other; a click chooses a channel.",
    )
)
_HOW = ControlGroup("optimise", "optimise", tuple(setting for setting in SETTINGS.values() if not setting.optional))
_HOW_OF_PHOTO = ControlGroup("invert", "invert", tuple(INVERSION_SETTINGS.values()))


def chosen_view() -> str:
    """A unit's optimised pictures, photos that drive it; what is left of the photo, photos near to it, all photos as a
    map; or the quiz."""
    return VIEW.segmented_control(label_visibility="collapsed")


def choices_row(columns: int | Sequence[int]) -> Sequence[DeltaGenerator]:
    """Places for a view's choices beside each other."""
    return st.container(key="choices").columns(columns, vertical_alignment="bottom")


def chosen_layer(place: DeltaGenerator) -> str:
    """The layer, shared with the other pages: where they are at relu3, here is conv3."""
    shared_layer(WEIGHTED_LAYERS)
    return LAYER.selectbox(place, help="The layers whose units are sums: convolutions and fully connected layers.")


def chosen_unit_of(model: Model, layer: str, place: DeltaGenerator) -> int:
    """The channel or unit, for fc8 by the name of its class; at first the one with the largest weights."""
    norms = queries.filter_summary(model, layer).norms
    shared_unit(len(norms), int(norms.argmax()))
    with place:
        return chosen_unit(layer.startswith("conv"), model.info.categories if layer == "fc8" else None)


def chosen_choices() -> Choices:
    """How a picture is optimised; the settings open on request."""
    return Choices.of(_drawn(_HOW))


def chosen_inversion() -> tuple[str, Choices]:
    """How far what a layer sees in the photo is exaggerated, and how those pictures are made."""
    slider, how = choices_row([3, 1])
    exaggeration = EXAGGERATION.select_slider(slider)
    with how:
        return inversion_of({EXAGGERATION.key: exaggeration, **_drawn(_HOW_OF_PHOTO)})


def _drawn(how: ControlGroup) -> dict[str, Value]:
    values = how.values()
    with st.popover("How it is made", icon=":material/tune:", width="stretch", help="Steps, seed, regularisers."):
        for setting in how.settings:
            how.draw(setting)
    return values


def shows_layer(layer: str, place: DeltaGenerator) -> bool:
    """Whether the whole layer is asked for; an fc layer's thousands of units would each need a whole photo."""
    return layer.startswith("conv") and SHEET.toggle(place)
