"""Watching a run: its live curves, what goes on inside it, and the film of its learning."""

from __future__ import annotations

import dataclasses

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from alexnet_viz.components.film import film
from alexnet_viz.components.line_charts import line_charts
from alexnet_viz.components.progress import progress
from alexnet_viz.disk import runs_folder
from alexnet_viz.errors import DamagedFile, RunError
from alexnet_viz.figures import training as figures
from alexnet_viz.settings import Setting
from alexnet_viz.training import launcher, runs
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.error_boundary import error_boundary
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.training import feed
from alexnet_viz.ui.training.film import problem as film_problem

RUN = Control(Setting("run", "text", None, "Run", "The newest first."))
SMOOTHING = Control(
    Setting(
        "smooth",
        "float",
        0.6,
        "Smoothing",
        "Of the training curves, as in TensorBoard.",
        low=0.0,
        high=feed.SMOOTHEST,
        step=0.05,
    )
)
LOG = Control(Setting("log", "bool", False, "Log scale", "Of the loss: shows the late, slow progress."))
ACCURACY = Control(
    Setting(
        "accuracy",
        "choice",
        "top1",
        "Accuracy",
        "Top-5: the class is among the five strongest.",
        options={key: figures.MEASURES[key] for key in ("top1", "top5")},
    )
)
_KEPT = "_last_run_shown"


def listed_runs() -> tuple[runs.Run | runs.UnreadableRun, ...]:
    """All runs, the newest first, also those that cannot be read."""
    return runs.list_runs(runs_folder())


def chosen_run(
    known: tuple[runs.Run | runs.UnreadableRun, ...], place: DeltaGenerator
) -> runs.Run | runs.UnreadableRun | None:
    """The run to look at, in the address. The choice is drawn in a ``place``, that a run is gone below it.

    Without a choice it is the newest that can be read. No other run takes the place of one that is gone: it stays as
    this page last read it, in the state "gone"; None where the page never read it, or there is no run at all.
    """
    state = st.session_state
    first = next((run.id for run in known if isinstance(run, runs.Run)), known[0].id if known else "")
    now = RUN.resolve(first) or first
    if not now:
        return None
    ids = [run.id for run in known]
    RUN.among([now] * (now not in ids) + ids, now)
    chosen = RUN.selectbox(place, format_func=str)
    if chosen not in ids:
        return _gone(chosen)
    run = next(run for run in known if run.id == chosen)
    state[_KEPT] = run if isinstance(run, runs.Run) else None
    return run


def forget_run() -> None:
    """The chosen run is no more, and that is no news to who deleted it: the newest is looked at next."""
    RUN.forget()
    st.session_state.pop(_KEPT, None)


def _gone(run_id: str) -> runs.Run | None:
    """The run as this page last read it, for good."""
    kept: runs.Run | None = st.session_state.get(_KEPT)
    known = kept if kept is not None and kept.id == run_id else None
    advice = "What you see of it is what this page read last." if known else "Choose another, or start one."
    st.warning(markdown(f"The run {run_id} is gone: it was deleted, or its folder was moved. {advice}"))
    return dataclasses.replace(known, state="gone", stalled=False, weights=None) if known else None


def watch(run: runs.Run | runs.UnreadableRun) -> None:
    """A run's curves and film. While it goes on the browser asks for what is new by itself, see feed.py."""
    if isinstance(run, runs.UnreadableRun):
        for problem in run.problems:
            st.error(markdown(f"The run {run.id} cannot be read: {problem}"), icon=":material/broken_image:")
        return
    if run.recipe.machines > 1 and run.state not in ("finished", "running", "gone"):
        st.caption("This run takes several machines. Type on each, with the first one's name in it, or give to sbatch:")
        st.code(launcher.machines_command(run.path, run.recipe), language="sh", wrap_lines=True)
        st.code(launcher.slurm_script(run.path, run.recipe), language="sh", wrap_lines=True)
    left, right = st.columns([2, 1], gap="medium")
    with left:
        _live(run)
    with right:
        film(run.id, feed.source(run, "film"), feed.pace(run, 2), key="film")


# --- live ----------------------------------------------------------------------------------------


def _live(run: runs.Run) -> None:
    """How far it is, what is wrong with it, and its curves."""
    progress(**feed.progress(run), source=feed.source(run, "progress"), every=feed.pace(run, 1), key="progress")
    if run.state == "failed":
        st.error(
            markdown(run.status.error)
            or "The worker ended without an error message. These are its last lines; Resume goes on from its last good "
            "checkpoint."
        )
        with st.expander("The last lines of its log", expanded=not run.status.error, icon=":material/terminal:"):
            st.code(_log(run), language=None, wrap_lines=True)
    if run.stalled and run.elsewhere:
        st.warning(
            markdown(
                f"The worker on {run.elsewhere} has given no sign for a while. If that machine is gone, Resume goes on "
                "from the last good checkpoint; a worker that lives after all keeps the run."
            )
        )
    elif run.stalled:
        st.warning("The worker lives but has given no sign for a while.")
    for problem in [*run.problems, feed.problem_of_rows(run), film_problem(run)]:
        if problem:
            st.warning(markdown(problem), icon=":material/broken_image:")
    for note in run.status.notes:
        st.caption(markdown(note))
    if feed.rows_of(run):
        st.fragment(_curves)(run)
        with st.expander("Inside the training", expanded=True, icon=":material/monitor_heart:"):
            source, every = feed.source(run, "inside"), feed.pace(run, 5)
            line_charts(feed.inside(run), 2, 200, source=source, every=every, key="inside")
    elif run.state in runs.ACTIVE:
        st.info("The curves begin with the first steps.", icon=":material/show_chart:")


def _log(run: runs.Run) -> str:
    try:
        return runs.log_tail(run.path, 12) or "There is no log."
    except DamagedFile as error:
        return str(error)


def _now(run: runs.Run) -> runs.Run:
    """The run as it is at this moment; as it was, where it is gone or cannot be read any more."""
    try:
        return runs.read_run(run.path)
    except RunError:
        return run


def _curves(run: runs.Run) -> None:
    """Loss and accuracy, and how they are drawn."""
    with error_boundary():
        run = _now(run)
        how = {"accuracy": ACCURACY.value, "smooth": SMOOTHING.value, "log": LOG.value}
        source, every = feed.source(run, "curves", **how), feed.pace(run, 1)
        line_charts(feed.curves(run, **how), 2, 260, source=source, every=every, key="curves")
        left, middle, right = st.columns(3, vertical_alignment="center")
        SMOOTHING.slider(left)
        LOG.toggle(middle)
        ACCURACY.segmented_control(right)
