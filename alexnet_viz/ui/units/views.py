"""The units page's parts: a unit's optimised pictures, a layer's contact sheet, the unit in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.components.tile_grid import Sheet, tile_grid
from alexnet_viz.display import number_text
from alexnet_viz.figures.units import sheet_tiles, unit_picture, waiting_picture
from alexnet_viz.ui.shared import jobs, photos, queries
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.job_progress import gather, problems
from alexnet_viz.ui.shared.jobs import Task
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.shared.unit import CHANNEL, unit_label
from alexnet_viz.ui.units.forming import forming, newest
from alexnet_viz.units.choices import BATCH, Choices
from alexnet_viz.units.objectives import Objective, layer_step
from alexnet_viz.units.objectives import unit as unit_of
from alexnet_viz.units.shipped_sheets import shipped_tiles
from alexnet_viz.values import OptimisedImages

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

_PAGES = Path(__file__).parents[3] / "pages" / "see"
ACTIVATIONS = _PAGES / "activations.py"
SHOWN_EACH = 4  # steps between two looks at a picture as it forms


@dataclass(frozen=True)
class PictureRequest:
    """Which pictures are to be made, of what, and how: the identity of the finished pictures."""

    weights: str
    device: str
    objectives: tuple[Objective, ...]
    choices: Choices


def optimised_pictures(model: Model, layer: str, unit: int, count: int, choices: Choices) -> None:
    """What drives the unit up most, in ``count`` pictures, and what drives it down, as the pictures form."""
    up = unit_of(layer, unit)
    tasks = [
        picture_task(model, (up,) * count, choices, "Drives it up"),
        picture_task(model, (-up,), choices, "Drives it down"),
    ]
    signs = (1, -1)  # what is driven down is maximised with its sign turned

    def draw() -> None:
        columns = iter(st.columns(max(3, count + 1)))
        for task, sign, pictures in zip(tasks, signs, (count, 1), strict=True):
            images = newest(task.key)
            for number in range(pictures):
                title = task.title if pictures == 1 else f"{task.title}, {number + 1} of {pictures}"
                with next(columns):
                    shown_picture(title, images, number, sign)

    values = gather(tasks, [True] * len(tasks), draw)
    if all(value is not None for value in values):
        draw()
    problems(values)
    for note in dict.fromkeys(note for value in values if isinstance(value, OptimisedImages) for note in value.notes):
        st.info(markdown(note), icon=":material/info:")


def picture_task(model: Model, objectives: tuple[Objective, ...], choices: Choices, title: str) -> Task:
    """How pictures are made in the background; each look at them on the way is kept for the page."""
    request = PictureRequest(model.info.id, model.device.name, objectives, choices)

    def make() -> Iterator[OptimisedImages]:
        from alexnet_viz.units.optimise import optimise

        return optimise(model, objectives, choices, SHOWN_EACH)

    return forming(request, title, make)


def shown_picture(title: str, images: OptimisedImages | None, number: int, sign: int) -> None:
    """One picture with the unit's value on it, ``sign`` times the objective's; or an empty place of its size."""
    if images is None:
        st.image(waiting_picture(), f"{title}: waits", width="stretch", alt=f"{title}: not begun")
        return
    pixels = images.pixels[number]
    value, start = (number_text(sign * float(values[number])) for values in (images.values, images.start))
    step = "" if images.step == images.steps else f" Step {images.step} of {images.steps}."
    st.image(
        unit_picture(pixels),
        f"**{title}**: {value_name(images.layer)} {value}, from {start} at first.{step}",
        width="stretch",
        alt=f"Optimised picture of {images.names[number]}, {len(pixels)} × {len(pixels)} pixels",
    )


def value_name(layer: str) -> str:
    """What a unit's value is called: behind fc8 comes no ReLU."""
    return "logit" if layer == "fc8" else "value before ReLU"


def contact_sheet(model: Model, layer: str, unit: int, choices: Choices) -> None:
    """A small picture of every channel of a layer, batch by batch; a click chooses a channel."""
    channels = len(queries.filter_summary(model, layer).norms)
    if choices == Choices() and (tiles := shipped_tiles(model.info.id, layer)) is not None:
        _sheet(model, tiles, layer, unit, channels)
        return
    tasks = [
        picture_task(
            model,
            tuple(unit_of(layer, channel) for channel in range(first, min(first + BATCH, channels))),
            choices,
            f"Channels {first} to {min(first + BATCH, channels) - 1} of {channels}",
        )
        for first in range(0, channels, BATCH)
    ]
    place = st.container()  # outside of what is drawn each second: a sheet is megabytes
    values = gather(tasks, [True] * len(tasks))
    made: list[OptimisedImages | None] = [jobs.made.peek(task.key) for task in tasks]
    tiles = sheet_tiles([None if batch is None else batch.pixels for batch in made], channels, BATCH)
    with place:
        _sheet(model, tiles, layer, unit, sum(len(batch.pixels) for batch in made if batch is not None))
    problems(values)


def _sheet(model: Model, tiles: np.ndarray, layer: str, unit: int, finished: int) -> None:
    channels = len(tiles)
    tile_grid(
        [Sheet(tiles, f"Optimised pictures of {finished} of {channels} channels of {layer}")],
        np.arange(channels),
        key="unit_sheet",
        noun="channel",
        selected=unit,
        on_pick=callback(CHANNEL.choose),
        smooth=True,
    )
    sees = min(layer_step(model.info.spec, layer).receptive_field, model.info.spec.input_size)
    waits = "" if finished == channels else " Grey: not made yet."
    st.caption(
        f"What drives the middle unit of each of {layer}'s {channels:,} channels up. Such a unit sees {sees} pixels a "
        f"side, all of its picture.{waits}"
    )


def numbers(model: Model, layer: str, unit: int, photo: str) -> None:
    """The unit's value on the photo at hand, to hold beside what the pictures reach."""
    output = queries.trace(model, photo).outputs[layer][unit]
    name = model.info.categories[unit] if layer == "fc8" else f"{unit_label(output.ndim == 2).lower()} {unit}"
    low, high = number_text(float(output.min())), number_text(float(output.max()))
    values = f"lies between {low} and **{high}**" if output.ndim == 2 else f"is **{high}**"
    st.markdown(f"On the photo *{markdown(photos.title(photo))}*, {layer}'s {markdown(name)} {values}.")


def links(layer: str, unit: int) -> None:
    """The same unit on the other pages."""
    place = {"layer": layer, "channel": str(unit)}
    row = st.container(horizontal=True, vertical_alignment="center")
    for page, label, icon in (
        ("filters", "Its weights", ":material/grain:"),
        ("activations", "Its map on the photo", ":material/blur_on:"),
        ("network", "Take it apart", ":material/account_tree:"),
    ):
        row.page_link(_PAGES / f"{page}.py", label=label, icon=icon, query_params=place)
