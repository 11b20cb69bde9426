"""The training page's parts: launching a run, watching one, its film of learning."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import get_args, get_type_hints

import streamlit as st

from alexnet_viz.disk import runs_folder
from alexnet_viz.errors import RunError, UserError
from alexnet_viz.figures.architecture import human
from alexnet_viz.figures.training import curves, filter_grid, map_grid
from alexnet_viz.training import launcher, runs
from alexnet_viz.training.recipe import PRESETS, Recipe
from alexnet_viz.ui import address
from alexnet_viz.ui.sidebar import theme

ACTIVE = ("queued", "running", "stopping")
CLASSIFY = str(Path(__file__).parents[2] / "pages" / "see" / "classify.py")
_SOURCES = {
    "textures": "Textures (comes with the app)",
    "folder": "A folder or zip of photos",
    "cifar10": "CIFAR-10",
    "imagenette": "Imagenette",
    "imagenet": "ImageNet",
}


# --- launching -----------------------------------------------------------------------------------


def launch() -> None:
    """The form; what cannot work says so before anything starts."""
    left, middle, right = st.columns([1, 1, 1.4])
    name = left.selectbox("Preset", ["quick", *(p for p in PRESETS if p != "quick")], key="preset",
                          help="quick learns within minutes on a laptop; the others follow their papers.")  # fmt: skip
    source = middle.selectbox("Data", list(_SOURCES), format_func=_SOURCES.get, key="data_source",
                              help="Textures are made by formula; the others are read from this machine.")  # fmt: skip
    place = "" if source == "textures" else right.text_input(
        "Where", key="data_place", help="A folder with one folder of photos a class, or a .zip of one.")  # fmt: skip
    try:
        recipe = PRESETS[name].with_changes(f"data={source}:{place}" if place else f"data={source}")
        recipe = recipe.with_changes(*_settings(recipe))
    except UserError as error:
        st.error(str(error))
        return
    start, cost = st.columns([1, 3])
    token = st.session_state.setdefault("_next_run", runs.new_run_id(recipe))
    if start.button("Start", type="primary", icon=":material/play_arrow:", width="stretch", key="start",
                    help="In a process of its own: it goes on when this page is closed."):  # fmt: skip
        try:
            path = runs.create_run(recipe, run_id=token)
        except RunError:
            path = runs.find_run(token)  # a double click: the run is there already
        if recipe.machines == 1:
            launcher.start(path, queue=True)
        del st.session_state["_next_run"]
        st.session_state.run = path.name
        st.rerun()
    if cost.button("What will it cost?", icon=":material/timer:", key="cost",
                   help="Times a few real steps in a process of its own."):  # fmt: skip
        _cost(recipe)


def _settings(recipe: Recipe) -> list[str]:
    """All settings of a recipe, grouped; returns what differs from it, as the shell writes it."""
    changes, kinds = [], get_type_hints(Recipe)
    groups: dict[str, list] = {}
    for field in dataclasses.fields(Recipe):
        if field.name not in ("preset", "data"):
            groups.setdefault(field.metadata["group"], []).append(field)
    with st.expander("All settings", icon=":material/tune:"):
        for tab, (_, fields) in zip(st.tabs(list(groups)), groups.items(), strict=True):
            columns = tab.columns(4)
            for index, field in enumerate(fields):
                before = _as_text(getattr(recipe, field.name))
                key = f"recipe-{recipe.preset}-{field.name}"
                told = {"label": field.name.replace("_", " "), "help": field.metadata["help"], "key": key}
                options = get_args(kinds[field.name])
                with columns[index % 4]:
                    if options and all(isinstance(option, str) for option in options):
                        after = st.selectbox(options=options, index=options.index(before), **told)
                    elif kinds[field.name] is bool:
                        after = _as_text(st.toggle(value=before == "true", **told))
                    else:
                        after = st.text_input(value=before, **told)
                if after != before:
                    changes.append(f"{field.name}={after}")
    return changes


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(f"{start}:{side}" for start, side in value)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _cost(recipe: Recipe) -> None:
    from alexnet_viz.training import data, estimate

    try:
        with st.spinner("Timing a few steps …"):
            splits = data.load(recipe)
            found = estimate.in_own_process(recipe, len(splits.train), len(splits.class_names))
    except UserError as error:
        st.error(str(error))
        return
    st.info(
        f"{human(found.parameters)} parameters, {found.photos:,} photos in {found.steps_per_epoch:,} steps an epoch, "
        f"{found.steps:,} steps in all: about **{_duration(found.seconds)}** on {found.device} in {found.precision}, "
        f"{human(found.memory, 'B')} of memory, {human(found.disk, 'B')} of disk."
    )


# --- watching ------------------------------------------------------------------------------------


def choose_run() -> str | None:
    """The run to look at, in the address; None while there is none."""
    there = [run.id for run in runs.list_runs(runs_folder())]
    if not there:
        return None
    address.seed("run", there[0], allowed=there)
    chosen = st.selectbox("Run", there, key="run", persist_state="session", help="The newest first.")
    address.show("run", chosen)
    return chosen


def watch(run_id: str) -> None:
    """A run's state, curves and film; the live part refreshes by itself while the run is under way."""
    run = runs.read_run(runs.find_run(run_id))
    if run.recipe.machines > 1:
        st.caption("This run takes several machines. Type on each, with the first one's name in it, or give to sbatch:")
        st.code(launcher.machines_command(run.path, run.recipe), language="sh", wrap_lines=True)
        st.code(launcher.slurm_script(run.path, run.recipe), language="sh", wrap_lines=True)
    else:
        _controls(run)
    smooth, log = st.columns(2)
    smooth.slider("Smoothing", 0.0, 0.95, 0.6, 0.05, key="smooth", help="Of the training curves, as in TensorBoard.")
    log.toggle("Logarithmic loss", key="log", help="Shows the late, slow progress.")
    st.fragment(_live, run_every=2.0 if run.state in ACTIVE else None)(run_id)
    if runs.weights_path(run.path):
        st.page_link(CLASSIFY, label="Classify with this run's weights", icon=":material/image_search:",
                     query_params={"weights": f"run:{run_id}"})  # fmt: skip


def _controls(run: runs.Run) -> None:
    first, second, _ = st.columns([1, 1, 3])
    if run.state in ACTIVE:
        if first.button("Stop", icon=":material/stop:", key="stop", help="It writes a checkpoint first."):
            launcher.ask_to_stop(run.path)
            st.rerun()
        if (run.stalled or run.state == "stopping") and second.button("End at once", key="kill", help="SIGKILL."):
            launcher.kill(run.path)
            st.rerun()
    elif run.state in ("stopped", "failed") and first.button("Resume", icon=":material/play_arrow:", key="resume",
                                                              help="From its last good checkpoint."):  # fmt: skip
        launcher.start(run.path, queue=True)
        st.rerun()


def _live(run_id: str) -> None:
    """What changes while a run goes on; only new rows of its metrics are read."""
    run = runs.read_run(runs.find_run(run_id))
    cache = st.session_state.setdefault("_metrics", {}).setdefault(run_id, {"offset": 0, "rows": []})
    fresh, cache["offset"] = runs.read_metrics(run.path, cache["offset"])
    cache["rows"] += fresh
    rows, status = runs.latest(cache["rows"]), run.status
    share = status.step / status.steps if status.steps else 0.0
    left = f", {_duration(status.seconds_left)} left" if run.state == "running" and status.seconds_left else ""
    doing = f" ({status.activity})" if run.state in ACTIVE and status.activity else ""
    st.progress(min(1.0, share), f"**{run.state}**{doing}: step {status.step:,} of {status.steps:,}{left}")
    if run.state == "failed":
        st.error(status.error or "The worker ended without a word: its last lines are below, and Resume is above.")
        st.code(_last_lines(run.path), language=None)
    if run.stalled:
        st.warning("The worker lives but has given no sign for a while.")
    train = [row for row in rows if row["split"] == "train"]
    val = [row for row in rows if row["split"] == "val"]
    numbers = st.columns(4)
    numbers[0].metric("Validation top-1", f"{val[-1]['top1']:.1%}" if val else "–", help="The last epoch's.")
    numbers[1].metric("Best", f"{status.best_top1:.1%}" if status.best_top1 is not None else "–")
    numbers[2].metric("Images/s", f"{status.images_per_second:.0f}" if status.images_per_second else "–")
    waiting = train[-1]["timing"]["data_share"] if train else None
    numbers[3].metric("Waiting for data", "–" if waiting is None else f"{waiting:.0%}", help="Share of the time.")
    state = st.session_state
    for column, what in zip(st.columns(2), ("loss", "top1"), strict=True):
        figure = curves(rows, what, smooth=state.get("smooth", 0.6), log=state.get("log", False), theme=theme())
        column.plotly_chart(figure, key=f"curve-{what}", config={"displayModeBar": False},
                            alt=f"{what} over the steps, training and validation")  # fmt: skip
    _film(run)
    if run.state not in ACTIVE and state.get("_was_active") == run_id:
        state._was_active = None
        st.rerun()  # the controls above change with the end of the run
    if run.state in ACTIVE:
        state._was_active = run_id


def _film(run: runs.Run) -> None:
    """conv1's filters and the fixed photo's feature maps at a chosen step."""
    from alexnet_viz.training.snapshots import read_photo, read_snapshot, snapshot_steps

    steps = snapshot_steps(run.path)
    if len(steps) < 2:
        return
    st.subheader("The film of learning", anchor=False)
    follow = st.toggle("Follow", value=True, key="follow", help="Always the newest picture; off to go back in time.")
    step = steps[-1] if follow else st.select_slider("Step", steps, key="film_step", help="Of the pictures taken.")
    shot = read_snapshot(run.path, step)
    left, right = st.columns([3, 2], gap="large")
    left.image(filter_grid(shot.conv1), width="stretch", caption=f"conv1 after {step:,} steps, each on its own scale",
               alt=f"The {len(shot.conv1)} filters of conv1 as colour tiles")  # fmt: skip
    if photo := read_photo(run.path):
        right.image(photo[0], width=112, caption="the fixed photo", alt="The validation photo that the maps are of")
    right.image(map_grid(shot.maps["relu1"]), width="stretch", caption="its first maps after relu1, 0 is black",
                alt="Feature maps of the fixed photo after relu1")  # fmt: skip


def _last_lines(path: Path, count: int = 12) -> str:
    try:
        return "\n".join((path / "log.txt").read_text("utf-8", "replace").splitlines()[-count:])
    except OSError:
        return "There is no log."


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return time.strftime("%-H h %-M min" if seconds >= 3600 else "%-M min", time.gmtime(seconds))
