"""What is left of the photo: what each layer still knows of it, as a strip of pictures that form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image

from alexnet_viz.display import display_name, number_text
from alexnet_viz.figures.units import unit_picture, waiting_picture
from alexnet_viz.ui.shared import photos, queries
from alexnet_viz.ui.shared.job_progress import gather, problems
from alexnet_viz.ui.shared.jobs import Task
from alexnet_viz.ui.shared.unit import WEIGHTED_LAYERS
from alexnet_viz.ui.units.forming import forming, newest
from alexnet_viz.units.choices import DREAM, Choices
from alexnet_viz.values import Inversion

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

_EACH = 4  # steps between two looks at a picture as it forms
_WIDTH = 154  # of a picture on the page, in CSS pixels: five beside each other at 1280, all nine at 1920
_SIDE = 2 * _WIDTH


@dataclass(frozen=True)
class InversionRequest:
    """Of which layer's activations on which photo a picture is to be made, and how: the finished one's identity."""

    weights: str
    device: str
    photo: str
    layer: str
    exaggeration: str
    choices: Choices


def photo_strip(model: Model, photo: str, exaggeration: str, choices: Choices) -> None:
    """The photo, and beside it a picture for each layer with weights, as the pictures form."""
    pixels = queries.inputs(photo, model.info.preprocessing).pixels
    tasks = [_task(model, photo, layer, pixels, exaggeration, choices) for layer in WEIGHTED_LAYERS]

    def draw() -> None:
        with st.container(key="photo_strip", horizontal=True, gap="small"):
            title = photos.title(photo)
            _shown(unit_picture(pixels, _SIDE), "**The photo**", photos.alt(photo))
            for layer, task in zip(WEIGHTED_LAYERS, tasks, strict=True):
                _picture(layer, newest(task.key), exaggeration, title)

    values = gather(tasks, [True] * len(tasks), draw)
    if all(value is not None for value in values):
        draw()
    problems(values)
    st.caption(_explanation(exaggeration))


def _task(model: Model, photo: str, layer: str, pixels: np.ndarray, exaggeration: str, choices: Choices) -> Task:
    def make() -> Iterator[Inversion]:
        from alexnet_viz.units.inversion import invert, manner_of

        return invert(model, pixels, layer, choices, *manner_of(exaggeration), _EACH)

    request = InversionRequest(model.info.id, model.device.name, photo, layer, exaggeration, choices)
    return forming(request, layer, make)


def _picture(layer: str, state: Inversion | None, exaggeration: str, title: str) -> None:
    """One layer's picture with how near its activations are; or an empty place of its size."""
    if state is None:
        _shown(waiting_picture(_SIDE), f"**{layer}**: waiting", f"{layer}: not begun")
        return
    nearness = _nearness(state, exaggeration)
    alt = f"What {layer} still knows of the photo {title}: {nearness}"
    _shown(unit_picture(state.pixels, _SIDE), f"**{layer}**: {nearness}", alt)


def _nearness(state: Inversion, exaggeration: str) -> str:
    """How near a picture's activations are to what they are to be: for an inversion one number, the relative error."""
    if exaggeration == "1":
        return f"error {state.error:.1%}"
    if exaggeration == DREAM:
        return f"×{number_text(state.gain, '.3g')}"
    return f"×{number_text(state.gain, '.3g')}, cosine {number_text(state.cosine, '.2f')}"


def _shown(picture: Image.Image, caption: str, alt: str) -> None:
    st.image(picture, caption, width=_WIDTH, alt=display_name(alt))


def _explanation(exaggeration: str) -> str:
    """What one sees, in a sentence or two."""
    if exaggeration == DREAM:
        return (
            "**DeepDream** (Mordvintsev, Olah, Tyka 2015): each picture began as the photo and was changed until the "
            "layer's activations were as large as they got: what the layer sees in the photo, made stronger. × is how "
            "many times as large as the photo's they are."
        )
    if exaggeration == "1":
        return (
            "**Inversion** (Mahendran, Vedaldi 2015): each picture was made from noise until the layer's activations "
            "were as near to the photo's as they got; where it differs from the photo, the layer hardly tells the two "
            "apart. The error is how far the activations are from the photo's, as a share of their length: where it is "
            "large, the search has not come near, and more steps may."
        )
    return (
        f"**Caricature** (Mahendran, Vedaldi 2016): as an inversion, but the activations were to be {exaggeration} "
        "times as large as the photo's, so that what the layer sees in it stands out. × is how many times as large "
        "they are; the cosine is 1 where they have the photo's proportions."
    )
