"""The activations page's parts: all maps of a layer, one channel over the photo, units as strips, answers beside."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.components.map_view import Panel, map_view
from alexnet_viz.components.tile_grid import Sheet, tile_grid
from alexnet_viz.figures.activations import (
    answers_beside,
    change_figure,
    labelled,
    map_tiles,
    patch,
    sheet_picture,
    unit_bars,
    value_histogram,
)
from alexnet_viz.figures.palette import levels, scale
from alexnet_viz.ui.activations import lesion
from alexnet_viz.ui.shared import address, comparison, photos, predict, queries
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.sidebar import Choice, theme
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.shared.unit import choose, chosen_unit, seed_layer, seed_unit
from alexnet_viz.values import Trace

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

SEE = Path(__file__).parents[3] / "pages" / "see"
NETWORK, FILTERS = str(SEE / "network.py"), str(SEE / "filters.py")
ORDERS = {"index": "number", "peak": "peak", "mean": "mean", "sparsity": "sparsity"}
SPANS = {"unit": "each channel", "layer": "the layer", "network": "the network"}
BESIDE = {"none": "nothing", "photo": "another photo", "weights": "other weights", "lesion": "a lesion"}
_QUIET = {"displayModeBar": False}


@dataclass(frozen=True, eq=False)
class Side:
    """One of the passes that are looked at: what is there, or what is set beside it."""

    title: str
    model: Model
    photo: str
    trace: Trace

    def output(self, layer: str) -> np.ndarray | None:
        """A layer's output; ``softmax`` is the probabilities. None where the network has no such layer."""
        if layer == "softmax":
            from alexnet_viz.inspection.predictions import softmax

            return softmax(self.trace.outputs["fc8"]).astype(np.float32)
        return self.trace.outputs.get(layer)


@dataclass(frozen=True)
class Look:
    """What is looked at: a layer, its order, and how far the colour scale reaches."""

    layer: str
    by: str
    span: str


def choices(model: Model) -> tuple[Look, str]:
    """The row of choices above the maps: what is looked at, and what is set beside it."""
    layers = [*(one.name for one in queries.plan(model.info.spec, 1).layers), "softmax"]
    seed_layer(layers)
    address.seed("sort", "index", allowed=ORDERS)
    address.seed("range", "unit", allowed=SPANS)  # a sparse layer on one scale is a dark wall
    address.seed("beside", "none", allowed=BESIDE)
    columns = st.columns(4)
    kept = {"persist_state": "session"}
    columns[0].selectbox("Layer", layers, key="layer", help="In the order of the forward pass.", **kept)
    columns[1].selectbox(
        "Sorted by",
        ORDERS,
        key="sort",
        format_func=ORDERS.get,
        help="Largest peak or mean first; sparsest: fewest active values first.",
        **kept,
    )
    columns[2].selectbox(
        "Colours reach to the peak of",
        SPANS,
        key="range",
        format_func=SPANS.get,
        help="Each channel on its own scale, or one scale for the layer or the whole network: then "
        "strengths can be compared.",
        **kept,
    )
    columns[3].selectbox(
        "Beside it",
        BESIDE,
        key="beside",
        format_func=BESIDE.get,
        help="A second pass in lockstep, with the difference: another photo, other weights, or this "
        "network with some channels silenced.",
        **kept,
    )
    state = st.session_state
    for key in ("layer", "sort", "range", "beside"):
        address.show(key, state[key])
    return Look(state.layer, state.sort, state.range), state.beside


def sides(choice: Choice, model: Model, look: Look, what: str) -> list[Side]:
    """The pass that is looked at, and the one beside it, with the choices that this takes."""
    here = queries.trace(model, choice.photo)
    first = Side(photos.title(choice.photo), model, choice.photo, here)
    output = first.output(look.layer)
    seed_unit(len(output), int(output.reshape(len(output), -1).max(1).argmax()))  # at first the highest peak
    if what == "photo":
        other = comparison.photo(choice)
        return [first, Side(photos.title(other), model, other, queries.trace(model, other))]
    if what == "weights":
        if (second := comparison.weights(choice, model, optional=False)) is None:
            st.info("There are no other weights on this machine: train a run, or name a checkpoint in the sidebar.")
            return [first]
        first = Side(model.info.title, model, choice.photo, here)
        return [first, Side(second.info.title, second, choice.photo, queries.trace(second, choice.photo))]
    if what == "lesion":
        cut = lesion.chosen(model, here, look.layer)
        if cut is None:
            return [first]
        first = Side("As it is", model, choice.photo, here)
        return [first, Side("With the lesion", model, choice.photo, queries.lesioned(model, choice.photo, cut))]
    return [first]


# --- all maps of a layer ---------------------------------------------------------------------------


def all_maps(passes: list[Side], look: Look, unit: int) -> None:
    """Every channel of a layer as one picture, a sheet a pass and one for their difference; a click chooses one."""
    from alexnet_viz.inspection.activations import channel_stats, order

    outputs, alike = _outputs(passes, look.layer)
    stats = channel_stats(outputs[0])
    ranked = order(stats, look.by)
    signed = any(float(one.min()) < 0 for one in outputs)
    peak = _peaks(passes, outputs, look, alike)
    noun = "channel" if outputs[0].ndim == 3 else "unit"
    names = _names(passes[0], look.layer)
    sheets = [
        _sheet(side, one, peak, look, signed, noun, len(passes) > 1) for side, one in zip(passes, outputs, strict=True)
    ]
    lockstep = sheets if alike else sheets[:1]
    if alike and len(outputs) == 2:
        gap = outputs[1] - outputs[0]
        most = float(np.abs(gap).max())
        tiles, legend = levels(map_tiles(gap), most, True), (_short(-most), _short(most), "second − first")
        lockstep = [*lockstep, Sheet(tiles, "The difference of the two", "Difference", scale(True), legend, True)]
    facts = {"peak": stats.peak, "mean": stats.mean}
    if outputs[0].ndim == 3:
        facts["share active"] = stats.active
    else:
        facts = {"value": stats.peak}
    sent = tile_grid(
        lockstep, ranked, key="maps", noun=noun, facts=facts, names=names, selected=unit, on_pick=callback(choose)
    )
    if not alike and len(sheets) == 2:
        other = channel_stats(outputs[1])
        sent += tile_grid(
            sheets[1:],
            order(other, look.by),
            key="maps-beside",
            noun=noun,
            facts={"peak": other.peak},
            selected=unit if unit < len(outputs[1]) else -1,
            on_pick=callback(choose),
        )
    shape = " × ".join(map(str, outputs[0].shape))
    st.caption(f"{look.layer}: {shape} values, {sent / 1000:.0f} kB sent. Click a tile, or walk with the arrow keys.")
    _downloads(passes[0], look, sheets[0], outputs[0], ranked)


def _outputs(passes: list[Side], layer: str) -> tuple[list[np.ndarray], bool]:
    """The passes' outputs at a layer, and whether they can be compared value by value; a missing one says so."""
    outputs = [side.output(layer) for side in passes]
    if outputs[-1] is None:
        st.info(f"{markdown(passes[-1].title)} has no layer {layer}.")
        passes.pop()
        outputs.pop()
    return outputs, len({one.shape for one in outputs}) == 1


def _peaks(passes: list[Side], outputs: list[np.ndarray], look: Look, alike: bool) -> np.ndarray | float:
    """How far the colours reach, the same for both passes."""
    from alexnet_viz.inspection.activations import peaks

    found = [peaks(side.trace, one, look.span) for side, one in zip(passes, outputs, strict=True)]
    if look.layer == "softmax" and look.span == "network":
        return 1.0
    if np.ndim(found[0]) == 0:
        return max(found)
    return np.maximum.reduce(found) if alike else found[0]


def _sheet(
    side: Side, output: np.ndarray, peak: np.ndarray | float, look: Look, signed: bool, noun: str, titled: bool
) -> Sheet:
    own = np.ndim(peak) > 0
    if own and len(peak) != len(output):
        peak = np.abs(output.reshape(len(output), -1)).max(1)
    tiles = levels(map_tiles(output), np.reshape(peak, (-1, 1, 1)), signed)
    high = "its peak" if own else _short(peak)
    low = "0" if not signed else f"−{high}"
    named = {"softmax": "probability", "fc8": "logit"}
    what = named.get(look.layer, "value before ReLU" if signed else "value")
    alt = f"{len(output)} {noun}s of {look.layer} for {photos.title(side.photo)}, {side.title}"
    return Sheet(tiles, alt, side.title if titled else "", scale(signed), (low, high, what), signed=signed)


def _downloads(side: Side, look: Look, sheet: Sheet, output: np.ndarray, ranked: np.ndarray) -> None:
    photo = photos.title(side.photo)  # read now: the files are made when they are asked for, outside this visit's run
    name, title = f"{look.layer}-{photo}", f"{look.layer} · {photo} · {side.model.info.title}"

    def picture() -> bytes:
        buffer = io.BytesIO()
        sheet_picture(sheet.tiles, sheet.scale, ranked, sheet.legend, title).save(buffer, "PNG")
        return buffer.getvalue()

    def arrays() -> bytes:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **{look.layer: output}, order=ranked)
        return buffer.getvalue()

    row = st.container(horizontal=True)
    row.download_button("PNG", picture, f"{name}.png", "image/png", key="png", help="All maps as one picture.")
    row.download_button(
        "NPZ",
        arrays,
        f"{name}.npz",
        "application/octet-stream",
        key="npz",
        help="The layer's values as float32, for NumPy, with the order shown.",
    )


# --- one channel -----------------------------------------------------------------------------------


def one_unit(passes: list[Side], look: Look) -> int:
    """The choice of a channel, for fc8 and softmax by the name of the class, and the way to its value's arithmetic."""
    output = passes[0].output(look.layer)
    names = passes[0].model.info.categories if look.layer in ("fc8", "softmax") else None
    choice, onward = st.columns(2, vertical_alignment="bottom")
    with choice:
        unit = chosen_unit("Class" if names else "Channel" if output.ndim == 3 else "Unit", names)
    place = {"layer": look.layer, "channel": str(unit), "depth": "value"}
    if output.ndim == 3:
        place |= {key: str(at) for key, at in zip("yx", position(output[unit]), strict=True)}
    onward.page_link(
        NETWORK,
        label="Take it apart",
        icon=":material/account_tree:",
        query_params=place,
        help="This very value on the network page: its window, its kernel, every term of its sum.",
    )
    return unit


def over_the_photo(passes: list[Side], look: Look, unit: int) -> None:
    """A channel large over the photo, in every pass, and their difference; a click chooses a position."""
    outputs, alike = _outputs(passes, look.layer)
    peak = _peaks(passes, outputs, look, alike)
    place = position(outputs[0][unit])
    panels = [
        _panel(side, one[unit], float(peak[unit]) if np.ndim(peak) else peak, look, len(passes) > 1)
        for side, one in zip(passes, outputs, strict=True)
        if unit < len(one) and one.shape[1:] == outputs[0].shape[1:]
    ]
    if len(panels) == 2 and alike:
        gap = outputs[1][unit] - outputs[0][unit]
        panels.append(_panel(passes[0], gap, float(np.abs(gap).max()), look, True, difference=True))
    map_view(panels, place, key="channel_view", on_pick=callback(choose_position))


def _panel(side: Side, values: np.ndarray, peak: float, look: Look, titled: bool, difference: bool = False) -> Panel:
    inputs = queries.inputs(side.photo, side.model.info.preprocessing)
    placement, fields = queries.layer_fields(side.model.info.spec, look.layer)
    signed = difference or bool(side.output(look.layer).min() < 0)
    return Panel(
        values=values,
        alt=f"A channel of {look.layer}" + (", the difference" if difference else f" over {photos.alt(side.photo)}"),
        scale=scale(signed),
        peak=peak,
        signed=signed,
        side=inputs.geometry.crop,
        placement=placement,
        fields=fields,
        title="Difference: second − first" if difference else side.title if titled else "",
        photo=None if difference else photos.whole(side.photo),
        geometry=inputs.geometry,
    )


def position(channel: np.ndarray) -> tuple[int, int]:
    """Row and column looked at: what was chosen, at the same place of the photo when the map's size changes; else the
    channel's peak, which the address then leaves open.
    """
    from alexnet_viz.inspection.activations import peak_position

    state, side = st.session_state, channel.shape[-1]
    for key in ("y", "x"):
        address.seed(key, None, address.number(0, 10_000))
    chosen = (state.y, state.x)
    if None in chosen:
        del state.y, state.x
        state.pop("_map_side", None)
        return peak_position(channel)
    before = state.get("_map_side", side)
    if before != side:
        chosen = tuple(int((one + 0.5) / before * side) for one in chosen)
    state.y, state.x = (min(one, side - 1) for one in chosen)
    state._map_side = side
    address.show("y", state.y)
    address.show("x", state.x)
    return state.y, state.x


def choose_position(y: int, x: int) -> None:
    """What a click on the large map does, before the page runs again."""
    st.session_state.y, st.session_state.x = y, x
    st.session_state.pop("_map_side", None)


def _follow_peak() -> None:
    for key in ("y", "x", "_map_side"):
        st.session_state.pop(key, None)


def closer(passes: list[Side], look: Look, unit: int) -> None:
    """The chosen value's patch of the photo, the channel's numbers and its histogram."""
    from alexnet_viz.inspection.activations import peak_position

    outputs, _ = _outputs(passes, look.layer)
    channel = outputs[0][unit]
    y, x = position(channel)
    _, fields = queries.layer_fields(passes[0].model.info.spec, look.layer)
    box = (fields[x][0], fields[y][0], fields[x][1], fields[y][1])
    inputs = queries.inputs(passes[0].photo, passes[0].model.info.preprocessing)
    peak = peak_position(channel)
    seen, told, spread = st.columns([2, 3, 3], gap="medium")
    seen.image(
        patch(photos.load(passes[0].photo), inputs.geometry, box),
        width="stretch",
        alt=f"The part of the photo that the value in row {y}, column {x} sees",
        caption="All of the photo that the chosen value sees",
    )
    told.markdown(
        f"**{look.layer}, channel {unit}, row {y}, column {x}: {channel[y, x]:.5g}**\n\n"
        f"It sees {box[2] - box[0]} × {box[3] - box[1]} of the input's pixels: columns {box[0]} to {box[2] - 1}, rows "
        f"{box[1]} to {box[3] - 1}.\n\nThe channel: peak **{channel.max():.4g}** in row {peak[0]}, column {peak[1]}; "
        f"mean {channel.mean():.4g}; least {channel.min():.4g}; **{(channel > 0).mean():.0%}** of its values above 0."
    )
    links = told.container(horizontal=True, vertical_alignment="center")
    links.page_link(
        FILTERS, label="Its weights", icon=":material/grain:", query_params={"layer": look.layer, "channel": str(unit)}
    )
    links.button(
        "Go to its peak",
        key="to_peak",
        icon=":material/my_location:",
        on_click=callback(_follow_peak),
        disabled=(y, x) == peak,
        help="And stay at the peak of every channel looked at next.",
    )
    named = [(side.title, one[unit]) for side, one in zip(passes, outputs, strict=True) if unit < len(one)]
    spread.plotly_chart(
        value_histogram(named, {"chosen": float(channel[y, x])}, theme()),
        key="values",
        config=_QUIET,
        alt=f"Histogram of channel {unit} of {look.layer}",
    )


# --- units -----------------------------------------------------------------------------------------


def strongest_units(passes: list[Side], look: Look, unit: int, top: int = 12) -> None:
    """The strongest units of a fully connected layer as bars, with the chosen one among them."""
    outputs, alike = _outputs(passes, look.layer)
    if not alike:
        outputs = outputs[:1]
    ranked = np.argsort(-outputs[0], kind="stable")[:top]
    if unit not in ranked:
        ranked = np.append(ranked[:-1], unit)
    names = _names(passes[0], look.layer)
    labels = [f"{names[i].partition(',')[0]} ({i})" if names else f"{look.layer} {i}" for i in ranked]
    values = [(side.title, one[ranked]) for side, one in zip(passes, outputs, strict=False)]
    what = "probability" if look.layer == "softmax" else "logit" if look.layer == "fc8" else "value"
    figure = unit_bars(labels, values, what, int(np.flatnonzero(ranked == unit)[0]), theme())
    st.plotly_chart(figure, key="units", config=_QUIET, alt=f"The strongest units of {look.layer}")


def unit_numbers(passes: list[Side], look: Look, unit: int) -> None:
    """What a layer of units says as a whole, and the softmax step by step."""
    outputs, _ = _outputs(passes, look.layer)
    if look.layer == "softmax":
        for side in passes:
            _softmax_steps(side, len(passes) > 1)
        return
    values = outputs[0]
    left, right = st.columns([2, 3], gap="medium")
    stronger = int((values > values[unit]).sum())
    left.markdown(
        f"**Unit {unit}: {values[unit]:.5g}**. {stronger} of {len(values):,} are stronger.\n\n"
        f"Of all {len(values):,} units **{(values > 0).mean():.0%}** lie above 0; mean {values.mean():.4g}, from "
        f"{values.min():.4g} to {values.max():.4g}."
    )
    named = [(side.title, one) for side, one in zip(passes, outputs, strict=True)]
    right.plotly_chart(
        value_histogram(named, {"chosen": float(values[unit])}, theme()),
        key="values",
        config=_QUIET,
        alt=f"Histogram of the units of {look.layer}",
    )


def _softmax_steps(side: Side, titled: bool) -> None:
    from alexnet_viz.inspection.activations import softmax_steps

    logits = side.trace.outputs["fc8"]
    rows, total = softmax_steps(logits, side.model.info.categories)
    largest, best = float(logits.max()), rows[0]
    label = markdown(best.label)
    st.subheader("The softmax, step by step" + (f": {markdown(side.title)}" if titled else ""), anchor=False)
    if single := queries.single_output_note(logits):
        st.info(single, icon=":material/info:")
    st.markdown(
        f"1. Take the largest logit, **{largest:.4f}**, off every logit z: nothing overflows, and nothing changes.\n"
        f"2. Raise e to it: {label} gets e^{best.shifted:.0f} = {best.exponential:.0f}, the others less.\n"
        f"3. Add up all {len(logits):,}: Σ = **{total:.6f}**.\n"
        f"4. Divide by Σ: {label} gets 1 / {total:.4f} = **{best.probability:.2%}**."
    )
    table = [
        {
            "class": row.label,
            "unit": row.index,
            "logit z": row.logit,
            "z − max": row.shifted,
            "exp(z − max)": row.exponential,
            "÷ Σ": row.probability,
        }
        for row in rows
    ]
    if others := len(logits) - len(rows):
        rest = sum(row.exponential for row in rows)
        table.append(
            {
                "class": f"the other {others:,} together",
                "unit": None,
                "logit z": None,
                "z − max": None,
                "exp(z − max)": total - rest,
                "÷ Σ": 1 - rest / total,
            }
        )
    number = st.column_config.NumberColumn
    st.dataframe(
        table,
        hide_index=True,
        height=38 + 35 * len(table),
        alt=f"The softmax step by step for the {len(rows)} strongest classes",
        column_config={
            "logit z": number(format="%.4f"),
            "z − max": number(format="%.4f"),
            "exp(z − max)": number(format="%.6f"),
            "÷ Σ": number(format="%.6f"),
        },
    )


# --- answers ---------------------------------------------------------------------------------------


def answers(passes: list[Side], what: str) -> None:
    """What the two passes answer in the end, and for a lesion how far every later layer has moved."""
    if what != "lesion":  # whose answer stands above its maps
        st.subheader("What comes of it", anchor=False)
    first, second = (_probabilities(side) for side in passes)
    left, right = st.columns(2, gap="large")
    if passes[0].model.info.categories == passes[1].model.info.categories:
        both = sorted({*_top(first), *_top(second)}, key=lambda label: -first[label])
        pair = [
            (side.title, {label: found[label] for label in both})
            for side, found in zip(passes, (first, second), strict=True)
        ]
        left.plotly_chart(
            answers_beside(*pair, theme()),
            key="answers",
            config=_QUIET,
            alt=f"The strongest classes of both: {_top(first)[0]}, and {_top(second)[0]}",
        )
    else:
        for number, (side, found) in enumerate(zip(passes, (first, second), strict=True)):
            top = _top(found)
            bars = unit_bars(top, [(side.title, np.array([found[one] for one in top]))], "probability", 0, theme())
            alt = f"The strongest classes of {side.title}; first is {top[0]}"
            left.plotly_chart(bars, key=f"answer-{number}", config=_QUIET, alt=alt)
    if what == "lesion":
        from alexnet_viz.inspection.lesion import changes

        moved = changes(passes[0].trace, passes[1].trace)
        names = list(moved)
        start = next((i for i, name in enumerate(names) if moved[name] > 0), len(names) - 1)
        right.plotly_chart(
            change_figure({name: moved[name] for name in names[start:]}, theme()),
            key="moved",
            config=_QUIET,
            alt="How far the output of every later layer has moved",
        )
        right.caption("How far each layer has moved. Choose a later layer above to see its maps with the lesion.")


# --- predict, then reveal --------------------------------------------------------------------------


def layer_guessed(side: Side, look: Look) -> bool:
    """Ask for the shape of a layer's output, or at fc8 and softmax for the class; True once there is a guess."""
    if look.layer not in ("fc8", "softmax"):
        key = f"shape of {look.layer} in {side.model.info.spec}"
        return predict.shape_asked(key, look.layer, side.output(look.layer).shape)
    found = [label.partition(",")[0] for label in _top(_probabilities(side))]
    if len(found) == 1:
        return True  # a single output leaves nothing to guess
    return predict.asked(
        f"class of {side.photo} by {side.model.info.id}",
        "Which of these will come out on top?",
        found[0],
        sorted(dict.fromkeys(found)),
    )


def answer_guessed(passes: list[Side], what: str) -> bool:
    """Ask whether both passes give the same answer; True once there is a guess."""
    first, second = (_top(_probabilities(side))[0] for side in passes)
    key = f"same answer {[(side.title, side.photo, side.model.info.id) for side in passes]} {_cut(what)}"
    return predict.asked(key, "Will both give the same answer?", "yes" if first == second else "no", ("yes", "no"))


def _cut(what: str) -> str:
    state = st.session_state
    return f"{state.lesion_layer} {state.lesion_channels} {state.lesion_manner}" if what == "lesion" else ""


def _probabilities(side: Side) -> dict[str, float]:
    """Every class's probability by its name."""
    from alexnet_viz.inspection.predictions import strongest

    logits = side.trace.outputs["fc8"]
    return labelled(strongest(logits, side.model.info.categories, len(logits)))


def _top(found: dict[str, float], count: int = 5) -> list[str]:
    return sorted(found, key=lambda label: -found[label])[:count]


def _names(side: Side, layer: str) -> list[str] | None:
    return list(side.model.info.categories) if layer in ("fc8", "softmax") else None


def _short(value: float) -> str:
    return f"{value:.3g}".replace("-", "−") if value else "0"
