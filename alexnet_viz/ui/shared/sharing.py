"""Under which address others reach the app, and the address of a view as a QR code."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from alexnet_viz.figures.qr_code import qr_code
from alexnet_viz.ui import roles
from alexnet_viz.ui.hosts import EVERYONE, is_loopback, listens_at, own_address


def is_this_machine(url: str) -> bool:
    """Whether a page's address is one that only the machine itself can open: localhost, or a loopback address."""
    return is_loopback(urlsplit(url).hostname or "localhost")


def shared_origin(url: str) -> str | None:
    """Scheme, host and port under which others open what this visitor sees at ``url``; None where nobody can."""
    parts = urlsplit(url)
    if not parts.hostname:  # Streamlit does not know it yet
        return None
    if not is_this_machine(url):
        return f"{parts.scheme}://{parts.netloc}"
    if listens_at() not in EVERYONE or not (own := own_address()):
        return None
    return f"{parts.scheme}://{own}:{parts.port}" if parts.port else f"{parts.scheme}://{own}"


@st.dialog("Open this view on your phone", width="large")
def show_qr_code(link: str) -> None:
    """A link as a QR code that a lecture hall can scan, and as text to type; what the audience may do there."""
    left, right = st.columns(2, gap="large")
    left.image(qr_code(link), width=520, alt=f"A QR code of the link {link}")
    with right:
        st.markdown("Everybody on this network can scan it, or open:")
        st.code(link, language=None, wrap_lines=True)
        if roles.is_open_to_others() and roles.is_presenter():
            _choose_for_audience()


def _choose_for_audience() -> None:
    """What the presenter lets the audience do."""
    st.caption(roles.audience_words())
    allowed = st.toggle(
        "The audience may upload checkpoints",
        roles.audience().checkpoints,
        key="audience_checkpoints",
        help="For everybody, from now on. They are kept in this server's cache, the newest twenty.",
    )
    if allowed != roles.audience().checkpoints:
        roles.allow_checkpoints(allowed)
        st.rerun(scope="fragment")
