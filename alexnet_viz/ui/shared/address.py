"""The address reopens what was seen: every choice that matters is a query parameter and a session key of one name.

Streamlit's own binding leaves a value out of the address when it is the default, and the default weights differ from
machine to machine; so the whole state is written, always.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

_RENAMED = {"versus": "beside"}  # parameters that links of earlier versions have
_NOW = {("beside", "lesion"): ("lesion", "True")}  # and values that have a parameter of their own by now
_WRITTEN, _PENDING, _SHOWN = "_address_written", "_address_pending", "_address_shown"
_FOLLOWED = "_address_followed"  # by widget: its value when the script last saw it


def begin() -> None:
    """At the top of every run: take up what the address says when it is not what was last written there.

    That is a link, the back button or an edited address. A change of page empties the address: that says nothing.
    What the browser sends along with a widget's new value may be of before the last run's answer: that says nothing,
    either.
    """
    now = st.query_params.to_dict()
    st.session_state[_SHOWN] = {}
    if any(st.session_state.get(key, value) != value for key, value in _followed().items()):
        outdate()
    elif now != st.session_state.get(_WRITTEN):
        renamed = ((_RENAMED.get(key, key), value) for key, value in now.items())
        st.session_state[_PENDING] = dict(_NOW.get(each, each) for each in renamed)


def take(key: str, parse: Callable[[str], Any] = str) -> Any:
    """What a link that was just opened says of this key, once; None where it says nothing, or nothing sensible."""
    text = st.session_state.get(_PENDING, {}).pop(key, None)
    try:
        return None if text is None else parse(text)
    except ValueError:
        return None


def peek(key: str) -> str | None:
    """What a link that was just opened asks for, before ``take``."""
    return st.session_state.get(_PENDING, {}).get(key)


def show(key: str, value: Any) -> None:
    """Put a value into the address."""
    st.session_state[_SHOWN][key] = f"{value:g}" if isinstance(value, float) else str(value)


def follow(key: str) -> None:
    """The widget of this key, whose value the script has just seen, is one of those that the address speaks of."""
    _followed()[key] = st.session_state[key]


def _followed() -> dict[str, Any]:
    return st.session_state.setdefault(_FOLLOWED, {})


def outdate() -> None:
    """What the visitor does now counts more than the address that the browser sent along.

    After a quick second click that may still be the one from before the first click's answer.
    """
    st.session_state[_WRITTEN] = st.query_params.to_dict()


def finish() -> None:
    """At the end of every run: write the address, if it is not there already."""
    shown = st.session_state[_SHOWN]
    st.session_state[_WRITTEN] = shown
    if shown != st.query_params.to_dict():
        st.query_params.from_dict(shown)
