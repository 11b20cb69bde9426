"""Values of tasks for a page: quick ones at once, slow ones in the background, with progress and a way to stop."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from alexnet_viz.errors import UserError
from alexnet_viz.ui.shared import jobs
from alexnet_viz.ui.shared.jobs import Task
from alexnet_viz.ui.shared.text import markdown

QUICK = 0.4  # seconds to wait for a slow value before a progress bar is drawn


def gather(tasks: Sequence[Task], slow: Sequence[bool], draw_unfinished: Callable[[], None] | None = None) -> list[Any]:
    """Each task's value, or a sentence on what went wrong, or None while it is on its way.

    What is quick is made at once; what is slow begins in the background, with a progress bar and a way to stop it.
    ``draw_unfinished`` draws above that bar, each second anew, what there is so far; not called once all is there.
    Called once in a run: what this visitor had begun before and no longer wants is stopped.
    """
    draw_unfinished = draw_unfinished or _draw_nothing
    values: list[Any] = []
    for task, takes_long in zip(tasks, slow, strict=True):
        value = _value_or_failure(task)
        if value is None and not takes_long:
            try:
                value = jobs.made.get(task.key, partial(task.make, _ignore))
            except UserError as error:
                value = str(error)
        values.append(value)
    waiting = [task for task, value in zip(tasks, values, strict=True) if value is None]
    visitor = st.session_state.setdefault("_visitor", secrets.token_hex(8))
    if not waiting:
        jobs.leave(visitor)
        return values
    stopped = st.session_state.setdefault("_stopped_tasks", set())
    if all(task.key in stopped for task in waiting):
        jobs.leave(visitor)
        draw_unfinished()
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.info(
            f"Stopped: {', '.join(dict.fromkeys(task.title for task in waiting))}.", icon=":material/stop_circle:"
        )
        if right.button("Go on", key="job_again", width="stretch", help="Begin again."):
            stopped.difference_update(task.key for task in waiting)
            st.rerun()
        return values
    job = jobs.start(visitor, waiting)
    job.wait(QUICK)
    drawn = job.finished
    values = [_value_or_failure(task) if value is None else value for task, value in zip(tasks, values, strict=True)]
    if all(value is not None for value in values):
        return values
    _watch(job, drawn, stopped, draw_unfinished)
    return values


def problems(values: Sequence[Any]) -> None:
    """Those of the values that are sentences on what went wrong, each once."""
    for problem in dict.fromkeys(value for value in values if isinstance(value, str)):
        st.error(markdown(problem), icon=":material/info:")


def _ignore(done: int, total: int) -> None:
    pass


def _draw_nothing() -> None:
    pass


def _value_or_failure(task: Task) -> Any:
    value = jobs.made.peek(task.key)
    return jobs.failure(task.key) if value is None else value


def _watch(job: jobs.Job, drawn: int, stopped: set, draw_unfinished: Callable[[], None]) -> None:
    """The progress bar of a job; the page is drawn again when more than ``drawn`` of its values are there."""

    @st.fragment(run_every=1.0)
    def watch() -> None:
        job.look()
        if job.over or job.finished > drawn:
            st.rerun()
        draw_unfinished()
        left, right = st.columns([4, 1], vertical_alignment="center")  # "Stop" fits where the page is two columns
        left.progress(job.share, job.words)
        if right.button("Stop", icon=":material/stop:", key="job_stop", width="stretch", help="Keep what is there."):
            job.stop()
            stopped.update(job.keys)
            st.rerun()

    watch()
