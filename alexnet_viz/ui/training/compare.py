"""All runs in a table, and the chosen ones beside each other."""

from __future__ import annotations

import dataclasses

import streamlit as st

from alexnet_viz.components.line_charts import encoded, line_charts
from alexnet_viz.display import display_name
from alexnet_viz.errors import DamagedFile
from alexnet_viz.figures.training import MEASURES, compared
from alexnet_viz.settings import Setting
from alexnet_viz.training import runs
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.training import duration
from alexnet_viz.ui.training.feed import rows_of

_COLUMNS = ("run", "state", "problem", "best top-1", "preset", "data", "epoch", "took", "notes")
MEASURE = Control(Setting("compared_measure", "choice", "top1", "Measure", "What the curves show.", options=MEASURES))
SPLIT = Control(
    Setting(
        "compared_split",
        "choice",
        "val",
        "Photos",
        "Measured on which photos.",
        options={"val": "validation", "train": "training"},
    )
)


def runs_table(known: tuple[runs.Run | runs.UnreadableRun, ...]) -> None:
    """The table of runs; what is marked in it is compared below."""
    import pandas as pd

    st.subheader("All runs", anchor=False)
    st.caption("Sort by a click on a column's head; mark several on the left to compare them.")
    table = pd.DataFrame([_row(run) for run in known], columns=_COLUMNS)
    if not any(table["problem"]):
        table = table.drop(columns="problem")
    share = st.column_config.ProgressColumn("best top-1", format="percent", min_value=0, max_value=1)
    event = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key="runs_table",
        column_config={"best top-1": share},
        alt="The runs with their state, recipe and best validation accuracy",
    )
    marked = [known[i] for i in event.selection.rows if i < len(known)]
    chosen = [run for run in marked if isinstance(run, runs.Run)]
    if len(chosen) > 1:
        _compared_curves(chosen)
    elif chosen:
        st.caption("Mark one more to compare, or look at this one above.")


def _row(run: runs.Run | runs.UnreadableRun) -> dict:
    """A run's line in the table, by its columns; what is wrong with it in a column of its own."""
    problem = run.problems[0] if run.problems else ""
    if isinstance(run, runs.UnreadableRun):
        return {"run": run.id, "state": run.state, "problem": problem}
    status, recipe = run.status, run.recipe
    done = max(0.0, status.progressed - run.created) if status.progressed else None
    return {
        "run": run.id,
        "state": run.state,
        "problem": problem,
        "best top-1": status.best_top1,
        "preset": recipe.preset,
        "data": display_name(recipe.data),
        "epoch": f"{min(recipe.epochs, status.epoch + 1) if status.steps else 0} of {recipe.epochs}",
        "took": duration(done) if done else None,
        "notes": _first_note(run),
    }


def _first_note(run: runs.Run) -> str:
    try:
        return runs.read_notes(run.path).strip().partition("\n")[0]
    except DamagedFile as error:
        return str(error)


def _compared_curves(chosen: list[runs.Run]) -> None:
    """Curves of several runs on one chart, and where their recipes differ."""
    import pandas as pd

    left, right = st.columns(2)
    measure, split = MEASURE.segmented_control(left), SPLIT.segmented_control(right)
    chart = compared({run.id: rows_of(run) for run in chosen}, measure, split)
    line_charts(encoded([chart]), 1, 340, key="compared")
    recipes = [dataclasses.asdict(run.recipe) for run in chosen]
    differ = [name for name in recipes[0] if len({str(recipe[name]) for recipe in recipes}) > 1]
    if not differ:
        st.caption("Their recipes are the same.")
        return
    st.markdown("**Where their recipes differ**")
    columns = {
        run.id: [display_name(recipe[name]) for name in differ] for run, recipe in zip(chosen, recipes, strict=True)
    }
    st.dataframe(
        pd.DataFrame({"setting": [name.replace("_", " ") for name in differ], **columns}),
        hide_index=True,
        alt="The settings in which the chosen runs differ",
    )
