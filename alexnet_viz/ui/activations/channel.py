"""One channel: large over the photo, and the value at one position of it."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from alexnet_viz.components.map_view import Panel, map_view
from alexnet_viz.figures.activations import (
    patch,
    value_histogram,
)
from alexnet_viz.figures.palette import scale
from alexnet_viz.ui.activations.passes import (
    FILTERS,
    NETWORK,
    UNITS,
    MapOptions,
    ShownPass,
    outputs_at,
    scale_peaks,
)
from alexnet_viz.ui.shared import photos, queries
from alexnet_viz.ui.shared.charts import plotly_chart
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.pictures import picture_file
from alexnet_viz.ui.shared.sidebar import theme
from alexnet_viz.ui.shared.unit import COLUMN, ROW, SMOOTH, chosen_unit


def chosen_channel(passes: list[ShownPass], options: MapOptions) -> int:
    """The choice of a channel, for fc8 and softmax by the name of the class, and the way to its value's arithmetic."""
    output = passes[0].output(options.layer)
    names = passes[0].model.info.categories if options.layer in ("fc8", "softmax") else None
    choice, onward = st.columns(2, vertical_alignment="bottom")
    with choice:
        unit = chosen_unit(output.ndim == 3, names)
    place = {"layer": options.layer, "channel": str(unit), "depth": "value"}
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


def channel_over_photo(passes: list[ShownPass], options: MapOptions, unit: int) -> None:
    """A channel large over the photo, in every pass, and their difference; a click chooses a position."""
    outputs, alike = outputs_at(passes, options.layer)
    peak = scale_peaks(passes, outputs, options, alike)
    place = position(outputs[0][unit])
    panels = [
        _panel(
            shown, output[unit], float(peak[unit]) if isinstance(peak, np.ndarray) else peak, options, len(passes) > 1
        )
        for shown, output in zip(passes, outputs, strict=True)
        if unit < len(output) and output.shape[1:] == outputs[0].shape[1:]
    ]
    if len(panels) == 2 and alike:
        gap = outputs[1][unit] - outputs[0][unit]
        panels.append(_panel(passes[0], gap, float(np.abs(gap).max()), options, True, difference=True))
    map_view(panels, place, key="channel_view", on_pick=callback(choose_position), smooth=SMOOTH.value)


def _panel(
    shown: ShownPass, values: np.ndarray, peak: float, options: MapOptions, titled: bool, difference: bool = False
) -> Panel:
    inputs = queries.inputs(shown.photo, shown.model.info.preprocessing)
    placement, fields = queries.layer_fields(shown.model.info.spec, options.layer)
    signed = difference or bool(shown.output(options.layer).min() < 0)
    return Panel(
        values=values,
        alt=f"A channel of {options.layer}"
        + (", the difference" if difference else f" over {photos.alt(shown.photo)}"),
        scale=scale(signed),
        peak=peak,
        signed=signed,
        side=inputs.geometry.crop,
        placement=placement,
        fields=fields,
        title="Difference: second − first" if difference else shown.title if titled else "",
        photo=None if difference else photos.whole(shown.photo),
        geometry=inputs.geometry,
    )


def position(channel: np.ndarray) -> tuple[int, int]:
    """Row and column looked at: what was chosen, at the same place of the photo when the map's size changes; else the
    channel's peak, which the address then leaves open.
    """
    from alexnet_viz.inspection.activations import peak_position

    state, shown = st.session_state, channel.shape[-1]
    y, x = ROW.resolve(), COLUMN.resolve()
    if y is None or x is None:
        _follow_peak()
        return peak_position(channel)
    before = state.get("_map_side", shown)
    if before != shown:
        y, x = (int((at + 0.5) / before * shown) for at in (y, x))
    state._map_side = shown
    ROW.choose(min(y, shown - 1))
    COLUMN.choose(min(x, shown - 1))
    return ROW.resolve(), COLUMN.resolve()


def choose_position(y: int, x: int) -> None:
    """What a click on the large map does, before the page runs again."""
    ROW.choose(y)
    COLUMN.choose(x)
    st.session_state.pop("_map_side", None)


def _follow_peak() -> None:
    ROW.forget()
    COLUMN.forget()
    st.session_state.pop("_map_side", None)


def value_in_detail(passes: list[ShownPass], options: MapOptions, unit: int) -> None:
    """The chosen value's patch of the photo, the channel's numbers and its histogram."""
    from alexnet_viz.inspection.activations import peak_position

    outputs, _ = outputs_at(passes, options.layer)
    channel = outputs[0][unit]
    y, x = position(channel)
    _, fields = queries.layer_fields(passes[0].model.info.spec, options.layer)
    box = (fields[x][0], fields[y][0], fields[x][1], fields[y][1])
    inputs = queries.inputs(passes[0].photo, passes[0].model.info.preprocessing)
    peak = peak_position(channel)
    seen, numbers, spread = st.columns([2, 3, 3], gap="medium")
    photo, geometry = passes[0].photo, inputs.geometry
    seen.image(
        picture_file(("patch", photo, geometry, box), lambda: patch(photos.load(photo), geometry, box)),
        width="stretch",
        alt=f"The part of the photo that the value in row {y}, column {x} sees",
        caption="All of the photo that the chosen value sees",
    )
    numbers.markdown(
        f"**{options.layer}, channel {unit}, row {y}, column {x}: {channel[y, x]:.5g}**\n\n"
        f"It sees {box[2] - box[0]} × {box[3] - box[1]} of the input's pixels: columns {box[0]} to {box[2] - 1}, rows "
        f"{box[1]} to {box[3] - 1}.\n\nThe channel: peak **{channel.max():.4g}** in row {peak[0]}, column {peak[1]}; "
        f"mean {channel.mean():.4g}; least {channel.min():.4g}; **{(channel > 0).mean():.0%}** of its values above 0."
    )
    links = numbers.container(horizontal=True, vertical_alignment="center")
    links.page_link(
        FILTERS,
        label="Its weights",
        icon=":material/grain:",
        query_params={"layer": options.layer, "channel": str(unit)},
    )
    links.page_link(
        UNITS,
        label="What it responds to",
        icon=":material/visibility:",
        query_params={"layer": options.layer, "channel": str(unit)},
        help="A picture made to drive this channel.",
    )
    links.button(
        "Go to its peak",
        key="to_peak",
        icon=":material/my_location:",
        on_click=callback(_follow_peak),
        disabled=(y, x) == peak,
        help="And stay at the peak of every channel looked at next.",
    )
    named = [(shown.title, output[unit]) for shown, output in zip(passes, outputs, strict=True) if unit < len(output)]
    plotly_chart(
        partial(value_histogram, named, {"chosen": float(channel[y, x])}, theme()),
        spread,
        key="values",
        alt=f"Histogram of channel {unit} of {options.layer}",
    )
