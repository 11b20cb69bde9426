"""The channel or unit that several pages look at, in the address as ``channel``."""

from __future__ import annotations

import streamlit as st

from alexnet_viz.ui import address


def seed_unit(count: int, default: int = 0) -> None:
    """Before anything needs the unit: what the address says, else what was there, else the default."""
    address.seed("channel", default, address.number(0, count - 1), allowed=range(count))


def chosen_unit(count: int, label: str, names: tuple[str, ...] | None = None, default: int = 0) -> int:
    """One of ``count`` units, by number, or by name where they have ``names``; kept across pages and photos."""
    seed_unit(count, default)
    if names:
        unit = st.selectbox(label, range(count), key="channel", persist_state="session",
                            format_func=names.__getitem__, help="The unit that speaks for this class.")  # fmt: skip
    else:
        unit = st.number_input(label, 0, count - 1, key="channel", persist_state="session",
                               help="The same as a click on a tile.")  # fmt: skip
    address.show("channel", unit)
    return unit


def choose(unit: int) -> None:
    """What a click on a tile does, before the page runs again."""
    st.session_state.channel = unit
