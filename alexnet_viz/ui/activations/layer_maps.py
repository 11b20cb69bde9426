"""All channels of a layer as one picture, and as files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.components.tile_grid import Sheet, tile_grid
from alexnet_viz.figures.activations import (
    map_tiles,
    sheet_picture,
)
from alexnet_viz.figures.palette import levels, scale
from alexnet_viz.ui.activations.passes import MapOptions, ShownPass, outputs_at, scale_peaks, short_number, unit_names
from alexnet_viz.ui.shared import photos
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.unit import CHANNEL, SMOOTH, drawn_as

if TYPE_CHECKING:
    pass


def all_maps(passes: list[ShownPass], options: MapOptions, unit: int) -> None:
    """Every channel of a layer as one picture, a sheet a pass and one for their difference; a click chooses one."""
    from alexnet_viz.inspection.activations import channel_stats, order

    outputs, alike = outputs_at(passes, options.layer)
    stats = channel_stats(outputs[0])
    ranked = order(stats, options.by)
    signed = any(float(output.min()) < 0 for output in outputs)
    peak = scale_peaks(passes, outputs, options, alike)
    noun = "channel" if outputs[0].ndim == 3 else "unit"
    names = unit_names(passes[0], options.layer)
    sheets = [
        _sheet(shown, output, peak, options, signed, noun, len(passes) > 1)
        for shown, output in zip(passes, outputs, strict=True)
    ]
    lockstep = sheets if alike else sheets[:1]
    if alike and len(outputs) == 2:
        gap = outputs[1] - outputs[0]
        most = float(np.abs(gap).max())
        tiles, legend = levels(map_tiles(gap), most, True), (short_number(-most), short_number(most), "second − first")
        lockstep = [*lockstep, Sheet(tiles, "The difference of the two", "Difference", scale(True), legend, True)]
    facts = {"peak": stats.peak, "mean": stats.mean}
    if outputs[0].ndim == 3:
        facts["share active"] = stats.active
    else:
        facts = {"value": stats.peak}
    tile_grid(
        lockstep,
        ranked,
        key="maps",
        noun=noun,
        facts=facts,
        names=names,
        selected=unit,
        on_pick=callback(CHANNEL.choose),
        smooth=SMOOTH.value,
    )
    if not alike and len(sheets) == 2:
        other = channel_stats(outputs[1])
        tile_grid(
            sheets[1:],
            order(other, options.by),
            key="maps-beside",
            noun=noun,
            facts={"peak": other.peak},
            selected=unit if unit < len(outputs[1]) else -1,
            on_pick=callback(CHANNEL.choose),
            smooth=SMOOTH.value,
        )
    shape = " × ".join(f"{size:,}" for size in outputs[0].shape)
    drawn = f", drawn {drawn_as()}" if outputs[0].ndim == 3 else ""
    st.caption(f"{options.layer}: {shape} values{drawn}. Click a tile, or walk with the arrow keys.")
    _downloads(passes[0], options, sheets[0], outputs[0], ranked)


def _sheet(
    shown: ShownPass,
    output: np.ndarray,
    peak: np.ndarray | float,
    options: MapOptions,
    signed: bool,
    noun: str,
    titled: bool,
) -> Sheet:
    if isinstance(peak, np.ndarray) and len(peak) != len(output):
        peak = np.abs(output.reshape(len(output), -1)).max(1)
    tiles = levels(map_tiles(output), np.reshape(peak, (-1, 1, 1)), signed)
    high = "its peak" if isinstance(peak, np.ndarray) else short_number(peak)
    low = "0" if not signed else f"−{high}"
    named = {"softmax": "probability", "fc8": "logit"}
    what = named.get(options.layer, "value before ReLU" if signed else "value")
    alt = f"{len(output)} {noun}s of {options.layer} for {photos.title(shown.photo)}, {shown.title}"
    return Sheet(tiles, alt, shown.title if titled else "", scale(signed), (low, high, what), signed=signed)


def _downloads(shown: ShownPass, options: MapOptions, sheet: Sheet, output: np.ndarray, ranked: np.ndarray) -> None:
    photo = photos.title(shown.photo)  # read now: the files are made when they are asked for, outside this visit's run
    name, title = f"{options.layer}-{photo}", f"{options.layer} · {photo} · {shown.model.info.title}"

    def picture() -> bytes:
        buffer = io.BytesIO()
        assert sheet.scale is not None
        assert sheet.legend is not None
        sheet_picture(sheet.tiles, sheet.scale, ranked, sheet.legend, title).save(buffer, "PNG")
        return buffer.getvalue()

    def arrays() -> bytes:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **{options.layer: output, "order": ranked})
        return buffer.getvalue()

    row = st.container(horizontal=True)
    row.download_button(
        "PNG", picture, f"{name}.png", "image/png", key="png", on_click="ignore", help="All maps as one picture."
    )
    row.download_button(
        "NPZ",
        arrays,
        f"{name}.npz",
        "application/octet-stream",
        key="npz",
        on_click="ignore",
        help="The layer's values as float32, for NumPy, with the order shown.",
    )
