"""The network page's parts: where the visitor is, and what is to be drawn there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from alexnet_viz.components.network_view import Went, network_view
from alexnet_viz.figures.network import Scene, layer_scene, overview_scene, unit_scene
from alexnet_viz.ui import address, ask
from alexnet_viz.ui.sidebar import current
from alexnet_viz.ui.unit import seed_layer

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

DEPTHS = ("overview", "layer", "unit", "value")
ROWS = (3, 16)
SPANS = {"unit": "each map", "layer": "its layer", "network": "the network"}


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


def chosen(network: Model, reference: str) -> Place:
    """Where the address or the visitor went; a unit not chosen is its layer's strongest, a position its peak."""
    from alexnet_viz.inspection.arithmetic import output, walk
    from alexnet_viz.inspection.overview import ranking

    state, record = st.session_state, ask.trace(network, reference)
    shapes = {step.layer.name: step.output for step in walk(network.info.spec)}
    address.seed("depth", "overview", allowed=DEPTHS)
    seed_layer(list(shapes))
    address.seed("range", "unit", allowed=SPANS)
    address.seed("rows", 5, address.number(*ROWS), range(ROWS[0], ROWS[1] + 1))
    address.seed("large", False, lambda text: text == "True")
    shape = shapes[state.layer]
    strongest = int(ranking(record, state.layer)[0])
    address.seed("channel", strongest, address.number(0, shape[0] - 1), range(shape[0]))
    values = output(record, state.layer)[state.channel]
    peak = np.unravel_index(values.argmax(), values.shape) if values.ndim else (0, 0)
    for key, at in zip(("y", "x"), peak, strict=True):
        side = shape[-1] if len(shape) == 3 else 1
        address.seed(key, int(at), address.number(0, side - 1), range(side))
    if len(shape) == 1 and state.depth == "unit" and not state.layer.startswith(("fc", "softmax")):
        state.depth = "value"  # a unit that hands on one value is that value
    for key in ("depth", "layer", "channel", "y", "x", "rows", "range", "large"):
        address.show(key, state[key])
    return Place(state.depth, state.layer, state.channel, state.y, state.x, shape, state.rows, state.range)


def show(network: Model, reference: str, place: Place) -> None:
    """The component at a place; where the visitor went in it becomes the place of a new run."""
    state = st.session_state
    name, scene = _scene(network, reference, place)
    there = state.pop("_network_has", "") == name
    turn = state.setdefault("_network_turn", 0)
    went = network_view(
        scene.index | {"id": name},
        None if there else scene.block,
        {key: getattr(place, key) for key in ("depth", "layer", "channel", "y", "x")},
        _path(network, reference, place),
        turn=turn,
        large=state.large,
        rows=place.rows,
        key="network",
    )
    if went:
        _go(went)
        st.rerun()


def _go(went: Went) -> None:
    state = st.session_state
    state.depth, state.layer, state.channel = went.depth, went.layer, went.channel
    for key, at in (("y", went.y), ("x", went.x)):
        if at is None:
            state.pop(key, None)
        else:
            state[key] = at
    state._network_turn, state._network_has = went.turn, went.has


def _scene(network: Model, reference: str, place: Place) -> tuple[str, Scene]:
    """What is drawn at a place, under a name that is another when anything in it is."""
    from alexnet_viz.inspection.activations import peaks
    from alexnet_viz.inspection.arithmetic import output, unit, walk
    from alexnet_viz.inspection.fields import placement
    from alexnet_viz.inspection.overview import ranking

    record, info = ask.trace(network, reference), network.info
    inputs = ask.inputs(reference, info.preprocessing)
    name = f"{info.id} {network.device.name} {reference}"
    chain = {step.layer.name: step for step in walk(info.spec)}
    if place.depth == "overview":
        columns = ask.overview(network, reference, place.rows, (place.layer, place.channel))
        scene = overview_scene(columns, inputs, info.categories, place.span)
        return f"{name} {place.rows} {place.layer} {place.channel} {place.span}", scene
    if place.depth == "layer":
        values, kind = output(record, place.layer), chain[place.layer].layer.kind
        most = peaks(record, values, "network") if place.span == "network" and place.layer != "softmax" else None
        order = ranking(record, place.layer)
        scene = layer_scene(place.layer, kind, values, order, info.categories, most, place.span == "unit")
        return f"{name} {place.layer} {place.span}", scene
    one = unit(network.network, record, place.layer, place.channel)
    names = list(chain)
    flat = names[names.index("flatten") - 1], chain["flatten"].input[1]
    scene = unit_scene(one, inputs, info.preprocessing, info.categories, flat, placement(info.spec, flat[0]))
    return f"{name} {place.layer} {place.channel}", scene


def _path(network: Model, reference: str, place: Place) -> list[dict[str, Any]]:
    """The strongest path from the value down to the photo, where a value is looked at."""
    from alexnet_viz.inspection.arithmetic import backtrace

    if place.depth in ("overview", "layer"):
        return []
    record = ask.trace(network, reference)
    stops = backtrace(network.network, record, place.layer, place.channel, place.y, place.x)
    return [vars(stop) for stop in stops]


def choose(place: Place) -> None:
    """The row of choices above the drawing; a change of layer or unit goes a step further in."""
    from alexnet_viz.inspection.arithmetic import walk

    first = st.columns([1.1, 1, 1.1, 1.2, 1.1], vertical_alignment="bottom")
    first[0].selectbox(
        "Layer",
        [step.layer.name for step in walk(ask.model(current()).info.spec)],
        key="layer",
        persist_state="session",
        on_change=_changed,
        args=("layer",),
        help="Opens all channels of a layer. A click on a column's name does the same.",
    )
    first[1].number_input(
        "Unit",
        0,
        place.shape[0] - 1,
        step=1,
        key="channel",
        persist_state="session",
        on_change=_changed,
        args=("unit",),
        help=f"{place.layer} has {place.shape[0]:,} units (channels), counted from 0. A click on a map does the same.",
    )
    first[2].selectbox(
        "Colours reach to",
        SPANS,
        key="range",
        persist_state="session",
        format_func=lambda span: f"peak of {SPANS[span]}",
        help="Each map on a scale of its own shows the most; one scale for a layer, or for the whole network, lets "
        "strengths be compared. In the overview and among a layer's channels.",
    )
    first[3].slider(
        "Channels shown",
        *ROWS,
        key="rows",
        persist_state="session",
        help="In each layer's column, and of a unit's inputs: the strongest first. The rest is a click away.",
    )
    first[4].toggle("Projector size", key="large", persist_state="session", help="Larger type, for the last row.")


def _changed(what: str) -> None:
    """A choice above the drawing leads to the layer's channels, or to the unit; from a value it stays at values."""
    state = st.session_state
    if what == "layer":
        for key in ("channel", "y", "x"):
            state.pop(key, None)
        state.depth = "layer" if state.depth in ("overview", "layer") else state.depth
    else:
        state.depth = "unit" if state.depth in ("overview", "layer") else state.depth
