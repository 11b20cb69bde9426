"""The terminal's message on where the app is open, and to whom, in place of Streamlit's own.

With those Streamlit also shows an advertisement over the page, on machines where it finds a coding assistant.
"""

from __future__ import annotations

import asyncio
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import segno
import streamlit as st

from alexnet_viz.ui import hosts, roles
from alexnet_viz.ui.shared.sharing import EVERYONE, own_address


@asynccontextmanager
async def welcome(app: object) -> AsyncIterator[None]:
    """Begin with the roles, and print where the app is open.

    Not before now is the port known: where one is taken Streamlit looks for the next.
    """
    roles.begin()
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
        asyncio.get_running_loop().call_later(1.0, webbrowser.open, link)


def _origins() -> list[str]:
    """The addresses for this machine and, where the app listens to all of them, for the room."""
    host, port = st.get_option("server.address") or "0.0.0.0", st.get_option("server.port")
    place = st.get_option("server.baseUrlPath").strip("/")
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    names = [name for name in ("localhost", own_address()) if name] if host in EVERYONE else [host]
    return [f"{scheme}://{name}:{port}/{place}" for name in names]
