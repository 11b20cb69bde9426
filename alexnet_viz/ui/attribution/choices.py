"""What is asked, as the choices and the address say it: a method with its settings, a target, a layer, a look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.attribution.methods import METHODS, Method
from alexnet_viz.attribution.targets import Target
from alexnet_viz.errors import AttributionError, SettingError
from alexnet_viz.figures.attribution import COLOUR_MAPS, MapStyle
from alexnet_viz.network.layers import steps
from alexnet_viz.settings import Setting, Value
from alexnet_viz.ui.shared import address, photos, queries
from alexnet_viz.ui.shared.controls import NONE, Control, FixedControl
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.values import Classification

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from alexnet_viz.inspection.model import Model

VIEWS = {"map": "One map", "compare": "Compare", "test": "Put to the test", "hand": "By hand"}
VIEW = FixedControl(Setting("why_view", "choice", "map", "View", options=tuple(VIEWS)))
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
LAYER = Control(Setting("why_layer", "text", None, "Layer"))
OTHER = Control(Setting("why_other", "text", None, "The other photo", "It stands for “nothing there”."))
MOST = 8  # maps beside each other
FIRST = ("grad-cam", "layer-cam", "saliency", "integrated-gradients")
PARTS = {"signed": "As it is", "positive": "For", "negative": "Against", "absolute": "Size"}
STYLES = {"heat": "Colours", "contours": "Contours", "mask": "Strongest part"}


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

    def wish(self, model: Model, photo: str, **changes) -> tuple[Model, MapRequest]:
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
    return VIEW.segmented_control(VIEWS, label_visibility="collapsed")


def chosen_target(model: Model, answer: Classification) -> Target:
    """The class, or two of them, without a method."""
    left, right, _ = st.columns([5, 5, 8])
    return _target(model, answer, left, right)


def chosen_question(model: Model, answer: Classification, photo: str, toolbar: DeltaGenerator) -> MethodChoice:
    """The row of choices: method, class, the class it is held against, layer, and the method's own settings."""
    first = "grad-cam" if "grad-cam" in METHODS else next(iter(METHODS))
    address.seed("why_method", first, allowed=METHODS)
    columns = st.columns([5, 5, 5, 3], vertical_alignment="bottom")
    key = columns[0].selectbox(
        "Method",
        METHODS,
        key="why_method",
        format_func=lambda one: METHODS[one].title,
        persist_state="session",
        help="Each answers another question; its card is below the picture.",
    )
    address.show("why_method", key)
    method = METHODS[key]
    target = _target(model, answer, columns[1], columns[2])
    layer = _layer(model, method, columns[3])
    question = MethodChoice(method, target, layer, *_settings(method, photo, toolbar))
    defaults = method.resolve()
    _pack("why_knobs", {name: value for name, value in question.settings.items() if value != defaults[name]})
    return question


def _target(model: Model, answer: Classification, left: DeltaGenerator, right: DeltaGenerator) -> Target:
    order = [str(index) for index in np.argsort(-answer.logits, kind="stable")]
    names = model.info.categories
    shares = {str(p.index): f" {p.probability:.0%}" for p in queries.strongest(answer, model, len(names))}

    def words(one: str) -> str:
        if one == PREDICTED:
            return f"{names[int(order[0])]}{shares[order[0]]} (its answer)"
        return {UNIT: "A unit of a layer …", NONE: "–"}.get(one) or names[int(one)] + shares[one]

    options = [PREDICTED, *order, UNIT]
    if (link := address.asked("why_class")) not in (None, *options):
        st.info(
            f"The link asks for class {markdown(link)}, which these weights do not have: this is the network's own "
            "answer."
        )
    chosen = CLASS.among(options, PREDICTED)
    _reword("why_class", words)
    CLASS.selectbox(left, format_func=words)
    if chosen == UNIT:
        return _unit(model, right)
    index = int(order[0] if chosen == PREDICTED else chosen)
    others = [NONE, *(one for one in order if int(one) != index)]
    against = AGAINST.among(others, NONE)
    _reword("why_not", words)
    AGAINST.selectbox(right, format_func=words)
    return Target.of_class(index) if against == NONE else Target.contrast(index, int(against))


def _reword(key: str, words: Callable[[str], str]) -> None:
    """Before a selectbox: it keeps the words that it was drawn with until its value is set, and those may change."""
    state, now = st.session_state, words(st.session_state[key])
    if state.get(f"_{key}_words", now) != now:
        state[key] = state[key]
    state[f"_{key}_words"] = now


def _unit(model: Model, column: DeltaGenerator) -> Target:
    shapes = {one.layer.name: one.output for one in steps(model.info.spec)}
    with column.popover("Which unit", width="stretch", icon=":material/blur_on:"):
        layer = UNIT_LAYER.among(shapes, "conv5")
        UNIT_LAYER.selectbox()
        unit = UNIT_NUMBER.within(0, shapes[layer][0] - 1, 0)
        UNIT_NUMBER.number_input()
        place = None
        if len(shapes[layer]) == 3:
            side = shapes[layer][1]
            address.seed("why_place", "")
            text = st.text_input(
                "Place (row, column)",
                key="why_place",
                persist_state="session",
                placeholder="all",
                help=f"For one place of the channel's {side} × {side} map, such as 6, 6.",
            )
            place = _place(text, side)
            address.show("why_place", text)
    return Target.unit(layer, unit, *(place or (None, None)))


def _place(text: str, side: int) -> tuple[int, int] | None:
    if not text.strip():
        return None
    numbers = [part for part in text.replace(",", " ").split() if part.isdecimal() and int(part) < side]
    if len(numbers) != 2:
        raise AttributionError(f"A place is two numbers from 0 to {side - 1}, row and column, not {text!r}.")
    return int(numbers[0]), int(numbers[1])


def _layer(model: Model, method: Method, column: DeltaGenerator) -> str | None:
    maps = [one.layer.name for one in steps(model.info.spec) if len(one.output) == 3]
    options = [*reversed(maps), ALL]
    layer = LAYER.among(options, "conv5")
    LAYER.selectbox(
        column,
        format_func=lambda one: "all five conv" if one == ALL else one,
        disabled=not method.layered,
        help="Where a layer method looks: conv5 is coarse and close to the answer, conv1 fine and far from it."
        if method.layered
        else "This method works on the pixels; layer methods are those of the CAM family and their kin.",
    )
    return layer if method.layered else None


def _settings(method: Method, photo: str, toolbar: DeltaGenerator) -> tuple[dict[str, Value], str | None]:
    """The method's settings, in a popover; and the photo that stands for nothing, where that is chosen."""
    _unpack(
        "why_knobs",
        {_setting_key(method, setting): _reader(setting) for setting in method.settings},
        f"setting-{method.key}-",
    )
    other = None
    for setting in method.settings:
        st.session_state.setdefault(_setting_key(method, setting), setting.default)
    with (
        toolbar,
        st.popover(
            "Settings",
            icon=":material/tune:",
            disabled=not method.settings,
            help=f"{len(method.settings)} settings of {method.title}.",
        ),
    ):
        for setting in method.settings:
            _setting_widget(method, setting)
        if "photo" in [st.session_state[_setting_key(method, setting)] for setting in method.settings]:
            there = [one for one in photos.all_references() if one != photo] or [photo]
            other = OTHER.among(there, other_photo(photo))
            OTHER.selectbox(format_func=photos.title)
    return chosen_settings(method), other


def chosen_settings(method: Method) -> dict[str, Value]:
    """A method's settings as this visitor last set them."""
    state = st.session_state
    return method.resolve(
        {k.name: state[_setting_key(method, k)] for k in method.settings if _setting_key(method, k) in state}
    )


def other_photo(photo: str) -> str:
    """A photo that is not this one."""
    return next((one for one in photos.all_references() if one != photo), photo)


def _setting_key(method: Method, setting: Setting) -> str:
    return f"setting-{method.key}-{setting.name}"


def _reader(setting: Setting) -> Callable[[str], Value]:
    def read(text: str) -> Value:
        try:
            return setting.parse(text)
        except SettingError:
            return setting.default

    return read


def _setting_widget(method: Method, setting: Setting) -> None:
    key = _setting_key(method, setting)
    if setting.kind == "bool":
        st.toggle(setting.label, key=key, help=setting.help, persist_state="session")
    elif setting.kind == "choice":
        st.selectbox(setting.label, setting.options, key=key, help=setting.help, persist_state="session")
    elif setting.kind == "int":
        st.number_input(setting.label, setting.low, setting.high, key=key, help=setting.help, persist_state="session")
    else:
        step = (setting.high - setting.low) / 100
        st.slider(
            setting.label, setting.low, setting.high, step=step, key=key, help=setting.help, persist_state="session"
        )


# --- several ---------------------------------------------------------------------------------------


def beside_method(question: MethodChoice, key: str, count: int) -> list[Method]:
    """The chosen method, first, and up to seven others."""
    others = [one for one in METHODS if one != question.method.key]
    first = [one for one in FIRST if one in others][:count]
    help = "Up to seven others, for the same class; layer methods look at the same layer."
    keys = several(
        f"Beside {question.method.title}", key, others, first, lambda one: METHODS[one].title, help, MOST - 1
    )
    return [question.method, *(METHODS[one] for one in keys)]


def several(
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

_LOOK = {
    "part": lambda text: text if text in PARTS else "signed",
    "style": lambda text: text if text in STYLES else "heat",
    "colours": lambda text: text if text in COLOUR_MAPS else "viridis",
    "opacity": lambda text: min(1.0, max(0.05, float(text))),
    "fade": lambda text: text == "True",
    "clip": lambda text: min(100.0, max(80.0, float(text))),
    "keep": lambda text: min(50.0, max(1.0, float(text))),
    "smooth": lambda text: text == "True",
}


def chosen_look(toolbar: DeltaGenerator) -> MapStyle:
    """How maps are drawn, in a popover."""
    default = asdict(MapStyle())
    _unpack("why_look", {f"look-{name}": read for name, read in _LOOK.items()}, "look-")
    for name, value in default.items():
        st.session_state.setdefault(f"look-{name}", value)
    state = {"persist_state": "session"}
    with toolbar, st.popover("Look", icon=":material/palette:", help="Colours, masks, lines."):
        st.segmented_control(
            "Which part",
            PARTS,
            key="look-part",
            format_func=PARTS.get,
            required=True,
            **state,
            help="Values as they are; only what speaks for the target; only what speaks against it; "
            "or their size without the sign.",
        )
        st.segmented_control(
            "Drawn as",
            STYLES,
            key="look-style",
            format_func=STYLES.get,
            required=True,
            **state,
            help="Colours over the photo; lines at a quarter, half and three quarters of the scale; "
            "or the photo where the map is strongest.",
        )
        st.segmented_control(
            "Colours",
            COLOUR_MAPS,
            key="look-colours",
            required=True,
            **state,
            help="Each grows evenly lighter. A map with both signs is always blue – white – red, zero in the middle.",
        )
        left, right = st.columns(2)
        left.slider("Opacity", 0.05, 1.0, step=0.05, key="look-opacity", help="Of the strongest values.", **state)
        right.slider(
            "Colours end at percentile",
            80.0,
            100.0,
            step=0.5,
            key="look-clip",
            **state,
            help="What is stronger gets the last colour; outliers would leave the rest dark.",
        )
        left.slider(
            "Strongest part, %", 1.0, 50.0, step=1.0, key="look-keep", help="What “strongest part” shows.", **state
        )
        right.toggle(
            "Weak values let the photo through", key="look-fade", **state, help="Off: the same opacity everywhere."
        )
        right.toggle(
            "Smooth between cells",
            key="look-smooth",
            **state,
            help="Off: each cell of the map as it is. The smoothness is drawn, not measured.",
        )
    look = MapStyle(**{name: st.session_state[f"look-{name}"] for name in default})
    _pack("why_look", {name: value for name, value in asdict(look).items() if value != default[name]})
    return look


def _unpack(name: str, readers: dict[str, Callable[[str], object]], prefix: str) -> None:
    """Before the widgets: take up ``a:1;b:2`` from the address, if it is not what was last written there."""
    address.seed(name, "")
    text = st.session_state[name]
    if text != st.session_state.get(f"_{name}", ""):
        for part in text.split(";"):
            short, _, value = part.partition(":")
            if read := readers.get(prefix + short):
                try:
                    st.session_state[prefix + short] = read(value)
                except ValueError:
                    continue


def _pack(name: str, values: dict[str, object]) -> None:
    text = ";".join(
        f"{key}:{value:g}" if isinstance(value, float) else f"{key}:{value}" for key, value in values.items()
    )
    st.session_state[name] = st.session_state[f"_{name}"] = text
    if text:
        address.show(name, text)
