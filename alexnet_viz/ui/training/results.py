"""What a run learned: where it errs, class by class, photo by photo."""

from __future__ import annotations

from functools import partial

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from alexnet_viz.display import display_name
from alexnet_viz.figures.results import (
    MOST,
    NAMED,
    NUMBERED,
    accuracy_bars,
    confusion_matrix,
    mistakes,
    neighbours,
    worst,
    worst_first,
)
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.settings import Setting
from alexnet_viz.training import runs
from alexnet_viz.training.answers import Answers, confusion, read_answers
from alexnet_viz.ui.shared.charts import plotly_chart
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.sidebar import theme
from alexnet_viz.ui.shared.text import markdown

_read: LRUCache[Answers | None] = LRUCache(8)
_drawn: LRUCache[go.Figure] = LRUCache(24)
ALL = "all"
TRUE_CLASS = Control(Setting("wrong_class", "text", ALL, "True class", "Whose photos to show."))
_SHOWN = 24
_LISTED = 30  # mistakes
_MOST_CLASSES = 4096  # their table takes 134 MB
_KEPT = "_answers_shown"


def results(run: runs.Run | runs.UnreadableRun) -> None:
    """Confusion matrix, accuracy of each class and the most wrong photos, of the best epoch so far."""
    if isinstance(run, runs.UnreadableRun):
        return
    state = st.session_state
    if run.state != "gone":
        state[_KEPT] = run.path, _changed(run)
    path, stamp = state.get(_KEPT, (None, None))
    if path != run.path or stamp is None:
        return  # not validated yet
    answers = _read.get((run.path, stamp), lambda: read_answers(run.path))
    if answers is None:
        return  # deleted at this moment
    count = max(len(run.class_names), int(max(answers.label.max(), answers.top5.max())) + 1)
    if count > _MOST_CLASSES:
        st.info(f"There is no confusion matrix for more than {_MOST_CLASSES:,} classes; this run has {count:,}.")
        return
    names = run.class_names + tuple(f"class {i}" for i in range(len(run.class_names), count))
    counts = confusion(answers.label, answers.predicted, count)
    right = int(counts.trace())
    st.subheader("What it learned", anchor=False)
    st.markdown(
        f"After step {answers.step:,}, its best epoch{' so far' * (run.state in runs.ACTIVE)}: **{right:,} of "
        f"{len(answers.label):,}** validation photos right ({right / len(answers.label):.1%}). {_usual(counts, names)}"
    )
    kept = worst(counts)
    if len(kept) < count:
        st.caption(f"Of {count:,} classes, the {MOST} with the most mistakes are drawn.")
    part, titles, shown = counts[kept][:, kept], tuple(names[i] for i in kept), (run.path, stamp, theme())
    few = len(kept) <= NUMBERED
    left, *sides = st.columns([3, 2], gap="medium") if few else (st.container(), *st.columns(2, gap="medium"))
    with left:
        st.markdown(
            "**Confusion matrix**: the true class in rows, what the network said in columns",
            help="Rows and columns are in one order, and classes that are taken for each other side by side in it.",
        )
        plotly_chart(
            _drawn.get((*shown, "confusion"), lambda: _confusion(part, titles)),
            key="confusion",
            alt="Confusion matrix: true classes in rows, what the network said in columns",
        )
        if len(kept) > NAMED:
            _common_mistakes(part, titles)
    for side, half in zip(sides, np.array_split(worst_first(part), len(sides)), strict=True):
        with side:
            st.markdown("**Accuracy of each class**, the worst first" if side is sides[0] else "&nbsp;")
            bars = _drawn.get((*shown, int(half[0])), partial(accuracy_bars, part, titles, half, theme()))
            plotly_chart(bars, key=f"accuracy-{half[0]}", alt="Share of right answers of each class, the worst first")
    _wrong(answers, names)


def _changed(run: runs.Run) -> int | None:
    """When its answers were last written; None while there are none."""
    try:
        return (run.path / "answers.npz").stat().st_mtime_ns
    except FileNotFoundError:
        return None


def _confusion(counts: np.ndarray, names: tuple[str, ...]) -> go.Figure:
    order = neighbours(counts)
    return confusion_matrix(counts[order][:, order], tuple(names[i] for i in order), theme())


def _usual(counts: np.ndarray, names: tuple[str, ...]) -> str:
    """The most common mistakes in words."""
    sentences = [f"{markdown(names[t])} taken for {markdown(names[s])} ({n:,}×)" for t, s, n in mistakes(counts, 3)]
    return f"Most common mistakes: {', '.join(sentences)}." if sentences else ""


def _common_mistakes(counts: np.ndarray, names: tuple[str, ...]) -> None:
    """Beside a matrix without room for names: the most common mistakes by name."""
    st.caption("Point at a cell to read its classes. The most common mistakes by name:")
    totals = counts.sum(1)
    rows = [
        {
            "true class": display_name(names[t]),
            "the network said": display_name(names[s]),
            "photos": n,
            "of the class": n / int(totals[t]),
        }
        for t, s, n in mistakes(counts, _LISTED)
    ]
    st.dataframe(
        rows,
        hide_index=True,
        alt="The most common mistakes: true class, answer, how many photos, and their share of the class",
        column_config={
            "photos": st.column_config.NumberColumn(format="localized"),
            "of the class": st.column_config.NumberColumn(format="percent"),
        },
    )


def _wrong(answers: Answers, names: tuple[str, ...]) -> None:
    """The photos whose true class the network thought least likely."""
    if not len(answers.shown):
        if (answers.predicted == answers.label).all():
            st.success("Every validation photo is right.", icon=":material/check:")
        return
    title, choice = st.columns([2, 1], vertical_alignment="bottom")
    title.markdown("**The most wrong photos**, as the network saw them: the truth, and what it said instead")
    labels = sorted({int(answers.label[row]) for row in answers.shown})
    TRUE_CLASS.among([ALL, *map(str, labels)], ALL)
    label = TRUE_CLASS.selectbox(choice, format_func=lambda option: option if option == ALL else names[int(option)])
    picked = [
        (photo, row)
        for photo, row in zip(answers.photos, answers.shown, strict=True)
        if label in (ALL, str(answers.label[row]))
    ][:_SHOWN]
    captions = [
        f"{markdown(names[answers.label[row]])}: {answers.probability[row]:.0%}  \n"
        f"said {markdown(names[answers.predicted[row]])}: "
        f"{answers.top5_probability[row, 0]:.0%}"
        for _, row in picked
    ]
    with st.container(horizontal=True, gap="small"):
        for (photo, row), text in zip(picked, captions, strict=True):
            st.image(
                photo,
                width=132,
                caption=text,
                alt=f"A photo of {names[answers.label[row]]}, taken for {names[answers.predicted[row]]}",
            )
