"""Maps as pictures on the page, and as downloads."""

from __future__ import annotations

import io
import json
from collections.abc import Hashable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.attribution.methods import METHODS
from alexnet_viz.components.heat_maps import Tile
from alexnet_viz.figures.attribution import (
    MapStyle,
    Panel,
    fitted,
    overlay,
    panel,
    png,
    raw_map,
    scale_words,
    slide,
    table,
)
from alexnet_viz.figures.data_uri import jpeg_uri, png_uri
from alexnet_viz.figures.palette import css_stops
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.ui.attribution.choices import MapRequest
from alexnet_viz.ui.shared import photos, queries
from alexnet_viz.ui.shared.sidebar import theme
from alexnet_viz.values import Attribution

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

Shown = tuple["Model", MapRequest, Attribution, Panel]  # a map on the page, and all that it came from
_pictures: LRUCache[str] = LRUCache(48 << 20, len)


def panel_of(
    model: Model, request: MapRequest, attribution: Attribution, look: MapStyle, title: str, note: str = ""
) -> Panel:
    """A map ready to be drawn, on a scale of its own."""
    geometry = queries.inputs(request.photo, model.info.preprocessing).geometry
    return panel(title, note, photos.load(request.photo), geometry, attribution.values, look, attribution.placement)


def tile(panel: Panel, identity: Hashable, look: MapStyle, key: str, *, longest: int = 760, raw: bool = False) -> Tile:
    """A panel for the browser: over the photo, or the map alone; ``identity`` is what the map came from."""
    identity = (identity, look, longest, raw, panel.top, panel.signed)

    def draw() -> str:
        if raw:
            return png_uri(raw_map(panel, look))
        return jpeg_uri(overlay(panel, look, fitted(panel.photo.size, longest), frame=True))

    left, top, right, bottom = panel.geometry.box
    width, height = panel.photo.size
    start, step = (each / panel.geometry.crop for each in panel.placement)
    stop = start + step * panel.values.shape[0]
    low, high = -start / (stop - start), (1 - start) / (stop - start)  # the crop's edges, where the map alone is 0 to 1
    crop = (low, low, high, high) if raw else (left / width, top / height, right / width, bottom / height)
    return Tile(
        key=key,
        title=panel.title,
        note=panel.note or scale_words(panel, look),
        picture=_pictures.get(identity, draw),
        alt=f"{panel.title}: {'the map alone' if raw else 'the map over the photo'}, {where(panel.values)}",
        box=crop,
        covers=(start, stop),
        values=panel.values,
        colours=css_stops(table(panel.signed, look.colours), int(panel.signed)),
        low=panel.low,
        high=panel.top,
    )


def where(values: np.ndarray) -> str:
    """Where a map is strongest, in words."""
    if not values.any():
        return "zero everywhere"
    y, x = np.unravel_index(np.argmax(np.abs(values)), values.shape)
    down = ("upper", "middle", "lower")[min(2, int(3 * y / values.shape[0]))]
    across = ("left", "middle", "right")[min(2, int(3 * x / values.shape[1]))]
    return "strongest in the middle" if down == across else f"strongest in the {down} {across}"


def label(model: Model, request: MapRequest) -> str:
    """Exactly what a map came from, in words."""
    method = METHODS[request.method]
    defaults = method.resolve()
    settings = [f"{name} {value}" for name, value in request.settings if value != defaults[name]]
    target = request.target.describe(model.info.categories)
    parts = [method.title, target, request.layer, *settings, photos.title(request.photo), model.info.title]
    return " · ".join(part for part in parts if part)


# --- downloads -------------------------------------------------------------------------------------


def downloads(shown: Sequence[Shown], look: MapStyle, heading: str) -> None:
    """The overlay at the photo's size, the raw map, all panels on one slide, and what they came from."""
    if not shown:
        return
    model, request, attribution, panel = shown[0]
    stem = f"{request.method}-{photos.title(request.photo)}".lower().replace(" ", "-").replace("/", "-")
    mode = theme()  # read now, as the words: the files are made when they are asked for, outside this run
    words = label(model, request)
    settings = {"maps": [_described(*each) for each in shown], "look": asdict(look)}

    def arrays() -> bytes:
        buffer = io.BytesIO()
        if len(shown) == 1:
            np.save(buffer, attribution.values)
        else:
            np.savez(
                buffer, allow_pickle=False, **{f"{i}-{each[1].method}": each[2].values for i, each in enumerate(shown)}
            )
        return buffer.getvalue()

    panels = [each[3] for each in shown]
    ending, many = ("npy", "map") if len(shown) == 1 else ("npz", "maps")
    files = (
        (
            "Overlay PNG",
            lambda: png(overlay(panel, look), words),
            "png",
            "image/png",
            "The first map over the photo, at the photo's own size.",
        ),
        (
            f"Raw {many} .{ending}",
            arrays,
            ending,
            "application/octet-stream",
            "float32, on the map's own cells, with its signs.",
        ),
        (
            "Slide PNG",
            lambda: png(slide(panels, look, heading, mode)),
            "slide.png",
            "image/png",
            "All panels with their legends as one picture, 1920 pixels wide.",
        ),
        (
            "Settings JSON",
            lambda: json.dumps(settings, indent=2, ensure_ascii=False),
            "json",
            "application/json",
            "All that each map came from, and its checks.",
        ),
    )
    with st.container(horizontal=True):
        for title, data, name, mime, help in files:
            key = f"why-{name}"
            st.download_button(title, data, f"{stem}.{name}", mime, key=key, help=help, on_click="ignore")


def _described(model: Model, request: MapRequest, attribution: Attribution, drawn: Panel) -> dict:
    """A map's settings, enough to make it again."""
    return {
        "title": drawn.title,
        "photo": photos.title(request.photo),
        "photo_reference": request.photo,
        "photo_sha256": photos.load(request.photo).digest,
        "weights": model.info.title,
        "weights_choice": model.info.choice,
        "weights_id": request.weights,
        "variant": model.info.spec.variant,
        "method": request.method,
        "target": attribution.target,
        "target_index": asdict(request.target),
        "layer": request.layer,
        "settings": dict(request.settings),
        "other_photo": request.other,
        "checks": attribution.checks,
        "notes": list(attribution.notes),
        "shape": list(attribution.values.shape),
        "largest": float(np.abs(attribution.values).max()),
    }
