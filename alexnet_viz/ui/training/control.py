"""What can be done with a run: stop, end, resume, open elsewhere, download, annotate, delete."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from alexnet_viz import permissions
from alexnet_viz.training import launcher, runs
from alexnet_viz.ui.shared.error_boundary import callback, error_boundary
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.training.feed import rows_of
from alexnet_viz.ui.training.moved_data import moved_data
from alexnet_viz.ui.training.watch import forget_run

_PAGES = Path(__file__).parents[3] / "pages"


def controls(run: runs.Run | runs.UnreadableRun, place: Sequence[DeltaGenerator]) -> None:
    """Stop, end or resume it; open it elsewhere; its files, its notes, its end. Nothing for a run that is gone.

    The audience can open it elsewhere and read and download what there is.
    """
    first, second, third = place
    may_change = permissions.current().runs
    if run.state == "gone" or (isinstance(run, runs.UnreadableRun) and not may_change):
        return
    if isinstance(run, runs.UnreadableRun):
        with third, st.popover("Files", icon=":material/folder_open:", width="stretch", help="Delete."):
            _delete(run, busy=False)
        return
    with first:
        lost = run.stalled and run.elsewhere  # that machine may be gone for good; the run's lock knows whether it is
        if not may_change:
            pass
        elif (run.state == "stopping" or run.stalled) and not lost:
            _end(run)
        elif run.state in runs.ACTIVE and not lost:
            with st.popover("Stop", icon=":material/stop:", width="stretch", help="Asks first."):
                st.write("It writes a checkpoint at its next step and ends. **Resume** goes on from there.")
                if st.button("Yes, stop it", type="primary", key="stop"):
                    launcher.ask_to_stop(run.path)
                    st.rerun()
        elif run.state != "finished":
            st.button(
                "Resume",
                icon=":material/play_arrow:",
                key="resume",
                width="stretch",
                type="primary",
                help="From its last good checkpoint.",
                on_click=callback(partial(launcher.start, run.path, queue=True)),
            )
    with second:
        _elsewhere(run)
    with third, st.popover("Files", icon=":material/folder_open:", width="stretch", help="Downloads, notes, delete."):
        _files(run)
    moved_data(run)


def _end(run: runs.Run) -> None:
    with st.popover("End at once", icon=":material/dangerous:", width="stretch", help="Asks first."):
        if run.elsewhere:
            st.write(markdown(f"Its process is on {run.elsewhere}, which alone can end it: wait, or end it there."))
            return
        st.write(
            "For a run that does not stop: its process is ended, and what it learned since its last checkpoint is lost."
        )
        if st.button("Yes, end it", type="primary", key="kill"):
            with st.spinner("Ending it …"):
                launcher.end(run.path)
            st.rerun()


def _elsewhere(run: runs.Run) -> None:
    """Links to the other pages with this run's weights."""
    ready = run.weights is not None
    with st.popover(
        "Use it",
        icon=":material/open_in_new:",
        width="stretch",
        disabled=not ready,
        help="Open the other pages with its weights, its best checkpoint's."
        if ready
        else "After its first checkpoint.",
    ):
        for script in sorted(set(_PAGES.glob("*/*.py")) - {_PAGES / "train" / "train.py"}):
            st.page_link(
                str(script), label=script.stem.replace("_", " ").capitalize(), query_params={"weights": f"run:{run.id}"}
            )


def _files(run: runs.Run) -> None:
    weights = run.weights
    st.download_button(
        "Checkpoint (.safetensors)",
        lambda: weights.read_bytes() if weights else b"",
        f"{run.id}.safetensors",
        "application/octet-stream",
        icon=":material/download:",
        disabled=weights is None,
        on_click="ignore",
        help="The best epoch's weights, else the last.",
    )
    st.download_button(
        "Metrics (.csv)",
        lambda: _csv(rows_of(run)),
        f"{run.id}.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
        help="One row of numbers each few steps.",
    )
    st.download_button(
        "Recipe (.json)",
        (run.path / "config.json").read_bytes(),
        f"{run.id}.json",
        on_click="ignore",
        icon=":material/download:",
        help="config.json as it was at the start.",
    )
    with error_boundary():
        _notes(run)
    if permissions.current().runs:
        _delete(run, busy=run.state in runs.ACTIVE and runs.read_launch(run.path).pid != 0)


def _notes(run: runs.Run) -> None:
    key = f"notes-{run.id}"
    st.text_area(
        "Notes",
        runs.read_notes(run.path),
        key=key,
        help="Kept beside the run, in notes.txt.",
        disabled=not permissions.current().runs,
        on_change=callback(lambda: runs.write_notes(run.path, st.session_state[key])),
    )


def _delete(run: runs.Run | runs.UnreadableRun, *, busy: bool) -> None:
    sure = st.checkbox(
        "Delete this run for good",
        key=f"sure-{run.id}",
        disabled=busy,
        help="Stop it first." if busy else "Checkpoints, curves, film: all of it.",
    )
    if sure:
        st.button(
            "Delete",
            type="primary",
            icon=":material/delete:",
            key="delete",
            on_click=callback(_delete_now),
            args=(run.path,),
        )


def _delete_now(path: Path) -> None:
    launcher.delete(path)
    forget_run()


def _csv(rows: list[dict]) -> str:
    """All rows as a table; the numbers of inner dictionaries as outer/inner."""
    flat = [{name: value for key, inner in row.items() for name, value in _flat(key, inner)} for row in rows]
    first = ("split", "attempt", "step", "epoch", "loss", "top1", "top5")
    text = io.StringIO()
    table = csv.DictWriter(text, list(dict.fromkeys((*first, *(name for row in flat for name in row)))))
    table.writeheader()
    table.writerows(flat)
    return text.getvalue()


def _flat(name: str, value: Any) -> list[tuple[str, Any]]:
    return [(f"{name}/{key}", inner) for key, inner in value.items()] if isinstance(value, dict) else [(name, value)]
