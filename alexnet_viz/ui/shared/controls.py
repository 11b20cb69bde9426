"""Settings as widgets that a link reopens: some with fixed bounds, others whose bounds change with weights or layer.

Streamlit takes a slider with other bounds for a new widget, begins it at its lowest value, and raises where a value
lies outside or where there is only one. So what was asked for and what can be used now are kept apart: five classes
asked for are two while the weights have two, and five again afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from alexnet_viz.errors import SettingError
from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared import address

NONE = "none"  # several could be chosen, and none is, in the address


@dataclass(frozen=True)
class FixedControl:
    """A setting whose bounds or options are the same on every page, as a widget, in the session and in the link.

    Each widget is drawn in ``place`` and returns the value.
    """

    setting: Setting

    @property
    def value(self) -> Any:
        """What a link that was just opened says, else what the widget holds, else the default."""
        key, state = self.setting.name, st.session_state
        link = address.take(key, self._parse)
        if link is not None:
            state[key] = link
        elif key not in state:
            state[key] = self.setting.default
        address.show(key, state[key])
        return state[key]

    def toggle(self, place: Any = st) -> bool:
        """Draw a setting that is on or off."""
        return self._draw(place.toggle)

    def slider(self, place: Any = st, step: float = 1) -> Any:
        """Draw a number between the setting's bounds."""
        return self._draw(place.slider, min_value=self.setting.low, max_value=self.setting.high, step=step)

    def segmented_control(self, titles: Mapping[str, str], place: Any = st, **more: Any) -> str:
        """Draw a choice beside each other; ``titles`` are the words for its options."""
        return self._draw(
            place.segmented_control,
            options=self.setting.options,
            format_func=titles.get,
            required=True,
            **more,
        )

    def _draw(self, widget: Callable[..., Any], **more: Any) -> Any:
        value, setting = self.value, self.setting
        widget(label=setting.label, key=setting.name, help=setting.help or None, persist_state="session", **more)
        return value

    def _parse(self, text: str) -> Any:
        try:
            return self.setting.parse(text)
        except SettingError as error:
            raise ValueError(text) from error


@dataclass
class _State:
    """A visitor's side of a control: what was asked for, what is used instead, out of what, and as which widget."""

    asked: Any = None
    used: Any = None
    options: Sequence = ()
    widget: tuple = ()


@dataclass(frozen=True)
class Control:
    """A setting in the session and in the address, under its name.

    A setting without a default takes what stands in, until the visitor or a link asks for something. ``several``: its
    value is a list of texts.
    """

    setting: Setting
    several: bool = False

    # --- before anything reads the value, once in a run ---

    def within(self, low: int, high: int, otherwise: int | None = None) -> int:
        """The whole number that is asked for if it lies within bounds; else the nearest bound, or ``otherwise``."""
        numbers = range(low, high + 1)
        if otherwise is not None:
            return self._one_of(numbers, otherwise)
        value = self._settle(numbers, low, lambda state: min(max(state.asked, low), high))
        address.show(self.key, self._state().asked)
        return value

    def among(self, options: Sequence[str], otherwise: str) -> str:
        """The option that is asked for, if it is there; else ``otherwise``."""
        return self._one_of(tuple(options), otherwise)

    def some_of(self, options: Sequence[str], otherwise: list[str], most: int) -> list[str]:
        """Those asked for that are there, ``most`` of them; ``otherwise`` where there are none of them."""

        def fit(state: _State) -> list[str]:
            return [one for one in state.asked if one in options][:most] or (otherwise if state.asked else [])

        value = self._settle(tuple(options), otherwise, fit)
        address.show(self.key, ",".join(value) or NONE)
        return value

    @property
    def key(self) -> str:
        """The name of the setting."""
        return self.setting.name

    @property
    def value(self) -> Any:
        """What is used now."""
        return self._state().used

    # --- in a callback, or before the page is drawn ---

    def choose(self, value: Any) -> None:
        """Ask for a value."""
        self._state().asked = st.session_state[self.key] = value

    def forget(self) -> None:
        """Back to the default."""
        for key in (self.key, self._name):
            st.session_state.pop(key, None)

    # --- widgets ---

    def slider(self, place: Any = st) -> None:
        """Draw it as a slider; as a sentence where there is nothing to choose."""
        low, high = self._ends("slider")
        if low == high:
            place.caption(f"{self.setting.label}: {high}. There is no more to choose from.")
        else:
            place.slider(min_value=low, max_value=high, **self._shown())

    def number_input(self, place: Any = st, **more: Any) -> None:
        """Draw it as a box for a number; ``more`` are Streamlit's own, a label or help for this place among them."""
        low, high = self._ends("number_input")
        place.number_input(min_value=low, max_value=high, step=1, **self._shown() | more)

    def selectbox(self, place: Any = st, **more: Any) -> None:
        """Draw it as a list."""
        place.selectbox(options=self._drawn("selectbox").options, **self._shown() | more)

    def multiselect(self, place: Any = st, **more: Any) -> None:
        """Draw it as a list to choose several from."""
        place.multiselect(options=self._drawn("multiselect").options, **self._shown() | more)

    def _shown(self) -> dict[str, Any]:
        return {
            "label": self.setting.label,
            "help": self.setting.help or None,
            "key": self.key,
            "persist_state": "session",
        }

    def _ends(self, widget: str) -> tuple[int, int]:
        options = self._drawn(widget).options
        return options[0], options[-1]

    def _drawn(self, widget: str) -> _State:
        """Before the widget is drawn: a new one, which another kind or other bounds make it, begins at the value."""
        state = self._state()
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

    def _one_of(self, options: Sequence, otherwise: Any) -> Any:
        def fit(state: _State) -> Any:
            return next((one for one in (state.asked, state.used) if one in options), otherwise)

        value = self._settle(options, otherwise, fit)
        address.show(self.key, value)
        return value

    def _settle(self, options: Sequence, otherwise: Any, fit: Callable[[_State], Any]) -> Any:
        """What is used in this run: what is asked for, made to ``fit``."""
        page, state = st.session_state, self._state()
        link = address.take(self.key, self._read)
        if link is not None:
            state.asked = link
        elif self.key in page and page[self.key] != state.used:
            state.asked = page[self.key]  # by the widget
        elif state.asked is None:
            state.asked = otherwise if self.setting.default is None else self.setting.default
        state.options, state.used = options, fit(state)
        if self.key not in page or page[self.key] != state.used:
            page[self.key] = state.used
        return state.used

    def _read(self, text: str) -> Any:
        if self.several:
            return [] if text == NONE else text.split(",")
        try:
            return self.setting.parse(text)
        except SettingError as error:
            raise ValueError(text) from error
