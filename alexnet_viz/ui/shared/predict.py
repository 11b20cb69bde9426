"""Predict, then reveal: a page hides an answer until the visitor has guessed it, then shows both."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.text import markdown

PREDICT = Control(
    Setting(
        "predict",
        "bool",
        False,
        "Predict, then reveal",
        "Hides shapes and answers until a guess is made, then shows both.",
    )
)
_GUESSES = "_guesses"  # by the question's key; for this visit


def switch() -> bool:
    """The switch, shared by the pages."""
    return PREDICT.toggle()


def title(text: str) -> bool:
    """A page's title with the switch beside it; True while guesses come first."""
    left, right = st.container(key="title_row").columns([3, 1], vertical_alignment="bottom")
    left.title(text, anchor=False)
    with right:
        return switch()


def guessed(key: str) -> bool:
    """Whether this question has been answered in this visit."""
    return key in st.session_state.get(_GUESSES, {})


def is_revealed(
    key: str,
    question: str,
    truth: str | int,
    options: Sequence[str] = (),
    *,
    hint: str = "",
    why: str = "",
    help: str | None = None,
) -> bool:
    """Whether the answer may be shown. Until then, ask; afterwards say both, the guess and the truth.

    ``key`` says what the guess is about: another layer or photo is something new to guess. A number is typed, a text
    is chosen from ``options`` or typed after the ``hint``. ``why`` is said with the truth.
    """
    guess: str | int | None
    guesses: dict[str, str | int] = st.session_state.setdefault(_GUESSES, {})
    if key in guesses:
        guess = guesses[key]
        guess_text, is_ = (f"{value:,}" if isinstance(value, int) else markdown(value) for value in (guess, truth))
        if guess == truth or _alike(str(guess), str(truth)):
            st.success(f"{question} You said {guess_text}, and so it is. {why}")
        else:
            st.info(f"{question} You said {guess_text}; it is **{is_}**. {why}")
        return True
    with st.form(f"predict-{key}", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        field = f"guess-{key}"
        if isinstance(truth, int):
            guess = st.number_input(
                question, 0, 100_000, None, placeholder="your guess", help=help, width=260, key=field
            )
        elif options:
            guess = st.radio(question, options, index=None, format_func=markdown, horizontal=True, help=help, key=field)
        else:
            guess = st.text_input(question, placeholder=hint, help=help, width=420, key=field).strip() or None
        if st.form_submit_button("Reveal", icon=":material/visibility:") and guess is not None:
            guesses[key] = guess
            st.rerun()
    return False


def shape_is_revealed(key: str, layer: str, shape: tuple[int, ...]) -> bool:
    """Ask for the shape (without the batch) of a layer's output; True once there is a guess."""
    if len(shape) == 1:
        return is_revealed(key, f"How many values does {layer} give?", int(shape[0]))
    truth = " × ".join(map(str, shape))
    question = f"The shape of {layer}'s output: channels × height × width?"
    return is_revealed(key, question, truth, hint="such as 3 × 224 × 224", help="Numbers are enough.")


def _alike(guess: str, truth: str) -> bool:
    """Words count as they are, shapes by their numbers."""
    if re.search("[a-z]", truth):
        return guess.casefold() == truth.casefold()
    return re.findall(r"\d+", guess) == re.findall(r"\d+", truth)
