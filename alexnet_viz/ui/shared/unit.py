"""The layer and the unit (channel) that several pages look at, in the address as ``layer`` and ``channel``."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared import address
from alexnet_viz.ui.shared.controls import Control

CHANNEL = Control(Setting("channel", "int", None, help="The same as a click on a tile."))
# every layer of every network, in the order of the forward pass
LAYERS = (
    "conv1",
    "relu1",
    "norm1",
    "pool1",
    "conv2",
    "relu2",
    "norm2",
    "pool2",
    "conv3",
    "relu3",
    "conv4",
    "relu4",
    "conv5",
    "relu5",
    "pool5",
    "avgpool",
    "flatten",
    "drop5",
    "fc6",
    "relu6",
    "drop6",
    "fc7",
    "relu7",
    "drop7",
    "fc8",
    "softmax",
)


def seed_layer(layers: Sequence[str]) -> None:
    """Before anything needs the layer, which the pages share.

    Where a page does not have it the last one before it stands in, and the visitor's choice is kept for the other
    pages until the visitor chooses again.
    """
    state = st.session_state
    told = address.seed("layer", layers[0], allowed=LAYERS)
    wish, stand_in = state.pop("_layer_wish", ("", ""))
    if not told and state.layer == stand_in:
        state.layer = wish
    if (wish := state.layer) not in layers:
        before = reversed(LAYERS[: LAYERS.index(wish)])
        state.layer = next((one for one in before if one in layers), layers[0])
        state._layer_wish = wish, state.layer


def seed_unit(count: int, default: int = 0) -> None:
    """Before anything needs the unit: the one asked for, if it is one of ``count``, else the default."""
    CHANNEL.within(0, count - 1, default)


def chosen_unit(label: str, names: tuple[str, ...] | None = None) -> int:
    """One of the units, by number, or by name where they have ``names``; kept across pages, photos and weights."""
    if names:
        help = "The unit that speaks for this class."
        CHANNEL.selectbox(label=label, format_func=names.__getitem__, help=help)
    else:
        CHANNEL.number_input(label=label)
    return CHANNEL.value


def choose(unit: int) -> None:
    """What a click on a tile does, before the page runs again."""
    CHANNEL.choose(unit)
