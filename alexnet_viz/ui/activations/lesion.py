"""The choice of a lesion: which channels of which layer, and what is done to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import streamlit as st

from alexnet_viz.errors import ShapeError
from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.shared.unit import CHANNEL
from alexnet_viz.values import Trace

if TYPE_CHECKING:
    from alexnet_viz.inspection.lesion import Lesion, Manner
    from alexnet_viz.inspection.model import Model

LESION = Control(
    Setting(
        "lesion",
        "bool",
        False,
        "Lesion",
        "Silence, keep alone or scale channels of a layer, and see the answer and every later layer change.",
    )
)
_CUT = "The layer whose output is changed; only what follows is computed again."
LAYER = Control(Setting("lesion_layer", "text", None, "Lesion in", _CUT))
CHANNELS = Control(Setting("lesion_channels", "text", None, "Channels", "Numbers and ranges, such as 37, 40-45."))
MANNER = Control(
    Setting(
        "lesion_manner",
        "choice",
        "silence",
        "Kind of lesion",
        "Silence: they become 0. Keep alone: all others become 0. Scale: they are multiplied.",
        options={"silence": "silence", "keep": "keep alone", "scale": "scale"},
    )
)
FACTOR = Control(
    Setting("lesion_factor", "float", 2.0, "Factor", "0 silences, 1 changes nothing.", low=0.0, high=10.0, step=0.1)
)


def chosen(model: Model, trace: Trace, layer: str) -> Lesion | None:
    """The lesion; None while no channel is named, or none that the layer has, which is said."""
    from alexnet_viz.inspection.lesion import Lesion

    layers = list(trace.outputs)
    where = LAYER.among(layers, layer if layer in layers else layers[0])
    CHANNELS.resolve(str(CHANNEL.value))
    columns = st.columns([1, 1.4, 1.7, 1.4], vertical_alignment="bottom")
    LAYER.selectbox(columns[0])
    text = CHANNELS.text_input(columns[1], placeholder="37, 40-45")
    manner: Manner = MANNER.segmented_control(columns[2])
    factor = 0.0
    if manner == "scale":
        factor = FACTOR.slider(columns[3])
    else:
        columns[3].button(
            "The chosen channel",
            key="lesion_take",
            on_click=callback(_take),
            args=(layer,),
            width="stretch",
            help="The layer and channel looked at.",
        )
    try:
        channels = numbers(text, len(trace.outputs[where]))
    except ShapeError as error:
        st.error(markdown(str(error)))
        return None
    if not channels:
        st.info("Enter a channel, such as 37, or several: 37, 40-45.")
        return None
    return Lesion(where, channels, manner, factor)


def _take(layer: str) -> None:
    LAYER.choose(layer)
    CHANNELS.choose(str(CHANNEL.value))


def numbers(text: str, count: int) -> tuple[int, ...]:
    """Channel numbers from text such as ``37, 40-45``. Raises ShapeError for what is no number or not there."""
    channels: set[int] = set()
    for part in re.split(r"[,;\s]+", re.sub(r"\s*[-–]\s*", "-", text.strip())):
        if not part:
            continue
        match = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", part)
        if match is None:
            raise ShapeError(f"“{part}” is no channel: write numbers and ranges, such as 37, 40-45.")
        first, last = int(match[1]), int(match[2] or match[1])
        if max(first, last) >= count or last < first:
            raise ShapeError(f"There is no channel {part}: this layer has {count:,}, from 0 to {count - 1:,}.")
        channels.update(range(first, last + 1))
    return tuple(sorted(channels))
