"""Controls: a setting as a widget, in the visitor's session and in the page's address, all under the setting's name.

What was asked for and what can be used now are kept apart, where the bounds or options depend on the weights or the
layer: five classes asked for are two while the weights have two, and five again afterwards. (Streamlit takes a slider
with other bounds for a new widget, begins it at its lowest value, and raises where a value lies outside.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import streamlit as st

from alexnet_viz.errors import SettingError
from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared import address

NONE = "none"  # in the address: several could be chosen, and none is


@dataclass
class _State:
    """A visitor's side of a control: what was asked for, what is used instead, out of what, and as which widget.

    ``options`` is None while all that the setting takes can be used.
    """

    asked: Any = None
    used: Any = None
    options: Sequence | None = None
    widget: tuple = ()


@dataclass(frozen=True)
class Control:
    """A setting that a visitor chooses. Each widget is drawn in ``place`` and returns the value that is used.

    A setting without a default takes a default of the moment, until the visitor or a link asks for something.
    ``several``: its value is a list of texts.
    """

    setting: Setting
    several: bool = False

    @property
    def key(self) -> str:
        """The name of the setting: the widget's key, and the address's parameter."""
        return self.setting.name

    @property
    def value(self) -> Any:
        """What is used now: what a link that was just opened says, else what was chosen, else the default."""
        state = self._state()
        return self.resolve() if state.options is None else state.used

    def resolve(self, default: Any = None) -> Any:
        """The value that is asked for, whatever can be used now; else the setting's default, or this one."""
        setting, state = self.setting, self._state()
        state.options = None
        link, asked = address.take(self.key, self._read), state.asked
        if link is not None:
            asked = link
        elif self.key in st.session_state:
            asked = st.session_state[self.key]
        if asked is None or (setting.kind == "choice" and asked not in setting.options):
            asked = default if setting.default is None else setting.default
        state.asked = state.used = asked
        if asked is not None:
            if st.session_state.get(self.key) != asked:
                st.session_state[self.key] = asked
            address.show(self.key, asked)
        return asked

    # --- where bounds or options depend on what is at hand: before anything needs the value, once in a run ---

    def within(self, low: int, high: int, default: int | None = None) -> int:
        """The whole number that is asked for, if it lies within bounds; else the nearest bound, or ``default``."""
        numbers = range(low, high + 1)
        if default is not None:
            return self._one_of(numbers, default)
        value = self._settle(numbers, low, lambda state: min(max(state.asked, low), high))
        address.show(self.key, self._state().asked)
        return value

    def among(self, options: Sequence[str], default: str, nearest: Callable[[str], str] | None = None) -> str:
        """The option that is asked for, if it is one of these; else what is ``nearest`` to it, or ``default``."""
        if nearest is None:
            return self._one_of(tuple(options), default)
        value = self._settle(
            options, default, lambda state: state.asked if state.asked in options else nearest(state.asked)
        )
        address.show(self.key, value)
        return value

    def some_of(self, options: Sequence[str], default: list[str], most: int) -> list[str]:
        """Those asked for that are among the options, ``most`` of them; ``default`` where none of them is."""

        def fit(state: _State) -> list[str]:
            return [option for option in state.asked if option in options][:most] or (default if state.asked else [])

        value = self._settle(tuple(options), default, fit)
        address.show(self.key, ",".join(value) or NONE)
        return value

    # --- in a callback, or before the page is drawn ---

    def choose(self, value: Any) -> None:
        """Ask for a value."""
        self._state().asked = st.session_state[self.key] = value

    def forget(self) -> None:
        """Back to the default."""
        for key in (self.key, self._name):
            st.session_state.pop(key, None)

    # --- widgets; ``more`` are Streamlit's own arguments, a label or help for this place among them ---

    def toggle(self, place: Any = st, **more: Any) -> bool:
        """Draw a setting that is on or off."""
        return self._draw(place.toggle, **more)

    def slider(self, place: Any = st, **more: Any) -> Any:
        """Draw a number as a slider; as a sentence where there is nothing to choose."""
        low, high = self._bounds("slider")
        if low == high:
            place.caption(f"{self.setting.label}: {high}. There is no more to choose from.")
            return self.value
        return self._draw(place.slider, min_value=low, max_value=high, step=_step(self.setting), **more)

    def select_slider(self, place: Any = st, **more: Any) -> Any:
        """Draw a choice whose options have an order as a slider."""
        return self._draw(
            place.select_slider, options=tuple(self.setting.options), format_func=self.setting.title, **more
        )

    def number_input(self, place: Any = st, **more: Any) -> Any:
        """Draw a number as a box to type in."""
        low, high = self._bounds("number_input")
        help = with_bounds(more.pop("help", self.setting.help), low, high)
        return self._draw(
            place.number_input, min_value=low, max_value=high, step=_step(self.setting), help=help, **more
        )

    def text_input(self, place: Any = st, **more: Any) -> str:
        """Draw a text as a box to type in."""
        return self._draw(place.text_input, **more)

    def segmented_control(self, place: Any = st, **more: Any) -> Any:
        """Draw a choice as buttons beside each other."""
        shown = {"options": tuple(self.setting.options), "format_func": self.setting.title, "required": True}
        return self._draw(place.segmented_control, **shown, **more)

    def selectbox(self, place: Any = st, **more: Any) -> Any:
        """Draw a choice as a list."""
        options = self._drawn("selectbox").options
        shown = {"options": tuple(self.setting.options) if options is None else options}
        return self._draw(place.selectbox, **shown, **{"format_func": self.setting.title, **more})

    def multiselect(self, place: Any = st, **more: Any) -> list[str]:
        """Draw a list to choose several from."""
        return self._draw(place.multiselect, options=self._drawn("multiselect").options, **more)

    def _draw(self, widget: Callable[..., Any], **more: Any) -> Any:
        value, setting = self.value, self.setting
        shown = {"label": setting.label, "help": setting.help or None, "key": self.key, "persist_state": "session"}
        widget(**shown | more)
        return value

    def _bounds(self, widget: str) -> tuple[Any, Any]:
        options = self._drawn(widget).options
        return (self.setting.low, self.setting.high) if options is None else (options[0], options[-1])

    def _drawn(self, widget: str) -> _State:
        """Before the widget is drawn: a new one, which another kind or other bounds make it, begins at the value."""
        state = self._state()
        if state.options is not None:
            now = (widget, *state.options[:1], *state.options[-1:])
            if state.widget != now:
                state.widget, st.session_state[self.key] = now, state.used
        return state

    # --- what was asked for, and what is used ---

    @property
    def _name(self) -> str:
        return f"_control_{self.key}"

    def _state(self) -> _State:
        return st.session_state.setdefault(self._name, _State())

    def _one_of(self, options: Sequence, default: Any) -> Any:
        def fit(state: _State) -> Any:
            return next((value for value in (state.asked, state.used) if value in options), default)

        value = self._settle(options, default, fit)
        address.show(self.key, value)
        return value

    def _settle(self, options: Sequence, default: Any, fit: Callable[[_State], Any]) -> Any:
        """What is used in this run: what is asked for, made to ``fit``."""
        page, state = st.session_state, self._state()
        link = address.take(self.key, self._read)
        if link is not None:
            state.asked = link
        elif self.key in page and page[self.key] != state.used:
            state.asked = page[self.key]  # by the widget
        elif state.asked is None:
            state.asked = default if self.setting.default is None else self.setting.default
        state.options, state.used = options, fit(state)
        if self.key not in page or page[self.key] != state.used:
            page[self.key] = state.used
        return state.used

    def _read(self, text: str) -> Any:
        """What a link says. ValueError for what the setting does not take."""
        if self.several:
            return [] if text == NONE else text.split(",")
        try:
            return self.setting.parse(text)
        except SettingError as error:
            raise ValueError(text) from error


@dataclass(frozen=True)
class ControlGroup:
    """Settings that share one parameter of the address, ``name=a:1;b:2``: those that are not at their default.

    In the session each has a key of its own, which begins with ``prefix``. ``buttons`` draws a choice as buttons beside
    each other, not as a list.
    """

    name: str
    prefix: str
    settings: tuple[Setting, ...]
    buttons: bool = False

    def values(self) -> dict[str, Any]:
        """What is chosen, by the settings' names: what a link that was just opened says, and the rest as it was."""
        known = {setting.name: setting for setting in self.settings}
        for part in (address.take(self.name) or "").split(";"):
            name, _, text = part.partition(":")
            if name in known:
                with suppress(SettingError):
                    st.session_state[self.key(known[name])] = known[name].parse(text)
        values = {
            name: st.session_state.setdefault(self.key(setting), setting.default) for name, setting in known.items()
        }
        changed = [
            f"{name}:{known[name].format(value)}" for name, value in values.items() if value != known[name].default
        ]
        if changed:
            address.show(self.name, ";".join(changed))
        return values

    def key(self, setting: Setting) -> str:
        """The session's key of one of the settings."""
        return f"{self.prefix}-{setting.name}"

    def draw(self, setting: Setting, place: Any = st) -> None:
        """Draw the widget that fits one of the settings."""
        shown = {"label": setting.label, "help": setting.help, "key": self.key(setting), "persist_state": "session"}
        bounds = {"min_value": setting.low, "max_value": setting.high, "step": _step(setting)}
        match setting.kind:
            case "bool":
                place.toggle(**shown)
            case "choice" if self.buttons:
                options = {"options": tuple(setting.options), "format_func": setting.title}
                place.segmented_control(required=True, **options, **shown)
            case "choice":
                place.selectbox(options=tuple(setting.options), format_func=setting.title, **shown)
            case "int":
                shown["help"] = with_bounds(setting.help, setting.low, setting.high)
                place.number_input(**bounds, **shown)
            case "float":
                place.slider(**bounds, **shown)
            case "text":
                place.text_input(**shown)


def with_bounds(help: str, low: float | None, high: float | None) -> str:
    """A number's help text with the bounds that its box takes; None is no bound."""
    if low is None and high is None:
        return help
    bounds = f"From {low:,}" if high is None else f"Up to {high:,}" if low is None else f"From {low:,} to {high:,}"
    return f"{help} {bounds}.".strip()


def _step(setting: Setting) -> Any:
    """What a widget moves by: a hundredth of the range where nothing is said."""
    if setting.step is not None or setting.low is None or setting.high is None:
        return setting.step
    return 1 if setting.kind == "int" else (setting.high - setting.low) / 100
