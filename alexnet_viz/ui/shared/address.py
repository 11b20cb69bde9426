"""The address reopens what was seen: every choice that matters is a query parameter and a session key of one name.

Streamlit's own binding leaves a value out of the address when it is the default, and the default weights differ from
machine to machine; so the whole state is written, always.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_RENAMED = {"versus": "beside"}  # parameters that links of earlier versions have
_NOW = {("beside", "lesion"): ("lesion", "True")}  # and values that have a parameter of their own by now
_WRITTEN, _PENDING, _SHOWN = "_address_written", "_address_pending", "_address_shown"
_PAGE, _SEEN = "_address_page", "_addresses_seen"
_MOST_SEEN = 16  # addresses: a visitor's clicks within one round trip


def begin(page: str) -> None:
    """At the top of every run, with the page's path: take up what the address says when it was not written last.

    That is a link, the back button or an edited address. A change of page empties the address: that says nothing. Nor
    does an address of this page's that was seen before, but for Back and Forward: the browser sends its address along
    with whatever the visitor does, and after a quick second click that is still the one of before the first.
    """
    now, visit = st.query_params.to_dict(), st.session_state
    seen = visit.setdefault(_SEEN, [])
    is_late = page == visit.get(_PAGE) and now in seen and not _is_back_or_forward()
    visit[_SHOWN], visit[_PAGE] = {}, page
    if now != visit.get(_WRITTEN) and not is_late:
        _remember(now)
        renamed = ((_RENAMED.get(key, key), value) for key, value in now.items())
        st.session_state[_PENDING] = dict(_NOW.get(each, each) for each in renamed)


def expect_link() -> None:
    """The address that comes next is a link, also one that this page had before."""
    st.session_state[_SEEN] = []


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


def finish() -> None:
    """At the end of every run: write the address, if it is not there already."""
    shown = dict(st.session_state[_SHOWN])  # a callback shows what it chooses before the next run begins
    st.session_state[_WRITTEN] = shown
    _remember(shown)
    if shown != st.query_params.to_dict():
        st.query_params.from_dict(shown)


def _remember(address: dict[str, str]) -> None:
    seen = st.session_state[_SEEN]
    if address not in seen:
        seen.append(address)
    del seen[:-_MOST_SEEN]


def _is_back_or_forward() -> bool:
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation
