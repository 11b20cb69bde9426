"""What the network's component draws: an index of plain words and numbers, and one flat block of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from alexnet_viz.figures.palette import KIND_COLOURS, levels, scale
from alexnet_viz.values import Column, Preprocessed, Unit


class Scene(NamedTuple):
    """``index`` goes as JSON; its arrays are {"at": first byte, "type": "f4" or "u1", "shape"} in the ``block``."""

    index: dict[str, Any]  # type: ignore[assignment] # a tuple has a method of that name
    block: np.ndarray


class _Packer:
    """Arrays laid one behind the other, each at a multiple of four bytes, as a typed array in the browser needs it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, array: np.ndarray) -> dict[str, Any]:
        kind = "u1" if array.dtype == np.uint8 else "f4"
        data = np.ascontiguousarray(array, np.uint8 if kind == "u1" else "<f4").tobytes()
        place = {"at": self._size, "type": kind, "shape": list(array.shape)}
        self._parts += [data, bytes(-len(data) % 4)]
        self._size += len(data) + -len(data) % 4
        return place

    def scene(self, index: dict[str, Any]) -> Scene:
        scales = {"positive": self.add(scale(False)), "signed": self.add(scale(True))}
        index = index | {"scales": scales, "colours": KIND_COLOURS}
        return Scene(index, np.frombuffer(b"".join(self._parts), np.uint8))


def overview_scene(
    columns: Sequence[Column], inputs: Preprocessed, labels: Sequence[str], span: str = "layer"
) -> Scene:
    """The whole network: each layer's shown maps as one byte a value, and what feeds them.

    Colours reach to the largest |value| of the ``span``: each "unit" (a single number: its layer), "layer", "network".
    """
    pack = _Packer()
    most = max(column.peak for column in columns[1:])
    return pack.scene(
        {
            "kind": "overview",
            "photo": pack.add(inputs.pixels),
            "columns": [_column(pack, column, labels, span, most) for column in columns[1:]],
            "span": span,
        }
    )


def _column(pack: _Packer, column: Column, labels: Sequence[str], span: str, most: float) -> dict[str, Any]:
    own = span == "unit" and column.maps.ndim > 1
    reach = np.abs(column.maps).max(axis=(1, 2), keepdims=True) if own else most if span == "network" else column.peak
    fields = {
        "layer": column.layer,
        "kind": column.kind,
        "shape": list(column.shape),
        "source": column.source,
        "shown": column.shown.tolist(),
        "maps": pack.add(levels(column.maps, reach, column.signed)),
        "peaks": [float(values.max()) for values in column.maps],
        "reach": np.broadcast_to(reach, (len(column.maps), 1, 1)).ravel().tolist(),
        "own": own,
        "signed": column.signed,
        "feeds": None if column.feeds is None else pack.add(column.feeds),
        "feeders": [[list(feeder) for feeder in three] for three in column.feeders],
    }
    if column.layer in ("fc8", "softmax"):
        fields["labels"] = [labels[channel] for channel in column.shown]
    return fields


def layer_scene(
    layer: str,
    kind: str,
    values: np.ndarray,
    order: np.ndarray,
    labels: Sequence[str],
    most: float | None = None,
    own: bool = False,
) -> Scene:
    """All channels of a layer at once, strongest first, one byte a value; ``values`` (n, side, side) or (n,).

    Colours reach to ``most`` (None: the layer's largest |value|), or with ``own`` to each map's own.
    """
    pack = _Packer()
    peak, signed = most or float(np.abs(values).max()), bool(values.min() < 0)
    own = own and values.ndim == 3
    reach = np.abs(values[order]).max(axis=(1, 2), keepdims=True) if own else peak
    return pack.scene(
        {
            "kind": "layer",
            "layer": layer,
            "of": kind,
            "order": order.tolist(),
            "maps": pack.add(levels(values[order], reach, signed)),
            "peaks": values[order].reshape(len(order), -1).max(axis=1).tolist(),
            "peak": peak,
            "own": own,
            "signed": signed,
            "labels": list(labels) if layer in ("fc8", "softmax") else [],
        }
    )


def unit_scene(
    unit: Unit,
    inputs: Preprocessed,
    labels: Sequence[str],
    flat: tuple[str, int],
    ground: tuple[float, float],
    fields: Sequence[tuple[int, int]] = (),
) -> Scene:
    """A unit with all that its values are made of, so that the browser takes any of them apart without asking.

    ``flat`` names the layer and the side of the maps behind a flattened input, by which its pixels are called;
    ``ground`` is where such a map's cells lie on the network's input: the first edge and a cell's size, in pixels.
    ``fields`` holds for each row of the unit's own map what it sees of the input: first pixel, and one past the last.
    """
    pack = _Packer()
    named = {"fc8", "softmax"}
    return pack.scene(
        {
            "kind": "unit",
            "layer": unit.layer,
            "of": unit.kind,
            "channel": unit.channel,
            "channels": unit.channels,
            "below": unit.below,
            "first": unit.first,
            "kernel": unit.kernel,
            "stride": unit.stride,
            "padding": unit.padding,
            "bias": unit.bias,
            "lrn": None if unit.lrn is None else dict(unit.lrn),
            "inputs": pack.add(unit.inputs),
            "weights": None if unit.weights is None else pack.add(unit.weights),
            "output": pack.add(unit.output),
            "photo": pack.add(inputs.pixels),
            "flat": list(flat),
            "ground": list(ground),
            "fields": [list(field) for field in fields],
            "label": labels[unit.channel] if unit.layer in named else "",
            "labels": list(labels) if unit.kind == "softmax" else [],
        }
    )
