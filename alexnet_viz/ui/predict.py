"""Predict, then reveal: an answer stays hidden until somebody has said what it will be."""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st

from alexnet_viz.ui import address


def switch() -> bool:
    """The switch, shared by the pages and in the address."""
    address.seed("predict", False, lambda text: text == "True", (True, False))
    on = st.toggle(
        "Predict, then reveal",
        key="predict",
        persist_state="session",
        help="Hides the answer until a guess is typed, then shows both.",
    )
    address.show("predict", on)
    return on


def revealed(question: str, truth: int, about: Hashable, *, why: str = "", help: str | None = None) -> bool:
    """Whether the answer may be shown. Until then, ask; afterwards say both, the guess and the truth.

    ``about`` names what is asked: when it changes, there is something new to guess. ``why`` is said with the truth.
    """
    guesses = st.session_state.setdefault("_guesses", {})
    if guesses.get("about") != about:
        guesses.clear()
        guesses["about"] = about
    if "guess" not in guesses:
        with st.form("predict_form", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
            guess = st.number_input(question, 0, 100_000, value=None, placeholder="your guess", help=help, width=260)
            if st.form_submit_button("Reveal", icon=":material/visibility:") and guess is not None:
                guesses["guess"] = guess
                st.rerun()
        return False
    guess = guesses["guess"]
    if guess == truth:
        st.success(f"You said {guess:,}, and so it is. {why}")
    else:
        st.info(f"You said {guess:,}; it is **{truth:,}**. {why}")
    return True
