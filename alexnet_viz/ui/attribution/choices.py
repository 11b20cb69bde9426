"""The controls of the attribution page: method and its settings, target, layer, style of the map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from alexnet_viz.attribution.methods import METHODS, Method
from alexnet_viz.attribution.targets import Target
from alexnet_viz.errors import AttributionError
from alexnet_viz.figures.attribution import COLOUR_MAPS, MapStyle
from alexnet_viz.network.layers import steps
from alexnet_viz.settings import Setting, Value
from alexnet_viz.ui.shared import address, photos, queries
from alexnet_viz.ui.shared import unit as shared_unit
from alexnet_viz.ui.shared.controls import NONE, Control, ControlGroup
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.values import Classification

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from alexnet_viz.inspection.model import Model

VIEWS = {"map": "One map", "compare": "Compare", "test": "Put to the test", "hand": "By hand"}
VIEW = Control(Setting("why_view", "choice", "map", "View", options=VIEWS))
METHOD = Control(
    Setting(
        "why_method",
        "choice",
        "grad-cam",
        "Method",
        "Each answers another question; its card is below the picture.",
        options={key: method.title for key, method in METHODS.items()},
    )
)
PREDICTED, UNIT, ALL = "predicted", "unit", "all"
CLASS = Control(
    Setting(
        "why_class",
        "text",
        None,
        "Why this class?",
        "The class whose logit is explained: the network's answer, or any by name. Logits, not probabilities: after "
        "the softmax a class depends on all others, and a sure answer leaves hardly any gradient.",
    )
)
AGAINST = Control(
    Setting(
        "why_not",
        "text",
        None,
        "And not …",
        "Two classes against each other: what speaks for the first, for the second, and for their difference.",
    )
)
UNIT_LAYER = Control(
    Setting(
        "why_unit_layer", "text", None, "Its layer", "Any layer; layer methods look at one before it, or at itself."
    )
)
UNIT_NUMBER = Control(
    Setting(
        "why_unit",
        "int",
        None,
        "Unit or channel",
        "Of a channel its map's mean is explained, unless a place is named.",
    )
)
PLACE = Control(Setting("why_place", "text", "", "Place (row, column)"))
LAYER = Control(Setting("why_layer", "text", None, "Layer"))
OTHER = Control(Setting("why_other", "text", None, "Baseline photo", "It stands for “nothing there”."))
_CAME_WITH = "_unit_came_with"
MOST = 8  # maps beside each other
FIRST = ("grad-cam", "layer-cam", "saliency", "integrated-gradients")


@dataclass(frozen=True)
class MapRequest:
    """The identity of one map: everything that it depends on."""

    photo: str
    weights: str
    device: str
    method: str
    target: Target
    layer: str | None
    settings: tuple[tuple[str, Value], ...]
    other: str | None


@dataclass(frozen=True)
class MethodChoice:
    """What the row of choices asks: a method with its settings, a target, and where a layer method looks."""

    method: Method
    target: Target
    layer: str | None
    settings: dict[str, Value]
    other: str | None

    def map_request(self, model: Model, photo: str, **changes: Any) -> tuple[Model, MapRequest]:
        """The map that this asks for, of one network and photo; ``changes`` put another method, target or layer in."""
        method = changes.pop("method", self.method)
        settings = self.settings if method is self.method else chosen_settings(method)
        layer = changes.pop("layer", self.layer)
        layer = None if not method.layered else "conv5" if layer in (ALL, None) else layer
        other = self.other or other_photo(photo)
        return model, MapRequest(
            photo,
            model.info.id,
            model.device.name,
            method.key,
            changes.pop("target", self.target),
            layer,
            tuple(sorted(settings.items())),
            other if "photo" in settings.values() else None,
        )


# --- the row of choices ----------------------------------------------------------------------------


def chosen_view() -> str:
    """Which part of the page is shown."""
    return VIEW.segmented_control(label_visibility="collapsed")


def chosen_target(model: Model, answer: Classification) -> tuple[Target, DeltaGenerator]:
    """The class, or two of them, and the place where other views have their method."""
    columns = _row_of_choices()
    return _target(model, answer, columns[1], columns[2]), columns[0]


def chosen_method(model: Model, answer: Classification, photo: str, toolbar: DeltaGenerator) -> MethodChoice:
    """The row of choices: method, class, the class it is held against, layer, and the method's own settings."""
    columns = _row_of_choices()
    method = METHODS[METHOD.selectbox(columns[0])]
    target = _target(model, answer, columns[1], columns[2])
    layer = _layer(model, method, columns[3])
    return MethodChoice(method, target, layer, *_settings(method, photo, toolbar))


def _row_of_choices() -> list[DeltaGenerator]:
    """The same columns in every view, so that nothing jumps from one to another."""
    return st.container(key="choices").columns([5, 5, 5, 3], vertical_alignment="bottom")


def _target(model: Model, answer: Classification, left: DeltaGenerator, right: DeltaGenerator) -> Target:
    order = [str(index) for index in np.argsort(-answer.logits, kind="stable")]
    names = model.info.categories
    shares = {str(p.index): f" {p.probability:.0%}" for p in queries.strongest(answer, model, len(names))}

    def words(option: str) -> str:
        if option == PREDICTED:
            return f"{names[int(order[0])]}{shares[order[0]]} (its answer)"
        return {UNIT: "A unit of a layer …", NONE: "–"}.get(option) or names[int(option)] + shares[option]

    options = [PREDICTED, *order, UNIT]
    if (link := address.peek(CLASS.key)) and link not in options:
        st.info(
            f"The link asks for class {markdown(link)}, which these weights do not have: this is the network's own "
            "answer."
        )
    chosen = CLASS.among(options, PREDICTED)
    _reword(CLASS.key, words)
    CLASS.selectbox(left, format_func=words)
    if chosen == UNIT:
        return _unit(model, right)
    index = int(order[0] if chosen == PREDICTED else chosen)
    others = [NONE, *(option for option in order if int(option) != index)]
    against = AGAINST.among(others, NONE)
    _reword(AGAINST.key, words)
    AGAINST.selectbox(right, format_func=words)
    return Target.of_class(index) if against == NONE else Target.contrast(index, int(against))


def _reword(key: str, words: Callable[[str], str]) -> None:
    """Before a selectbox: it keeps the words that it was drawn with until its value is set, and those may change."""
    state, now = st.session_state, words(st.session_state[key])
    if state.get(f"_{key}_words", now) != now:
        state[key] = state[key]
    state[f"_{key}_words"] = now


def _unit(model: Model, column: DeltaGenerator) -> Target:
    shapes = {step.layer.name: step.output for step in steps(model.info.spec)}
    _take_along(shapes)
    with column.popover("Which unit", width="stretch", icon=":material/blur_on:"):
        layer = UNIT_LAYER.among(list(shapes), "conv5")
        UNIT_LAYER.selectbox()
        unit = UNIT_NUMBER.within(0, shapes[layer][0] - 1, 0)
        UNIT_NUMBER.number_input()
        place = None
        if len(shapes[layer]) == 3:
            side = shapes[layer][1]
            help = f"For one place of the channel's {side} × {side} map, such as 6, 6."
            place = _place(PLACE.text_input(placeholder="all", help=help), side)
    return Target.unit(layer, unit, *(place or (None, None)))


def _take_along(shapes: dict[str, tuple[int, ...]]) -> None:
    """Layer and channel that another page was left with are what is explained here, until another is chosen."""
    came_with = shared_unit.LAYER.resolve(), shared_unit.CHANNEL.resolve()
    if st.session_state.get(_CAME_WITH) == came_with:
        return
    st.session_state[_CAME_WITH] = came_with
    layer, channel = came_with
    if address.peek(UNIT_LAYER.key) or layer not in shapes or channel is None or channel >= shapes[layer][0]:
        return
    UNIT_LAYER.choose(layer)
    UNIT_NUMBER.choose(channel)


def _place(text: str, side: int) -> tuple[int, int] | None:
    if not text.strip():
        return None
    numbers = [part for part in text.replace(",", " ").split() if part.isdecimal() and int(part) < side]
    if len(numbers) != 2:
        raise AttributionError(f"A place is two numbers from 0 to {side - 1}, row and column, not {text!r}.")
    return int(numbers[0]), int(numbers[1])


def _layer(model: Model, method: Method, column: DeltaGenerator) -> str | None:
    maps = [step.layer.name for step in steps(model.info.spec) if len(step.output) == 3]
    options = [*reversed(maps), ALL]
    layer = LAYER.among(options, "conv5")
    LAYER.selectbox(
        column,
        format_func=lambda option: "all five conv" if option == ALL else option,
        disabled=not method.layered,
        help="Where a layer method looks: conv5 is coarse and close to the answer, conv1 fine and far from it."
        if method.layered
        else "This method works on the pixels; layer methods are those of the CAM family and their kin.",
    )
    return layer if method.layered else None


def _settings(method: Method, photo: str, toolbar: DeltaGenerator) -> tuple[dict[str, Value], str | None]:
    """The method's settings, in a popover; and the photo that stands for nothing, where that is chosen."""
    other, group = None, _group(method)
    group.values()
    with (
        toolbar,
        st.popover(
            "Settings",
            disabled=not method.settings,
            help=f"Settings of {method.title}.",
        ),
    ):
        for setting in method.settings:
            group.draw(setting)
        if "photo" in group.values().values():
            others = [reference for reference in photos.all_references() if reference != photo] or [photo]
            other = OTHER.among(others, other_photo(photo))
            OTHER.selectbox(format_func=photos.title)
    return chosen_settings(method), other


def _group(method: Method) -> ControlGroup:
    return ControlGroup("why_knobs", f"setting-{method.key}", method.settings)


def chosen_settings(method: Method) -> dict[str, Value]:
    """A method's settings as this visitor last set them."""
    state, group = st.session_state, _group(method)
    return method.resolve(
        {setting.name: state[group.key(setting)] for setting in method.settings if group.key(setting) in state}
    )


def other_photo(photo: str) -> str:
    """A photo that is not this one."""
    return next((reference for reference in photos.all_references() if reference != photo), photo)


# --- several ---------------------------------------------------------------------------------------


def compared_methods(method_choice: MethodChoice, key: str, count: int) -> list[Method]:
    """The chosen method, first, and up to seven others."""
    others = [key for key in METHODS if key != method_choice.method.key]
    first = [key for key in FIRST if key in others][:count]
    help = "Up to seven others, for the same class; layer methods look at the same layer."
    keys = multiselect(
        f"Compared with {method_choice.method.title}",
        key,
        others,
        first,
        lambda key: METHODS[key].title,
        help,
        MOST - 1,
    )
    return [method_choice.method, *(METHODS[key] for key in keys)]


def multiselect(
    label: str,
    key: str,
    options: list[str],
    default: list[str],
    words: Callable[[str], str],
    help: str,
    most: int = MOST,
) -> list[str]:
    """Up to eight of many, kept in the address under ``key``."""
    control = Control(Setting(key, "text", None, label, help), several=True)
    picked = control.some_of(options, default, most)
    control.multiselect(format_func=words, max_selections=most)
    return picked


# --- the look --------------------------------------------------------------------------------------

_DEFAULT = MapStyle()
LOOK = ControlGroup(
    "why_look",
    "look",
    (
        Setting(
            "part",
            "choice",
            _DEFAULT.part,
            "Which part",
            "Values as they are; only what speaks for the target; only what speaks against it; or their magnitude, "
            "without the sign.",
            options={"signed": "As it is", "positive": "For", "negative": "Against", "absolute": "Magnitude"},
        ),
        Setting(
            "style",
            "choice",
            _DEFAULT.style,
            "Drawn as",
            "Colours over the photo; lines at a quarter, half and three quarters of the scale; or the photo where the "
            "map is strongest.",
            options={"heat": "Colours", "contours": "Contours", "mask": "Strongest part"},
        ),
        Setting(
            "colours",
            "choice",
            _DEFAULT.colours,
            "Colours",
            "Each grows evenly lighter. A map with both signs is always blue – white – red, zero in the middle.",
            options=COLOUR_MAPS,
        ),
        Setting(
            "opacity", "float", _DEFAULT.opacity, "Opacity", "Of the strongest values.", low=0.05, high=1.0, step=0.05
        ),
        Setting(
            "clip",
            "float",
            _DEFAULT.clip,
            "Colours end at percentile",
            "What is stronger gets the last colour; outliers would leave the rest dark.",
            low=80.0,
            high=100.0,
            step=0.5,
        ),
        Setting(
            "keep",
            "float",
            _DEFAULT.keep,
            "Strongest part, %",
            "What “strongest part” shows.",
            low=1.0,
            high=50.0,
            step=1.0,
        ),
        Setting(
            "fade", "bool", _DEFAULT.fade, "Weak values let the photo through", "Off: the same opacity everywhere."
        ),
        Setting(
            "smooth",
            "bool",
            _DEFAULT.smooth,
            "Smooth between cells",
            "Off: each cell of the map as it is. The smoothness is drawn, not measured.",
        ),
    ),
    buttons=True,
)


def chosen_look(toolbar: DeltaGenerator) -> MapStyle:
    """How maps are drawn, in a popover."""
    look = MapStyle(**LOOK.values())
    with toolbar, st.popover("Look", help="Colours, masks, lines."):
        for setting in LOOK.settings:
            if setting.kind == "choice":
                LOOK.draw(setting)
        columns = st.columns(2)
        for index, setting in enumerate(setting for setting in LOOK.settings if setting.kind != "choice"):
            LOOK.draw(setting, columns[index % 2])
    return look
