"""The address reopens what was seen: every choice that matters is a query parameter and a session key of one name.

Streamlit's own binding leaves a value out of the address when it is the default, and the default weights differ from
machine to machine; so the whole state is written, always.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import streamlit as st

_WRITTEN, _PENDING, _SHOWN = "_address_written", "_address_pending", "_address_shown"


def begin() -> None:
    """At the top of every run: take up what the address says when it is not what was last written there.

    That is a link, the back button or an edited address. A change of page empties the address: that says nothing.
    """
    now = st.query_params.to_dict()
    st.session_state[_SHOWN] = {}
    if now != st.session_state.get(_WRITTEN):
        st.session_state[_PENDING] = now


def seed(key: str, default: Any, parse: Callable[[str], Any] = str, allowed: Collection | None = None) -> bool:
    """Before a widget of this key: the address's value if new and allowed, else what was there, else the default.

    Returns whether it is the address that said so.
    """
    value = take(key, parse)
    if value is not None and (allowed is None or value in allowed):
        st.session_state[key] = value
        return True
    if key not in st.session_state or (allowed is not None and st.session_state[key] not in allowed):
        st.session_state[key] = default
    return False


def take(key: str, parse: Callable[[str], Any] = str) -> Any:
    """What a link that was just opened says of this key, once; None where it says nothing, or nothing sensible."""
    text = st.session_state.get(_PENDING, {}).pop(key, None)
    try:
        return None if text is None else parse(text)
    except ValueError:
        return None


def asked(key: str) -> str | None:
    """What a link that was just opened asks for, before ``seed`` takes it up."""
    return st.session_state.get(_PENDING, {}).get(key)


def show(key: str, value: Any) -> None:
    """Put a value into the address."""
    st.session_state[_SHOWN][key] = f"{value:g}" if isinstance(value, float) else str(value)


def finish() -> None:
    """At the end of every run: write the address, if it is not there already."""
    shown = st.session_state[_SHOWN]
    st.session_state[_WRITTEN] = shown
    if shown != st.query_params.to_dict():
        st.query_params.from_dict(shown)


def number(least: float, most: float, kind: type = int) -> Callable[[str], Any]:
    """A parser for ``seed``: a number within bounds; ValueError outside."""

    def parse(text: str) -> Any:
        value = kind(text)
        if not least <= value <= most:
            raise ValueError(text)
        return value

    return parse
