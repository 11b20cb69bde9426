"""Maps and measures from the core: quick ones at once, slow ones in the background, with progress and a stop."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from alexnet_viz.attribution.methods import METHODS
from alexnet_viz.errors import UserError
from alexnet_viz.ui.attribution.choices import MapRequest
from alexnet_viz.ui.shared import jobs, queries
from alexnet_viz.ui.shared.jobs import Task
from alexnet_viz.values import Attribution

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

QUICK = 0.4  # seconds to wait for a slow map before a progress bar is drawn


def task(model: Model, wish: MapRequest) -> Task:
    """How a map is made, in the background or at once."""

    def make(progress: jobs.Progress) -> Attribution:
        session = queries.session(model, wish.photo, wish.other)
        return session.attribute(wish.method, wish.target, wish.layer, dict(wish.settings), progress)

    return Task(wish, METHODS[wish.method].title, make)


def gather(tasks: Sequence[Task], slow: Sequence[bool]) -> list[Any]:
    """Each task's value, or a sentence on what went wrong, or None while it is on its way.

    What is quick is made at once; what is slow begins in the background, with a progress bar and a way to stop it.
    Called once in a run: what this visitor had begun before and no longer wants is stopped.
    """
    found: list[Any] = []
    for one, takes_long in zip(tasks, slow, strict=True):
        value = _there(one)
        if value is None and not takes_long:
            try:
                value = jobs.made.get(one.key, partial(one.make, _ignore))
            except UserError as error:
                value = str(error)
        found.append(value)
    waiting = [one for one, value in zip(tasks, found, strict=True) if value is None]
    visitor = st.session_state.setdefault("_visitor", secrets.token_hex(8))
    if not waiting:
        jobs.leave(visitor)
        return found
    stopped = st.session_state.setdefault("_why_stopped", set())
    if all(one.key in stopped for one in waiting):
        jobs.leave(visitor)
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.info(f"Stopped: {', '.join(dict.fromkeys(one.title for one in waiting))}.", icon=":material/stop_circle:")
        if right.button("Go on", key="why_again", width="stretch", help="Begin again."):
            stopped.difference_update(one.key for one in waiting)
            st.rerun()
        return found
    job = jobs.start(visitor, waiting)
    job.wait(QUICK)
    drawn = job.finished
    found = [_there(one) if value is None else value for one, value in zip(tasks, found, strict=True)]
    if all(value is not None for value in found):
        return found
    _watch(job, drawn, stopped)
    return found


def _ignore(done: int, total: int) -> None:
    pass


def _there(one: Task) -> Any:
    value = jobs.made.peek(one.key)
    return jobs.failure(one.key) if value is None else value


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
    return gather([task(*one) for one in asked], [METHODS[wish.method].slow for _, wish in asked])
