"""The quiz: from a unit's reference pictures, which of two patches drives it more?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.components.tile_grid import Sheet, tile_grid
from alexnet_viz.display import number_text
from alexnet_viz.errors import UnitError
from alexnet_viz.figures.units import patch_tiles, unit_picture, waiting_picture
from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared import jobs
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.job_progress import gather, problems
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.shared.unit import WEIGHTED_LAYERS, unit_label
from alexnet_viz.ui.units.exemplars import Searched, SearchRequest, patches_of, search_task
from alexnet_viz.ui.units.views import picture_task, value_name
from alexnet_viz.units.choices import Choices
from alexnet_viz.units.objectives import unit as unit_of
from alexnet_viz.units.quiz import CHANCE, PEOPLE, Trial, interval, trials
from alexnet_viz.values import OptimisedImages, Patch

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

_MOST_SETS = 9999
REFERENCE = Control(
    Setting(
        "reference",
        "choice",
        "both",
        "Reference pictures",
        "What is there to guess from: a picture made to drive the unit, photos that do, or both.",
        options={"optimised": "optimised picture", "photos": "photos", "both": "both"},
    )
)
SEED = Control(Setting("quiz", "int", 0, "Question set", "Another number draws other units.", low=0, high=_MOST_SETS))
_STATE, _LOG = "_quiz", "_quiz_log"
_SIDE = 224  # of the optimised picture, in pixels


@dataclass
class _Score:
    """A visitor's answers to one quiz: whether each was right."""

    quiz: tuple
    answers: list[bool] = field(default_factory=list)
    is_shown: bool = False  # the answer to the last question


def quiz(model: Model, layer: str, request: SearchRequest) -> None:
    """One question after the other, and then the score beside what people reached in the paper."""
    found = jobs.made.peek(request)
    if found is None:  # else a question's picture may be forming, which a second job would end
        (found,) = gather([search_task(model, request)], [True])
        problems([found])
        if not isinstance(found, Searched):
            return
    try:
        questions = trials(found.exemplars, layer, _seed())
    except UnitError as error:
        st.info(markdown(str(error)), icon=":material/info:")
        return
    score = _score((request, layer, SEED.value, REFERENCE.value))
    number = len(score.answers) - score.is_shown
    if number < len(questions):
        _question(model, found, questions[number], score, number, len(questions))
    if score.answers:
        _result(score.answers, len(questions))
        _split(_log())


def _seed() -> int:
    """Each kind of reference has questions of its own: an answer told with one kind would help with another."""
    return list(REFERENCE.setting.options).index(REFERENCE.value) * (_MOST_SETS + 1) + SEED.value


def _score(identity: tuple) -> _Score:
    """The visitor's answers to this quiz; another one begins anew."""
    score = st.session_state.get(_STATE)
    if score is None or score.quiz != identity:
        score = st.session_state[_STATE] = _Score(identity)
    return score


def _question(model: Model, found: Searched, trial: Trial, score: _Score, number: int, total: int) -> None:
    """The references on the left, the two candidates with their buttons on the right."""
    references, *choices = _patches(model, found, trial)
    left, right = st.columns([1.15, 1], gap="large")
    with right:
        st.markdown("Which of these two drives it more?")
        places = st.container(key="quiz_choices").columns(2)
        for choice, (column, patches) in enumerate(zip(places, choices, strict=True)):
            with column:
                (tile,) = patch_tiles(patches, masked=False)
                st.image(tile, width="stretch", alt=f"Choice {'AB'[choice]}")
                _choice(score, trial, choice)
        _answer(score, trial)
    with left:
        st.markdown(f"**Question {number + 1} of {total}.** These drive one unit of {trial.layer}:")
        _references(model, trial, references, f"A picture made to drive the unit of question {number + 1}")


def _references(model: Model, trial: Trial, patches: list[Patch], alt: str) -> None:
    """What there is to guess from; a picture that still forms has its progress below."""
    with_picture, with_photos = (REFERENCE.value in (kind, "both") for kind in ("optimised", "photos"))
    place = st.container(key="quiz_references")
    picture_at, photos_at = place.columns([1, 1.9]) if with_picture and with_photos else (place,) * 2
    if with_photos:
        with photos_at:
            tiles = patch_tiles(patches, masked=False)
            tile_grid([Sheet(tiles, "What drives the unit")], np.arange(len(tiles)), key="quiz_photos", noun="photo")
    if with_picture:
        task = picture_task(model, (unit_of(trial.layer, trial.unit),), Choices(), "Optimised picture")
        (image,) = gather([task], [True])
        problems([image])
        shown = unit_picture(image.pixels[0], _SIDE) if isinstance(image, OptimisedImages) else waiting_picture(_SIDE)
        picture_at.image(shown, width="stretch" if with_photos else _SIDE, alt=alt)


def _patches(model: Model, found: Searched, trial: Trial) -> list[list[Patch]]:
    """What the unit sees of the references, of choice A, of choice B."""
    return [
        patches_of(
            model,
            found.collection,
            trial.layer,
            trial.unit,
            [cell.photo for cell in cells],
            [cell.cell for cell in cells],
        )
        for cells in (trial.references, *((choice,) for choice in trial.choices))
    ]


def _choice(score: _Score, trial: Trial, choice: int) -> None:
    """The button of a choice; once it is answered, the unit's value there."""

    def answer() -> None:
        if not score.is_shown:  # a double click is one answer
            # The first answer to a question counts: its right one has been told.
            _log().setdefault((score.quiz, len(score.answers)), choice == trial.right)
            score.answers.append(choice == trial.right)
            score.is_shown = True

    if score.is_shown:
        more = ", and drives it more" if choice == trial.right else ""
        value = number_text(trial.choices[choice].value)
        st.markdown(f"**{'AB'[choice]}**: {value_name(trial.layer)} {value}{more}.")
    else:
        st.button("AB"[choice], key=f"quiz_{choice}", width="stretch", on_click=callback(answer))


def _answer(score: _Score, trial: Trial) -> None:
    """Whether the answer was right, and on to the next question."""

    def go_on() -> None:
        score.is_shown = False

    if score.is_shown:
        noun = unit_label(trial.layer.startswith("conv")).lower()
        mark = "Right." if score.answers[-1] else f"No: it is {'AB'[trial.right]}."
        st.markdown(f"**{mark}** It is {noun} {trial.unit} of {trial.layer}.")
        st.button("Next", key="quiz_next", type="primary", on_click=callback(go_on))


def _result(answers: Sequence[bool], total: int) -> None:
    """The score so far with its interval, beside chance and what people reached in the paper."""
    right = sum(answers)
    low, high = interval(right, len(answers))
    done = (
        "" if len(answers) < total else " That was the last question: another number as *Question set* draws new ones."
    )
    st.markdown(
        f"**{right} of {len(answers)} right, {right / len(answers):.0%}** (95% interval {low:.0%} to {high:.0%}; "
        f"guessing gives {CHANCE:.0%}).{done}"
    )


def _log() -> dict[tuple[tuple, int], bool]:
    """All of the visit's first answers: whether each was right, by quiz and number of the question."""
    return st.session_state.setdefault(_LOG, {})


def _split(log: dict[tuple[tuple, int], bool]) -> None:
    """The visit's answers by kind of reference and by layer, beside what people reached in the paper."""
    groups: dict[tuple[str, str], list[bool]] = {}
    for ((_, layer, _, kind), _), is_right in log.items():
        groups.setdefault((kind, layer), []).append(is_right)
    layers = [layer for layer in WEIGHTED_LAYERS if any(layer == of for _, of in groups)]
    heads = ["Reference pictures", *layers, "all layers", "people in the paper"]
    rows = [heads, [":--", *["--:"] * (len(heads) - 1)]]
    for kind in REFERENCE.setting.options:
        cells = [groups.get((kind, layer), []) for layer in layers]
        people = "{:.0%} ± {:.0%}".format(*PEOPLE[kind]) if kind in PEOPLE else "–"
        rows.append(
            [
                REFERENCE.setting.title(kind),
                *map(_share, cells),
                _share([right for cell in cells for right in cell]),
                people,
            ]
        )
    st.markdown("\n".join(f"| {' | '.join(row)} |" for row in rows))
    st.caption(
        "This visit's answers, the first to each question. People in the paper: another network, references of what "
        "drives a unit up and down, one number for all layers, ± as the paper gives it (Borowski et al. 2021)."
    )


def _share(answers: Sequence[bool]) -> str:
    """How many of the answers were right, in words for a table."""
    return f"{sum(answers)} of {len(answers)}, {sum(answers) / len(answers):.0%}" if answers else "–"
