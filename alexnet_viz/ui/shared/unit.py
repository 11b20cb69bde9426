"""The layer and the unit (channel) that several pages look at, in the address as ``layer`` and ``channel``."""

from __future__ import annotations

from collections.abc import Sequence

from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared.controls import Control

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
WEIGHTED_LAYERS = tuple(layer for layer in LAYERS if layer.startswith(("conv", "fc")))

LAYER = Control(Setting("layer", "choice", None, "Layer", "In the order of the forward pass.", options=LAYERS))
CHANNEL = Control(Setting("channel", "int", None, "Channel", "The same as a click on a tile."))
ROW = Control(Setting("y", "int", None, "Row", low=0))
COLUMN = Control(Setting("x", "int", None, "Column", low=0))
SCALE = Control(
    Setting(
        "range",
        "choice",
        "unit",  # a sparse layer on one scale is a dark wall
        "Colour scale",
        "How far the colours reach: to each channel's own peak, which shows the most, or to the peak of the layer or "
        "of the whole network, which lets strengths be compared.",
        options={"unit": "one per channel", "layer": "one per layer", "network": "one for the network"},
    )
)
SMOOTH = Control(
    Setting(
        "smooth",
        "bool",
        False,
        "Smooth maps",
        "On: enlarged maps are interpolated between their cells (bilinear), which is easier on the eye. Off: every "
        "cell is a square of one colour, a value of the layer. A value taken apart is always shown in cells.",
    )
)


def drawn_as() -> str:
    """How enlarged maps are drawn now, for a caption."""
    return "smoothed between their cells" if SMOOTH.value else "as true cells"


def shared_layer(layers: Sequence[str]) -> str:
    """The layer that the pages share, once in a run and before its widget.

    Where a page does not have it the last one before it stands in, and the visitor's choice is kept for the other
    pages until the visitor chooses again.
    """

    def last_before(layer: str) -> str:
        return next((name for name in reversed(LAYERS[: LAYERS.index(layer)]) if name in layers), layers[0])

    return LAYER.among(layers, layers[0], last_before)


def shared_unit(count: int, default: int = 0) -> int:
    """The unit that the pages share, once in a run and before its widget; the default if it is none of ``count``."""
    return CHANNEL.within(0, count - 1, default)


def unit_label(has_maps: bool) -> str:
    """What the pages call one output of a layer: of maps it is a channel, of a vector a single unit."""
    return "Channel" if has_maps else "Unit"


def chosen_unit(has_maps: bool, names: tuple[str, ...] | None = None) -> int:
    """A channel or unit by number, or by class where they have ``names``; kept across pages, photos and weights."""
    if names:
        help = "The unit that speaks for this class."
        CHANNEL.selectbox(label="Class", format_func=names.__getitem__, help=help)
    else:
        CHANNEL.number_input(label=unit_label(has_maps))
    return CHANNEL.value
