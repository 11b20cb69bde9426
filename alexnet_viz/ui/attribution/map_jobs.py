"""Maps and measures from the core: quick ones at once, slow ones in the background, with progress and a stop."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from alexnet_viz.attribution.methods import METHODS
from alexnet_viz.errors import UserError
from alexnet_viz.progress import CountProgress
from alexnet_viz.ui.attribution.choices import MapRequest
from alexnet_viz.ui.shared import jobs, queries
from alexnet_viz.ui.shared.jobs import Task
from alexnet_viz.values import Attribution

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

QUICK = 0.4  # seconds to wait for a slow map before a progress bar is drawn


def task(model: Model, request: MapRequest) -> Task:
    """How a map is made, in the background or at once."""

    def make(progress: CountProgress) -> Attribution:
        session = queries.session(model, request.photo, request.other)
        return session.attribute(request.method, request.target, request.layer, dict(request.settings), progress)

    return Task(request, METHODS[request.method].title, make)


def gather(tasks: Sequence[Task], slow: Sequence[bool]) -> list[Any]:
    """Each task's value, or a sentence on what went wrong, or None while it is on its way.

    What is quick is made at once; what is slow begins in the background, with a progress bar and a way to stop it.
    Called once in a run: what this visitor had begun before and no longer wants is stopped.
    """
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
    stopped = st.session_state.setdefault("_why_stopped", set())
    if all(task.key in stopped for task in waiting):
        jobs.leave(visitor)
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.info(
            f"Stopped: {', '.join(dict.fromkeys(task.title for task in waiting))}.", icon=":material/stop_circle:"
        )
        if right.button("Go on", key="why_again", width="stretch", help="Begin again."):
            stopped.difference_update(task.key for task in waiting)
            st.rerun()
        return values
    job = jobs.start(visitor, waiting)
    job.wait(QUICK)
    drawn = job.finished
    values = [_value_or_failure(task) if value is None else value for task, value in zip(tasks, values, strict=True)]
    if all(value is not None for value in values):
        return values
    _watch(job, drawn, stopped)
    return values


def _ignore(done: int, total: int) -> None:
    pass


def _value_or_failure(task: Task) -> Any:
    value = jobs.made.peek(task.key)
    return jobs.failure(task.key) if value is None else value


def _watch(job: jobs.Job, drawn: int, stopped: set) -> None:
    """The progress bar of a job; the page is drawn again when more than ``drawn`` of its values are there."""

    @st.fragment(run_every=1.0)
    def watch() -> None:
        job.look()
        if job.over or job.finished > drawn:
            st.rerun()
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.progress(job.share, job.words)
        if right.button("Stop", icon=":material/stop:", key="why_stop", width="stretch", help="Keep what is there."):
            job.stop()
            stopped.update(job.keys)
            st.rerun()

    watch()


def maps(asked: Sequence[tuple[Model, MapRequest]]) -> list[Attribution | str | None]:
    """The maps of wishes, as ``gather`` finds them."""
    return gather([task(*request) for request in asked], [METHODS[request.method].slow for _, request in asked])
