"""What a visitor sees when something goes wrong: a sentence, never a traceback."""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from alexnet_viz.errors import as_user_error
from alexnet_viz.ui.shared.text import markdown

_log = logging.getLogger("alexnet_viz")
_FROM_CALLBACKS = "_errors_of_callbacks"


@contextmanager
def error_boundary() -> Iterator[None]:
    """A UserError becomes its own sentence, memory that runs out one, too; anything else is a bug: a reference on the
    page, the details in the log.

    First it says what went wrong in a ``callback`` before. Streamlit's own control flow (stop, rerun) is no Exception
    and passes through.
    """
    if errors := st.session_state.pop(_FROM_CALLBACKS, []):
        with st.container(key="errors_of_callbacks"):
            for error in errors:
                _show(error)
    try:
        yield
    except Exception as error:
        _show(error)


def callback(function: Callable[..., Any], *, whole_page: bool = False) -> Callable[..., None]:
    """For every ``on_click`` and ``on_change``: they run before the page does, outside of what guards it.

    What goes wrong in one is shown by the page, or the fragment, that runs next. ``whole_page``: that is the page also
    for a widget in a fragment. Else nothing runs where a fragment ended while the click was on its way.
    """

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except Exception as error:
            st.session_state.setdefault(_FROM_CALLBACKS, []).append(error)
        if whole_page:
            st.rerun()

    return run


def _show(error: Exception) -> None:
    if known := as_user_error(error):
        if known is not error:
            _log.warning("%s: %s", type(error).__name__, error)
        st.error(markdown(str(known)), icon=":material/info:")
        return
    reference = secrets.token_hex(4)
    _log.error("bug %s", reference, exc_info=error)
    st.error(
        f"This is a bug in the app, not in what you did. Please report reference **{reference}**; "
        "the details are in the server's log.",
        icon=":material/bug_report:",
    )
