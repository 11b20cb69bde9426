"""The terminal's message on where the app is open, and to whom, in place of Streamlit's own.

With those Streamlit also shows an advertisement over the page, on machines where it finds a coding assistant.
"""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import segno
import streamlit as st

from alexnet_viz.ui import hosts, roles


@asynccontextmanager
async def welcome(app: object) -> AsyncIterator[None]:
    """Print where the app is open.

    Not before now is the port known: where one is taken Streamlit looks for the next.
    """
    hosts.begin()
    origins = _origins()
    print("The app is open at " + " and ".join(origins), flush=True)
    if roles.is_open_to_others():
        _welcome_room(origins)
    yield


def _welcome_room(origins: list[str]) -> None:
    """The presenter's link, opened in the browser in place of the one that Streamlit would open, and a QR code."""
    link = roles.presenter_link(origins[0])
    print(f"\nYou are the presenter in the browser that opens this link (once, on this machine):\n  {link}\n")
    print(roles.audience_words(), flush=True)
    if len(origins) > 1:
        segno.make(origins[-1], error="l", micro=False).terminal(compact=True)
    if not st.get_option("server.headless"):
        st.config.set_option("server.headless", True)
        threading.Timer(1.0, webbrowser.open, [link]).start()  # which waits for a browser that runs in the terminal


def _origins() -> list[str]:
    """The addresses for this machine and, where the app listens to all of them, for the room."""
    host, port = hosts.listens_at(), st.get_option("server.port")
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    names = [name for name in ("localhost", hosts.own_address()) if name] if host in hosts.EVERYONE else [host]
    return [f"{scheme}://{f'[{name}]' if ':' in name else name}:{port}{hosts.app_path('')}" for name in names]
