"""What a visitor sees when something goes wrong: a sentence, never a traceback."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from alexnet_viz.errors import UserError
from alexnet_viz.ui.text import markdown

_log = logging.getLogger("alexnet_viz")


@contextmanager
def guarded() -> Iterator[None]:
    """A UserError becomes its own sentence; anything else is a bug: a reference on the page, the details in the log.

    Streamlit's own control flow (stop, rerun) is no Exception and passes through.
    """
    try:
        yield
    except UserError as error:
        st.error(markdown(str(error)), icon=":material/info:")
    except Exception:
        reference = secrets.token_hex(4)
        _log.exception("bug %s", reference)
        st.error(
            f"This is a bug in the app, not in what you did. Please report reference **{reference}**; "
            "the details are in the server's log.",
            icon=":material/bug_report:",
        )
