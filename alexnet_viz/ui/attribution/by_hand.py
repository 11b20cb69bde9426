"""By hand: paint over the photo and see the answer move."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image, ImageFilter

from alexnet_viz.attribution.targets import CLASSES
from alexnet_viz.components.photo_brush import Fill, photo_brush
from alexnet_viz.figures.attribution import fitted
from alexnet_viz.figures.data_uri import jpeg_uri
from alexnet_viz.figures.faithfulness import before_and_after
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.settings import Setting
from alexnet_viz.ui.attribution.choices import chosen_target
from alexnet_viz.ui.shared import address, photos, queries
from alexnet_viz.ui.shared.charts import plotly_chart
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.sidebar import theme
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.values import Classification, Geometry, Prediction

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

LONGEST = 1500  # characters of the address that strokes may take: some twenty of them
FILLS = {"grey": "Grey", "black": "Black", "blur": "Blur"}
FILL = Control(
    Setting(
        "why_fill",
        "choice",
        "grey",
        "Paint with",
        "Every filling is a photo that the network has never seen: compare them before you believe one.",
        options=FILLS,
    )
)
STROKES = Control(Setting("why_paint", "text", ""))
_canvases: LRUCache[tuple[str, str]] = LRUCache(32)


def by_hand(model: Model, answer: Classification, photo: str) -> None:
    """A brush over the photo; beside it the five strongest classes, before and after."""
    target, place = chosen_target(model, answer)
    fill = FILL.segmented_control(place)
    if st.session_state.setdefault("_why_painted", photo) != photo:  # strokes belong to their photo
        st.session_state._why_painted = photo
        STROKES.choose("")
    STROKES.resolve()
    own = [target.index, target.against] if target.layer == CLASSES else []
    _brush(model, answer, [index for index in own if index is not None], photo, fill)


@st.fragment
def _brush(model: Model, answer: Classification, own: list[int], photo: str, fill: Fill) -> None:
    """Only this part runs again after a stroke. ``own`` are classes to show besides the five strongest."""
    from alexnet_viz.attribution.faithfulness import painted

    how = model.info.preprocessing
    inputs = queries.inputs(photo, how)
    left, right = st.columns(2, gap="large")
    with left:
        mask = photo_brush(
            *canvas(photo),
            f"{photos.alt(photo)}, to paint on",
            crop_of(inputs.geometry),
            how.crop,
            key=f"why-brush-{photo}-{how.crop}",
            fill=fill,
            mask=_read(STROKES.value, how.crop),
        ).mask
        _keep(mask)
    after = answer
    if mask is not None:
        tensor = painted(inputs.tensor, mask, fill, how.mean, how.std)
        after = queries.answer_to(model, photo, replace(inputs, tensor=tensor))
    count = len(model.info.categories)
    every, now = (
        {p.index: p for p in queries.strongest(classification, model, count)} for classification in (answer, after)
    )
    rows = list(dict.fromkeys([*list(now)[:5], *own]))
    with right:
        _moved(every, now, 0.0 if mask is None else float(mask.mean()))
        chart = partial(before_and_after, [every[i] for i in rows], [now[i] for i in rows], theme())
        words = (f"{now[i].label}: {every[i].probability:.1%} before, {now[i].probability:.1%} after" for i in rows)
        plotly_chart(chart, key="why-moved", alt="; ".join(words))


def _keep(mask: np.ndarray | None) -> None:
    """The strokes in the address, as far as they fit."""
    text = "" if mask is None else _written(mask)
    if text != STROKES.value:
        STROKES.choose(text)
        address.show(STROKES.key, text if len(text) <= LONGEST else "")
        address.finish()  # a stroke runs this part alone
    if len(text) > LONGEST:
        st.caption("So many strokes do not fit into the address: a link opens this page without them.")


def _written(mask: np.ndarray) -> str:
    return base64.urlsafe_b64encode(zlib.compress(np.packbits(mask).tobytes(), 9)).decode().rstrip("=")


def _read(text: str, size: int) -> np.ndarray | None:
    """The strokes of an address, bool (size, size); None for none, or for those of a network with another input."""
    length = -(-size * size // 8)
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        bits = zlib.decompressobj().decompress(packed, length + 1)
    except (ValueError, zlib.error):
        return None
    if len(bits) != length:
        return None
    return np.unpackbits(np.frombuffer(bits, np.uint8))[: size * size].reshape(size, size).astype(bool)


def _moved(every: dict[int, Prediction], now: dict[int, Prediction], share: float) -> None:
    """The answer in a sentence."""
    first, best = max(every.values(), key=lambda p: p.logit), max(now.values(), key=lambda p: p.logit)
    label = markdown(first.label)
    if not share:
        st.markdown(f"It says **{label}** ({first.probability:.1%}). Paint over what you believe it sees.")
        return
    change = now[first.index].logit - first.logit
    verdict = ("It still says" if best.index == first.index else "Now it says") + f" **{markdown(best.label)}**"
    st.markdown(
        f"{verdict} ({best.probability:.1%}). {share:.0%} of its input is painted; the logit of {label} moved by "
        f"**{change:+.2f}**, from {first.logit:.2f} to {now[first.index].logit:.2f}."
    )


def canvas(photo: str) -> tuple[str, str]:
    """The photo and its blurred copy as data URIs, for the brush."""

    def make() -> tuple[str, str]:
        image = Image.fromarray(photos.load(photo).pixels)
        image = image.resize(fitted(image.size, 900), Image.Resampling.BICUBIC)
        blurred = image.filter(ImageFilter.GaussianBlur(max(image.size) / 36))
        return jpeg_uri(image), jpeg_uri(blurred)

    return _canvases.get(photo, make)


def crop_of(geometry: Geometry) -> tuple[float, float, float, float]:
    """The crop as shares of the photo: left, top, right, bottom."""
    left, top, right, bottom = geometry.box
    return left / geometry.photo[0], top / geometry.photo[1], right / geometry.photo[0], bottom / geometry.photo[1]
