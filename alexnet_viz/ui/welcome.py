"""The terminal's message on where the app is open, in place of Streamlit's own.

With those Streamlit also shows an advertisement over the page, on machines where it finds a coding assistant.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from alexnet_viz.ui.shared.sharing import EVERYONE, own_address


@asynccontextmanager
async def welcome(app: object) -> AsyncIterator[None]:
    """Print where the app is open once that is known: a port that is taken has Streamlit look for the next."""
    print(_addresses(), flush=True)
    yield


def _addresses() -> str:
    """One line with the address for this machine, and for the room where the app listens to all of it."""
    host, port = st.get_option("server.address") or "0.0.0.0", st.get_option("server.port")
    place = st.get_option("server.baseUrlPath").strip("/")
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    names = [name for name in ("localhost", own_address()) if name] if host in EVERYONE else [host]
    return "The app is open at " + " and ".join(f"{scheme}://{name}:{port}/{place}" for name in names)
