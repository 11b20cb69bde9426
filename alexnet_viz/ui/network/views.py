"""The network page's parts: the depth and unit that are looked at, and their drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from alexnet_viz.components.network_view import Move, network_view
from alexnet_viz.display import number_text
from alexnet_viz.figures.network import Scene, layer_scene, overview_scene, unit_scene
from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared import comparison, photos, queries
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.sidebar import Choice, weight_title
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.shared.unit import CHANNEL, COLUMN, LAYER, ROW, SCALE, SMOOTH, shared_layer, shared_unit, unit_label

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

DEPTH = Control(Setting("depth", "choice", "overview", "Depth", options=("overview", "layer", "unit", "value")))
ROWS = Control(
    Setting(
        "rows",
        "int",
        5,
        "Channels",
        "How many are shown in each layer's column, and of a unit's inputs: the strongest first. The rest is a click "
        "away.",
        low=3,
        high=16,
    )
)
LARGE = Control(
    Setting(
        "large", "bool", False, "Large labels", "In the drawing itself, for a projector: readable from the last row."
    )
)


@dataclass(frozen=True, eq=False)
class Pass:
    """One of the forward passes that are looked at: that of the sidebar's choices, or the one beside it."""

    title: str
    model: Model
    photo: str


@dataclass(frozen=True)
class Place:
    """A depth, and the value looked at; ``shape`` is its layer's, ``rows`` how many channels are shown.

    ``span`` is whose peak the colours of a layer's maps reach to.
    """

    depth: str
    layer: str
    channel: int
    y: int
    x: int
    shape: tuple[int, ...]
    rows: int
    span: str


def chosen(model: Model, reference: str) -> Place:
    """Where the address or the visitor went; a unit not chosen is its layer's strongest, a position its peak."""
    from alexnet_viz.inspection.arithmetic import output, walk
    from alexnet_viz.inspection.overview import ranking

    record = queries.trace(model, reference)
    shapes = {step.layer.name: step.output for step in walk(model.info.spec)}
    layer = shared_layer(list(shapes))
    shape = shapes[layer]
    unit = shared_unit(shape[0], int(ranking(record, layer)[0]))
    values = output(record, layer)[unit]
    peak = np.unravel_index(values.argmax(), values.shape) if values.ndim else (0, 0)
    side = shape[-1] if len(shape) == 3 else 1
    comparison.BESIDE.among(("none", "photo", "weights"), "none")
    y, x = (at.within(0, side - 1, int(best)) for at, best in zip((ROW, COLUMN), peak, strict=True))
    if len(shape) == 1 and DEPTH.value == "unit" and not layer.startswith(("fc", "softmax")):
        DEPTH.choose("value")  # a unit that hands on one value is that value
    return Place(DEPTH.value, layer, unit, y, x, shape, ROWS.value, SCALE.value)


def passes(choice: Choice, model: Model) -> list[Pass]:
    """The pass that is looked at, and the one beside it where that is wanted, with the choice that it takes."""
    what = comparison.BESIDE.value
    if what == "photo":
        other = comparison.photo(choice)
        return [Pass(photos.title(reference), model, reference) for reference in (choice.photo, other)]
    first = Pass(weight_title(choice.weights), model, choice.photo)
    if what == "none":
        return [first]
    second = comparison.weights(choice, model, optional=False)
    if second is None:
        st.info("There are no other weights on this machine: train a run, or name a checkpoint in the sidebar.")
        return [first]
    return [first, Pass(weight_title(second.info.choice), second, choice.photo)]


def show(looked_at: list[Pass], place: Place) -> None:
    """Each pass at a place, in lockstep; where the visitor went in one becomes the place of a new run for all."""
    if len(looked_at) == 1:
        return _view(looked_at[0], place, "network")
    _numbers(looked_at, place)
    narrow = place.depth in ("unit", "value")  # the overview and a layer's channels need the whole width
    columns = st.columns(2) if narrow else [st.container(), st.container()]
    for column, forward_pass, key in zip(columns, looked_at, ("network", "network_beside"), strict=True):
        with column:
            st.subheader(markdown(forward_pass.title), anchor=False)
            if _has(forward_pass, place):
                _view(forward_pass, place, key)
            else:
                missing = f"{markdown(forward_pass.title)} has no such value: {_where(place)}."
                st.info(f"{missing} Choose a layer and unit that both have.")


def _has(forward_pass: Pass, place: Place) -> bool:
    from alexnet_viz.inspection.arithmetic import walk

    shape = {step.layer.name: step.output for step in walk(forward_pass.model.info.spec)}.get(place.layer)
    if place.depth == "overview" or shape is None:
        return shape is not None
    side = shape[-1] if len(shape) == 3 else 1
    return len(shape) == len(place.shape) and place.channel < shape[0] and max(place.y, place.x) < side


def _where(place: Place) -> str:
    where = f", row {place.y}, column {place.x}" if len(place.shape) == 3 else ""
    return f"{place.layer} · {place.channel}{where}"


def _numbers(looked_at: list[Pass], place: Place) -> None:
    """The same value in both passes, side by side: at the overview the strongest class of each."""
    from alexnet_viz.inspection.arithmetic import output

    if place.depth == "overview":
        best = [queries.answer(forward_pass.model, forward_pass.photo).predictions[0] for forward_pass in looked_at]
        parts = [
            f"{markdown(forward_pass.title)}: **{markdown(top.label)}** {top.probability:.1%}"
            for forward_pass, top in zip(looked_at, best, strict=True)
        ]
    elif place.depth == "layer" or not all(_has(forward_pass, place) for forward_pass in looked_at):
        return
    else:
        at = (place.channel, place.y, place.x)[: len(place.shape)]
        values = [
            float(output(queries.trace(forward_pass.model, forward_pass.photo), place.layer)[at])
            for forward_pass in looked_at
        ]
        parts = [
            f"{markdown(forward_pass.title)}: **{number_text(value, '.4g')}**"
            for forward_pass, value in zip(looked_at, values, strict=True)
        ]
        parts = [_where(place), *parts, f"difference **{number_text(values[1] - values[0], '+.4g')}**"]
    st.markdown(" · ".join(parts))


def _view(forward_pass: Pass, place: Place, key: str) -> None:
    """The component at a place."""
    state = st.session_state
    name, scene = _scene(forward_pass.model, forward_pass.photo, place)
    is_sent = state.pop(f"_{key}_has", "") == name
    move = network_view(
        scene.index | {"id": name},
        None if is_sent else scene.block,
        {at: getattr(place, at) for at in ("depth", "layer", "channel", "y", "x")},
        _path(forward_pass.model, forward_pass.photo, place),
        turn=state.setdefault(f"_{key}_turn", 0),
        large=LARGE.value,
        smooth=SMOOTH.value,
        rows=place.rows,
        key=key,
    )
    if move:
        _go(move)
        state[f"_{key}_turn"], state[f"_{key}_has"] = move.turn, move.has
        st.rerun()


def _go(move: Move) -> None:
    DEPTH.choose(move.depth)
    LAYER.choose(move.layer)
    CHANNEL.choose(move.channel)
    for control, at in ((ROW, move.y), (COLUMN, move.x)):
        if at is None:
            control.forget()
        else:
            control.choose(at)


def _scene(model: Model, reference: str, place: Place) -> tuple[str, Scene]:
    """What is drawn at a place, under a name that is another when anything in it is."""
    from alexnet_viz.inspection.activations import peaks
    from alexnet_viz.inspection.arithmetic import output, unit, walk
    from alexnet_viz.inspection.fields import box, placement
    from alexnet_viz.inspection.overview import ranking

    record, info = queries.trace(model, reference), model.info
    inputs = queries.inputs(reference, info.preprocessing)
    name = f"{info.id} {model.device.name} {reference}"
    chain = {step.layer.name: step for step in walk(info.spec)}
    if place.depth == "overview":
        columns = queries.overview(model, reference, place.rows, (place.layer, place.channel))
        scene = overview_scene(columns, inputs, info.categories, place.span)
        return f"{name} {place.rows} {place.layer} {place.channel} {place.span}", scene
    if place.depth == "layer":
        values, kind = output(record, place.layer), chain[place.layer].layer.kind
        most = None
        if place.span == "network" and place.layer != "softmax":
            most = float(peaks(record, values, "network"))
        order = ranking(record, place.layer)
        scene = layer_scene(place.layer, kind, values, order, info.categories, most, place.span == "unit")
        return f"{name} {place.layer} {place.span}", scene
    shown_unit = unit(model.network, record, place.layer, place.channel)
    names = list(chain)
    flat = names[names.index("flatten") - 1], chain["flatten"].input[1]
    ground = placement(info.spec, flat[0])
    fields = (
        [box(info.spec, place.layer, i, i)[::2] for i in range(len(shown_unit.output))]
        if shown_unit.output.ndim
        else []
    )
    scene = unit_scene(shown_unit, inputs, info.categories, flat, ground, fields)
    return f"{name} {place.layer} {place.channel}", scene


def _path(model: Model, reference: str, place: Place) -> list[dict[str, Any]]:
    """The strongest path from the value down to the photo, where a value is looked at."""
    from alexnet_viz.inspection.arithmetic import backtrace

    if place.depth in ("overview", "layer"):
        return []
    record = queries.trace(model, reference)
    stops = backtrace(model.network, record, place.layer, place.channel, place.y, place.x)
    return [vars(stop) for stop in stops]


def choose(model: Model, place: Place) -> None:
    """The row of choices above the drawing; a change of layer or unit goes a step further in."""
    columns = st.container(key="choices").columns([0.9, 0.95, 1.35, 1.15, 0.75, 1.1], vertical_alignment="bottom")
    LAYER.selectbox(
        columns[0],
        on_change=callback(_changed),
        args=("layer",),
        help="Opens all channels of a layer. A click on a column's name does the same.",
    )
    has_maps = len(place.shape) == 3
    CHANNEL.number_input(
        columns[1],
        on_change=callback(_changed),
        args=("unit",),
        label=unit_label(has_maps),
        help=f"{place.layer} has {place.shape[0]:,} {unit_label(has_maps).lower()}s, counted from 0. "
        "A click on one does the same.",
    )
    SCALE.selectbox(columns[2])
    comparison.BESIDE.selectbox(columns[3])
    ROWS.slider(columns[4])
    looks = columns[5].container(gap=None)
    LARGE.toggle(looks)
    SMOOTH.toggle(looks)


def _changed(what: str) -> None:
    """A choice above the drawing leads to the layer's channels, or to the unit; from a value it stays at values."""
    outside = DEPTH.value in ("overview", "layer")
    if what == "layer":
        CHANNEL.forget()
    if what == "layer" or outside:  # to where the unit is strongest
        ROW.forget()
        COLUMN.forget()
    if outside:
        DEPTH.choose(what)
