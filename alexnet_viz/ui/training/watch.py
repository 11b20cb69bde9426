"""Watching a run: its live curves, what goes on inside it, and the film of its learning."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from alexnet_viz.bounded import Bounded
from alexnet_viz.components.film import film
from alexnet_viz.components.line_charts import line_charts
from alexnet_viz.disk import runs_folder
from alexnet_viz.figures import training as figures
from alexnet_viz.training import launcher, runs
from alexnet_viz.training.snapshots import read_photo, read_snapshot, snapshot_steps
from alexnet_viz.ui import address
from alexnet_viz.ui.guard import guarded
from alexnet_viz.ui.training import duration
from alexnet_viz.values import Chart

_FILM_LENGTH = 120  # frames at most


class _Followed:
    """A run's rows, read once for all who watch: only what is new is read at each look."""

    def __init__(self, path: Path) -> None:
        self._path, self._guard = path, threading.Lock()
        self._offset, self._all, self._latest = 0, [], []

    def rows(self) -> list[dict]:
        with self._guard:
            fresh, self._offset = runs.read_metrics(self._path, self._offset)
            if fresh:
                self._all += fresh
                self._latest = runs.latest(self._all)
            return self._latest


_followed: Bounded[_Followed] = Bounded(16)
_charts: Bounded[list[Chart]] = Bounded(64)
_starts: Bounded[np.ndarray] = Bounded(16)
_frames: Bounded[tuple[bytes, list, dict]] = Bounded(64 << 20, lambda frame: len(frame[0]))


def rows_of(run: runs.Run) -> list[dict]:
    """The rows of a run that count so far."""
    return _followed.get((run.path, run.created), lambda: _Followed(run.path)).rows()


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
    """A run's curves and film; the live parts refresh by themselves while the run is under way."""
    st.session_state._seen = _marks(run)
    st.session_state._film_sent = None  # the newest frame goes out again; the browser asks for others that it lacks
    if run.recipe.machines > 1 and run.state not in ("finished", "running"):
        st.caption("This run takes several machines. Type on each, with the first one's name in it, or give to sbatch:")
        st.code(launcher.machines_command(run.path, run.recipe), language="sh", wrap_lines=True)
        st.code(launcher.slurm_script(run.path, run.recipe), language="sh", wrap_lines=True)
    every = 1.0 if run.state in runs.ACTIVE else None
    left, right = st.columns([2, 1], gap="medium")
    with left:
        _refreshing(_live, every)(run.id)
        _refreshing(_inside, every and 5.0)(run.id)
    with right:
        _refreshing(_film, every and 3.0)(run.id)  # pictures come more rarely than rows


def _refreshing(part: Callable[[str], None], every: float | None) -> Callable[[str], None]:
    """A part of the page that runs by itself; a run that was deleted meanwhile gets its sentence."""

    def drawn(run_id: str) -> None:
        with guarded():
            part(run_id)

    drawn.__qualname__ = part.__qualname__  # by which Streamlit tells fragments apart
    return st.fragment(drawn, run_every=every)


# --- live ----------------------------------------------------------------------------------------


def _live(run_id: str) -> None:
    """What changes while a run goes on."""
    run = runs.read_run(runs.find_run(run_id))
    rows, status, state = rows_of(run), run.status, st.session_state
    st.progress(min(1.0, status.step / status.steps) if status.steps else 0.0, _progress(run))
    if run.state == "failed":
        st.error(status.error or "The worker ended without a word. These are its last lines; Resume goes on from its "
                 "last good checkpoint.")  # fmt: skip
        with st.expander("The last lines of its log", expanded=not status.error, icon=":material/terminal:"):
            st.code(runs.log_tail(run.path, 12) or "There is no log.", language=None, wrap_lines=True)
    if run.stalled:
        st.warning("The worker lives but has given no sign for a while.")
    for note in status.about.get("notes", ()):
        st.caption(note)
    if rows:
        how = {"smooth": state.get("smooth", 0.6), "log": state.get("log", False)}
        how["steps"] = status.steps if run.state in runs.ACTIVE else 0
        shown = ("loss", state.get("accuracy", "top1"))
        charts = _drawn(run, rows, (shown, *how.values()), lambda: [figures.curves(rows, one, **how) for one in shown])
        line_charts(charts, 2, 260, key="curves")
        smooth, log, which = st.columns(3, vertical_alignment="center")
        smooth.slider("Smoothing", 0.0, 0.95, 0.6, 0.05, key="smooth", persist_state="session",
                      help="Of the training curves, as in TensorBoard.")  # fmt: skip
        log.toggle("Log scale", key="log", persist_state="session", help="Of the loss: shows the late, slow progress.")
        which.segmented_control("Accuracy", ["top1", "top5"], format_func=figures.MEASURES.get, default="top1",
                                required=True, key="accuracy", persist_state="session",
                                help="Top-5: the class is among the five strongest.")  # fmt: skip
    elif run.state in runs.ACTIVE:
        st.info("The curves begin with the first steps.", icon=":material/show_chart:")
    if _marks(run) != state.get("_seen"):
        st.rerun()


def _marks(run: runs.Run) -> tuple:
    """What the controls above and the results below depend on: the page runs anew when it changes."""
    return run.state, run.stalled, run.status.best_top1, runs.weights_path(run.path) is not None


def _progress(run: runs.Run) -> str:
    """Where it stands, in one line."""
    status = run.status
    parts = [f"**{run.state}**" + (f": {status.activity}" if run.state in runs.ACTIVE and status.activity else "")]
    if status.steps:
        epochs = run.recipe.epochs
        parts.append(f"epoch {min(epochs, status.epoch + 1)} of {epochs}")
        parts.append(f"step {status.step:,} of {status.steps:,}")
    if run.state == "running" and status.seconds_left:
        parts.append(f"{duration(status.seconds_left)} left")
    if run.state in runs.ACTIVE and status.images_per_second:
        parts.append(f"{status.images_per_second:.0f} images/s")
    if status.best_top1 is not None:
        parts.append(f"best top-1 **{status.best_top1:.1%}**")
    return " · ".join(parts)


def _drawn(run: runs.Run, rows: list[dict], how: tuple, draw: Callable[[], list[Chart]]) -> list[Chart]:
    """Charts of these rows, drawn once for all who look at them."""
    return _charts.get((run.path, run.created, len(rows), rows[-1]["attempt"], *how), draw)


def _inside(run_id: str) -> None:
    """What goes on inside: every few seconds is enough."""
    run = runs.read_run(runs.find_run(run_id))
    rows = [row for row in rows_of(run) if row["split"] == "train"]
    if rows:
        with st.expander("Inside the training", expanded=True, icon=":material/monitor_heart:"):
            line_charts(_drawn(run, rows, ("inside",), lambda: figures.inside(rows)), 2, 200, key="inside")


# --- the film ------------------------------------------------------------------------------------


def _film(run_id: str) -> None:
    """conv1's filters, the fixed photo's maps and its answer; the browser plays by itself.

    A frame is some 100 kB: it gets the newest and those that come, and the others once somebody wants to see them.
    """
    run = runs.read_run(runs.find_run(run_id))
    state = st.session_state
    stride = -(-run.recipe.snapshots // _FILM_LENGTH) or 1
    steps = snapshot_steps(run.path)[::stride]
    if not steps or (photo := _photo(run)) is None:
        if run.state in runs.ACTIVE:
            st.info("conv1's filters appear here with the first step.", icon=":material/movie:")
        return
    names = runs.class_names(run.path)
    first = len(steps) - 1 if state._film_sent is None else min(state._film_sent, len(steps) - 1)
    found = [_frame(run, step, names) for step in steps[first:]]
    _, _, shapes = _frame(run, steps[-1], names)
    story = {"run": run.id, "steps": list(steps), **shapes, "photo": photo[0], "truth": _name(names, photo[1])}
    if film(story, first, [one[0] for one in found], [one[1] for one in found], key="film"):
        state._film_sent = 0
        st.rerun(scope="fragment")
    state._film_sent = len(steps)


def _frame(run: runs.Run, step: int, names: tuple[str, ...]) -> tuple[bytes, list, dict]:
    """(pixels, top-5, shapes) of a snapshot, made once for all."""
    return _frames.get((run.path, run.created, step), lambda: _make_frame(run, step, names))


def _make_frame(run: runs.Run, step: int, names: tuple[str, ...]) -> tuple[bytes, list, dict]:
    first = snapshot_steps(run.path)[0]
    start = _starts.get((run.path, run.created), lambda: read_snapshot(run.path, first).conv1)
    shot = read_snapshot(run.path, step)
    best = shot.probabilities.argsort()[::-1][:5]
    top = [[_name(names, int(index)), round(float(shot.probabilities[index]), 4)] for index in best]
    filters = shot.conv1.shape
    gained = np.linalg.norm(shot.conv1 - start) / np.linalg.norm(shot.conv1)
    shapes = {
        "filters": [filters[0], *filters[2:]],
        "maps": {name: list(maps.shape) for name, maps in shot.maps.items()},
        # Where the noise of the start outweighs what was learned, the filters as they are show nothing else.
        "look": "learned" if gained < 0.7 else "filters",
    }
    return figures.frame(shot.conv1, start, shot.maps), top, shapes


def _photo(run: runs.Run) -> tuple[str, int] | None:
    """(the fixed photo as a data URI, its class)."""
    if (found := read_photo(run.path)) is None:
        return None
    file = io.BytesIO()
    Image.fromarray(found[0]).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode(), found[1]


def _name(names: tuple[str, ...], index: int) -> str:
    return names[index] if index < len(names) else f"class {index}"
