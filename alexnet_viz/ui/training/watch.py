"""Watching a run: its live curves, what goes on inside it, and the film of its learning."""

from __future__ import annotations

import streamlit as st

from alexnet_viz.components.film import film
from alexnet_viz.components.line_charts import line_charts
from alexnet_viz.components.progress import progress
from alexnet_viz.disk import runs_folder
from alexnet_viz.figures import training as figures
from alexnet_viz.training import launcher, runs
from alexnet_viz.ui import address
from alexnet_viz.ui.guard import guarded
from alexnet_viz.ui.text import markdown
from alexnet_viz.ui.training import feed


def there() -> tuple[runs.Run, ...]:
    """All runs, the newest first."""
    return runs.list_runs(runs_folder())


def chosen_run(known: tuple[runs.Run, ...]) -> runs.Run:
    """The run to look at, in the address."""
    ids = [run.id for run in known]
    address.seed("run", ids[0], allowed=ids)
    chosen = st.selectbox("Run", ids, key="run", persist_state="session", help="The newest first.")
    address.show("run", chosen)
    return next(run for run in known if run.id == chosen)


def watch(run: runs.Run) -> None:
    """A run's curves and film. While it goes on the browser asks for what is new by itself, see feed.py."""
    if run.recipe.machines > 1 and run.state not in ("finished", "running"):
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
            or "The worker ended without a word. These are its last lines; Resume goes on from its last good "
            "checkpoint."
        )
        with st.expander("The last lines of its log", expanded=not run.status.error, icon=":material/terminal:"):
            st.code(runs.log_tail(run.path, 12) or "There is no log.", language=None, wrap_lines=True)
    if run.stalled:
        st.warning("The worker lives but has given no sign for a while.")
    for note in run.status.about.get("notes", ()):
        st.caption(markdown(note))
    if feed.rows_of(run):
        st.fragment(_curves)(run.id)
        with st.expander("Inside the training", expanded=True, icon=":material/monitor_heart:"):
            source, every = feed.source(run, "inside"), feed.pace(run, 5)
            line_charts(feed.inside(run), 2, 200, source=source, every=every, key="inside")
    elif run.state in runs.ACTIVE:
        st.info("The curves begin with the first steps.", icon=":material/show_chart:")


def _curves(run_id: str) -> None:
    """Loss and accuracy, and how they are drawn."""
    with guarded():
        run, state = runs.read_run(runs.find_run(run_id)), st.session_state
        how = {"accuracy": state.get("accuracy", "top1"), "smooth": state.get("smooth", 0.6),
               "log": state.get("log", False)}  # fmt: skip
        source, every = feed.source(run, "curves", **how), feed.pace(run, 1)
        line_charts(feed.curves(run, **how), 2, 260, source=source, every=every, key="curves")
        smooth, log, which = st.columns(3, vertical_alignment="center")
        smooth.slider("Smoothing", 0.0, 0.95, 0.6, 0.05, key="smooth", persist_state="session",
                      help="Of the training curves, as in TensorBoard.")  # fmt: skip
        log.toggle("Log scale", key="log", persist_state="session", help="Of the loss: shows the late, slow progress.")
        which.segmented_control("Accuracy", ["top1", "top5"], format_func=figures.MEASURES.get, default="top1",
                                required=True, key="accuracy", persist_state="session",
                                help="Top-5: the class is among the five strongest.")  # fmt: skip
