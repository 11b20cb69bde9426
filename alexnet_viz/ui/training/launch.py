"""Launching a run: a preset and data, any setting changed, what it will cost, and Start."""

from __future__ import annotations

import contextlib
import math
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from alexnet_viz import permissions
from alexnet_viz.disk import runs_folder
from alexnet_viz.errors import DataError, UserError
from alexnet_viz.figures.architecture import human
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.settings import Setting
from alexnet_viz.training import data, estimate, launcher, runs
from alexnet_viz.training.recipe import NEED_A_PLACE, PRESET_DURATIONS, PRESETS, Recipe, parse, settings
from alexnet_viz.ui.shared.controls import with_bounds
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.training import duration
from alexnet_viz.ui.training.data_summary import data_summary
from alexnet_viz.ui.training.watch import RUN

_SOURCES = {
    "textures": "Textures (comes with the app)",
    "folder": "A folder or zip of photos",
    "cifar10": "CIFAR-10",
    "imagenette": "Imagenette",
    "imagenet": "ImageNet",
}
_PLACES = {
    "folder": "A folder with one folder of photos a class, or a .zip of one, on this machine.",
    "cifar10": "The folder with cifar-10-python.tar.gz, or where to download it to; empty: the app's cache.",
    "imagenette": "The folder with imagenette2-320.tgz, or where to download it to; empty: the app's cache.",
    "imagenet": "The folder with the three archives from image-net.org.",
}
_STARTED, _STARTS = "_last_start", "_starts"
_DOUBLE_CLICK = 2.0  # seconds
_costs: LRUCache[Future] = LRUCache(32)
_timing = ThreadPoolExecutor(1, "cost")  # one at a time: each takes all cores


def _recipe(preset: str, place: str, summary: DeltaGenerator) -> Recipe | None:
    """What the form asks for, with what its data hold in ``summary``; None, and why, where it cannot start."""
    try:
        values = _changed_values(PRESETS[preset])
        recipe = PRESETS[preset].changed(**{"data": place, **values})
        data.check_place(recipe)
        summary.caption(_summary(recipe, len(values)))
        with summary:
            return recipe if data_summary(recipe) else None
    except UserError as error:
        summary.error(markdown(str(error)), icon=":material/block:")
        if isinstance(error, DataError) and place.partition(":")[0] in data.DOWNLOADS:
            _offer(recipe, summary)
        return None


def new_run(*, expanded: bool) -> DeltaGenerator:
    """Where the form stands: one line while there are runs to look at, folded again by each start."""
    starts = st.session_state.get(_STARTS, 0)
    return st.expander("Start a new run", expanded, icon=":material/add:", key=f"new_run-{starts}")


def launch() -> None:
    """The form; what cannot work says so before anything starts."""
    state = st.session_state
    first, second, third, fourth, fifth = st.columns([3, 4, 2, 2, 2], vertical_alignment="bottom")
    name = first.selectbox(
        "Preset",
        list(PRESETS),
        format_func=lambda preset: f"{preset} ({PRESET_DURATIONS[preset]})",
        key="preset",
        persist_state="session",
        help="quick learns within minutes on a laptop; the others follow their papers.",
    )
    source = second.selectbox(
        "Data",
        list(_SOURCES),
        format_func=_SOURCES.__getitem__,
        key="data_source",
        persist_state="session",
        help="Textures are made by formula; the others are read from this machine.",
    )
    place = (
        ""
        if source == "textures"
        else st.text_input(
            "Where",
            key="data_place",
            help=_PLACES[source],
            persist_state="session",
            placeholder="in the app's cache" if source in data.DOWNLOADS else "/path/on/this/machine",
        ).strip()
    )
    summary = st.container()
    if third.toggle("Settings", key="settings", help="Everything that a run can be given, grouped."):
        _settings_form(PRESETS[name])
    if source in NEED_A_PLACE and not place:
        summary.info(f"Where are the photos? {_PLACES[source]}", icon=":material/folder_open:")
        recipe = None
    else:
        recipe = _recipe(name, f"{source}:{place}" if place else source, summary)
    asked = fourth.button(
        "Cost?",
        icon=":material/timer:",
        key="cost",
        width="stretch",
        disabled=recipe is None,
        help="What will it cost? Times a few real steps in a process of its own.",
    )
    started = fifth.button(
        "Start",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        key="start",
        disabled=recipe is None,
        help="In a process of its own: it goes on when this page is closed.",
    )
    if recipe is None:
        return
    if asked:
        state._cost = (recipe, state.get("_cost", (None, 0))[1] + 1)
    with summary:
        if started:
            _start(recipe)
        if state.get("_cost", (None,))[0] == recipe:
            st.fragment(_cost, run_every=None if _cost_of(state._cost).done() else 1.0)()


def _offer(recipe: Recipe, place: DeltaGenerator) -> None:
    """To fetch data that are missing."""
    size = data.DOWNLOADS[recipe.data.partition(":")[0]]
    if place.button(
        f"Download it ({size})",
        icon=":material/download:",
        key="fetch",
        help="From its makers, to this machine; needs the internet.",
    ):
        try:
            with place, st.spinner(f"Downloading {size} …"):
                data.fetch(recipe)
        except UserError as error:
            place.error(markdown(str(error)), icon=":material/wifi_off:")
        else:
            st.rerun()


def _start(recipe: Recipe) -> None:
    """Make a run and start it; a second press within moments is the double click of this visitor, and shows the first.

    Visitors are told apart by their sessions: each gets a run of his own. Once the run is made nothing here draws, for
    that is where Streamlit would end this pass for a second click.
    """
    state = st.session_state
    before, run_id, when = state.get(_STARTED, (None, "", -math.inf))
    if before == recipe and time.monotonic() - when < _DOUBLE_CLICK and run_id in {run.id for run in runs.list_runs()}:
        RUN.choose(run_id)
        st.rerun()
    try:
        with st.spinner("Looking at the data …"):
            launcher.check(recipe)
        path = runs.create_run(recipe)
        if recipe.machines == 1:
            try:
                launcher.start(path, queue=True)
            except UserError:  # nobody has seen the run, and nobody trains it
                with contextlib.suppress(UserError):
                    launcher.delete(path)
                raise
    except UserError as error:
        st.error(markdown(str(error)), icon=":material/block:")
        return
    state[_STARTED] = (recipe, path.name, time.monotonic())
    state[_STARTS] = state.get(_STARTS, 0) + 1
    RUN.choose(path.name)
    st.rerun()


def invitation() -> None:
    """What a visitor sees while there is no run: the classes that the first one would learn."""
    from alexnet_viz.training.textures import CLASS_NAMES, draw

    st.info(
        "No runs yet: press **Start**, and within seconds see the curves grow, and what training adds to conv1's "
        "filters."
        if permissions.current().runs
        else "No runs yet. Once the presenter starts one, you see its curves grow here.",
        icon=":material/movie:",
    )
    st.markdown(f"**{len(CLASS_NAMES)} textures**, drawn by formula: what *quick* learns to tell apart")
    with st.container(horizontal=True, gap="small"):
        for label, name in enumerate(CLASS_NAMES):
            st.image(draw(label, 1)[0], width=112, caption=name, alt=f"A texture of the class {name}")


# --- settings ------------------------------------------------------------------------------------


def _settings_form(recipe: Recipe) -> None:
    """All settings of a preset, grouped."""
    groups: dict[str, list[Setting]] = {}
    for setting in _form_settings():
        groups.setdefault(setting.group, []).append(setting)
    with st.container(border=True):
        for tab, grouped in zip(st.tabs(list(groups)), groups.values(), strict=True):
            columns = tab.columns(4)
            for index, setting in enumerate(grouped):
                with columns[index % 4]:
                    _control(recipe, setting)
        st.button(
            "Back to the preset",
            icon=":material/undo:",
            key="preset_again",
            on_click=callback(_undo),
            args=(recipe,),
            help="Undo all changes of these settings.",
        )


def _form_settings() -> list[Setting]:
    """The settings that have a control of their own in the form."""
    return [setting for name, setting in settings().items() if name not in ("preset", "data")]


def _undo(recipe: Recipe) -> None:
    for setting in _form_settings():
        st.session_state[_key(recipe, setting)] = _widget_value(recipe, setting)


def _key(recipe: Recipe, setting: Setting) -> str:
    return f"recipe-{recipe.preset}-{setting.name}"


def _changed_values(recipe: Recipe) -> dict[str, Any]:
    """What the controls of a preset's settings were changed to, also while they are hidden."""
    changed = {}
    for setting in _form_settings():
        before = _widget_value(recipe, setting)
        after = st.session_state.get(_key(recipe, setting), before)
        if after is None and not setting.optional:
            continue  # a number that was emptied and not filled again
        if after != before:
            changed[setting.name] = parse(setting.name, after) if setting.kind == "text" else after
    return changed


def _control(recipe: Recipe, setting: Setting) -> None:
    """The widget that fits the setting's kind and bounds."""
    value = _widget_value(recipe, setting)
    shared: dict[str, Any] = {
        "label": setting.label,
        "help": setting.help,
        "key": _key(recipe, setting),
        "persist_state": "session",
    }
    if setting.kind == "bool":
        st.toggle(value=value, **shared)
    elif setting.kind in ("int", "float"):
        number = int if setting.kind == "int" else float
        low, high = (None if bound is None else number(bound) for bound in (setting.low, setting.high))
        step, form = (1, "%d") if setting.kind == "int" else (_step(value), "%g")
        shared["help"] = with_bounds(setting.help, low, high)
        st.number_input(value=value, min_value=low, max_value=high, step=step, format=form, placeholder="all", **shared)
    elif setting.kind == "text":
        placeholder = "0:128,20:224" if setting.name == "sizes" else "none: drawn at random"
        st.text_input(value=value, placeholder=placeholder, **shared)
    else:
        options = list(setting.options)
        st.selectbox(options=options, index=options.index(value), **shared)


def _step(value: float) -> float:
    """What one press on + changes: a digit of the value's own size."""
    return 10.0 ** math.floor(math.log10(value)) if value else 0.01


def _widget_value(recipe: Recipe, setting: Setting) -> Any:
    """A recipe's value as the setting's widget holds it."""
    value = getattr(recipe, setting.name)
    return setting.format(value) if setting.kind == "text" else value


# --- what it is, what it costs -------------------------------------------------------------------


def _summary(recipe: Recipe, changes: int) -> str:
    """The recipe in one line."""
    sides = dict.fromkeys([side for _, side in recipe.sizes] or [recipe.final_size])
    parts = [
        f"{recipe.variant} network, fc width {recipe.fc_width:,}",
        f"{recipe.epochs} epochs at {' → '.join(map(str, sides))} pixels",
        f"{recipe.optimizer.upper() if recipe.optimizer == 'sgd' else 'AdamW'}, learning rate "
        f"{recipe.learning_rate:g}, {recipe.schedule}",
        f"batch {recipe.batch_size}",
    ]
    if recipe.data == "textures":
        photos, classes = data.count(recipe)
        parts.insert(0, f"{photos:,} photos of {classes} classes")
        parts[1] += f", {human(estimate.sizes(recipe, classes)[0])} parameters"
    if changes:
        parts.append(f"**{changes} setting{'s' * (changes > 1)} changed**")
    if any(run.state in runs.ACTIVE for run in runs.list_runs(runs_folder())):
        parts.append("waits for the run under way")
    return " · ".join(parts)


def _cost_of(asked: tuple[Recipe, int]) -> Future:
    """The answer, or the promise of one; each question is asked anew, for the machine may have changed."""
    return _costs.get(asked, lambda: _timing.submit(permissions.carried(estimate.in_own_process), asked[0]))


def _cost() -> None:
    answer = _cost_of(st.session_state._cost)
    if not answer.done():
        st.info("Reading the data and timing a few steps … the page goes on meanwhile.", icon=":material/timer:")
        return
    try:
        cost = answer.result()
    except UserError as error:
        st.error(markdown(str(error)), icon=":material/block:")
    else:
        st.info(
            f"About **{duration(cost.seconds)}** on {markdown(cost.device)} in {cost.precision}: {cost.steps:,} "
            f"steps, {cost.steps_per_epoch:,} in each epoch of {cost.photos:,} photos; {human(cost.parameters)} "
            f"parameters, {human(cost.memory, 'B')} of memory, {human(cost.disk, 'B')} of disk.",
            icon=":material/timer:",
        )
    if st.session_state.get("_cost_told") != st.session_state._cost:
        st.session_state._cost_told = st.session_state._cost
        st.rerun()  # the asking every second ends
