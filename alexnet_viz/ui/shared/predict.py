"""Predict, then reveal: a page hides an answer until the visitor has guessed it, then shows both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.values import NetworkSpec

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

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
    with st.container(key="title_row", horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.title(text, anchor=False, width="content")
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
    guesses: dict[str, str | int | None] = st.session_state.setdefault(_GUESSES, {})
    if key in guesses:
        guess = guesses[key]
        if guess is None:
            st.info(f"{question} Shown without a guess: **{_text(truth)}**. {why}")
            return True
        guess_text, is_ = _text(guess), _text(truth)
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
        reveal = st.form_submit_button("Reveal", icon=":material/visibility:", type="primary")
        show = st.form_submit_button("Show it", help="The answer, without a guess.")
        if show or (reveal and guess is not None):
            guesses[key] = None if show else guess
            st.rerun()
    return False


def _text(value: str | int) -> str:
    return f"{value:,}" if isinstance(value, int) else markdown(value)


def shape_question(layer: str, spec: NetworkSpec) -> str:
    """The key under which the shape of a layer's output is asked for."""
    return f"shape of {layer} in {spec}"


def shape_is_revealed(layer: str, spec: NetworkSpec, shape: tuple[int, ...]) -> bool:
    """Ask for the shape (without the batch) of a layer's output; True once there is a guess."""
    key = shape_question(layer, spec)
    if len(shape) == 1:
        return is_revealed(key, f"How many values does {layer} give?", int(shape[0]))
    truth = " × ".join(map(str, shape))
    question = f"The shape of {layer}'s output: channels × height × width?"
    return is_revealed(
        key, question, truth, hint="such as 3 × 224 × 224", help="Three numbers, whatever stands between them."
    )


def class_is_revealed(model: Model, photo: str, labels: Sequence[str]) -> bool:
    """Ask which of the strongest classes, strongest first, is the answer to a photo; True where there is but one."""
    names = [label.partition(",")[0] for label in labels]
    if len(names) == 1:
        return True  # a single output leaves nothing to guess
    key = f"class of {photo} by {model.info.id}"
    return is_revealed(key, "Which of these will come out on top?", names[0], sorted(dict.fromkeys(names)))


def _alike(guess: str, truth: str) -> bool:
    """Words count as they are, shapes by their numbers."""
    if re.search("[a-z]", truth):
        return guess.casefold() == truth.casefold()
    return re.findall(r"\d+", guess) == re.findall(r"\d+", truth)
