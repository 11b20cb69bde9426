"""The units page's parts: a unit's optimised pictures, a layer's contact sheet, the unit in numbers."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.components.tile_grid import Sheet, tile_grid
from alexnet_viz.figures.units import sheet_tiles, unit_picture
from alexnet_viz.progress import CountProgress
from alexnet_viz.ui.shared import jobs, photos, queries
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.job_progress import gather
from alexnet_viz.ui.shared.jobs import Task
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.shared.unit import CHANNEL, unit_label
from alexnet_viz.units.choices import Choices
from alexnet_viz.units.objectives import Objective
from alexnet_viz.units.objectives import unit as unit_of
from alexnet_viz.values import OptimisedImages

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

_PAGES = Path(__file__).parents[3] / "pages" / "see"
SHEET_BATCH = 16  # channels of a contact sheet that are optimised together
SHOWN_EACH = 4  # steps between two looks at a picture as it forms


@dataclass(frozen=True)
class PictureRequest:
    """Which pictures are to be made, of what, and how: the identity of the finished pictures."""

    weights: str
    device: str
    objectives: tuple[Objective, ...]
    choices: Choices


# The newest state of pictures that are not finished, or were stopped: bounded, the oldest go.
_unfinished: OrderedDict[PictureRequest, OptimisedImages] = OrderedDict()


def optimised_pictures(model: Model, layer: str, unit: int, count: int, choices: Choices) -> None:
    """What drives the unit up most, in ``count`` pictures, and what drives it down, as the pictures form."""
    objective = unit_of(layer, unit)
    up, down = (objective,) * count, (-objective,)
    titles = {up: "Drives it up", down: "Drives it down"}
    tasks = {objectives: _task(model, objectives, choices, titles[objectives]) for objectives in (up, down)}
    values: list[OptimisedImages | str | None] = [None, None]

    def draw() -> None:
        shown = [_newest(task, value) for task, value in zip(tasks.values(), values, strict=True)]
        cells = [
            (titles[objectives], images, number, len(objectives))
            for objectives, images in zip(tasks, shown, strict=True)
            for number in range(len(objectives))
        ]
        for column, (title, images, number, of) in zip(st.columns(max(4, len(cells))), cells, strict=False):
            with column:
                _picture(title if of == 1 else f"{title}, {number + 1} of {of}", images, number, layer)

    values = gather(list(tasks.values()), [True, True], draw)
    problems = [value for value in values if isinstance(value, str)]
    if all(value is not None for value in values):
        draw()
    for problem in dict.fromkeys(problems):
        st.error(markdown(problem), icon=":material/info:")
    for note in dict.fromkeys(note for value in values if isinstance(value, OptimisedImages) for note in value.notes):
        st.info(markdown(note), icon=":material/info:")


def _task(model: Model, objectives: tuple[Objective, ...], choices: Choices, title: str) -> Task:
    """How pictures are made in the background; each look at them on the way is kept for the page."""
    request = PictureRequest(model.info.id, model.device.name, objectives, choices)

    def make(progress: CountProgress) -> OptimisedImages:
        from alexnet_viz.units.optimise import optimise

        for images in optimise(model, objectives, choices, SHOWN_EACH):
            _unfinished[request] = images
            while len(_unfinished) > 64:
                _unfinished.popitem(last=False)
            progress(images.step, images.steps)
        return _unfinished.pop(request)

    return Task(request, title, make)


def _newest(task: Task, value: OptimisedImages | str | None) -> OptimisedImages | None:
    finished = value or jobs.made.peek(task.key)
    if isinstance(finished, OptimisedImages):
        return finished
    return _unfinished.get(task.key)  # type: ignore[call-overload] # this page's keys are requests


def _picture(title: str, images: OptimisedImages | None, number: int, layer: str) -> None:
    """One picture with its value, or an empty place of its size."""
    if images is None:
        st.image(unit_picture(np.full((16, 16, 3), 128, np.uint8)), f"{title}: waits", width="stretch", alt="")
        return
    pixels, value, start = images.pixels[number], float(images.values[number]), float(images.start[number])
    name = markdown(images.names[number])
    what = "logit" if layer == "fc8" else "value before ReLU"
    step = "" if images.step == images.steps else f" Step {images.step} of {images.steps}."
    value = -value if title.startswith("Drives it down") else value
    start = -start if title.startswith("Drives it down") else start
    st.image(
        unit_picture(pixels),
        f"**{title}**: {what} {value:.4g}, from {start:.3g} at first.{step}".replace("-", "−"),
        width="stretch",
        alt=f"Optimised picture of {name}, {len(pixels)} × {len(pixels)} pixels",
    )


def contact_sheet(model: Model, layer: str, unit: int, choices: Choices) -> None:
    """A small picture of every channel of a layer, batch by batch; a click chooses a channel."""
    channels = len(queries.filter_summary(model, layer).norms)
    batches = [range(first, min(first + SHEET_BATCH, channels)) for first in range(0, channels, SHEET_BATCH)]
    tasks = [
        _task(
            model,
            tuple(unit_of(layer, channel) for channel in batch),
            choices,
            f"Channels {batch[0]} to {batch[-1]} of {channels}",
        )
        for batch in batches
    ]

    values = gather(tasks, [True] * len(tasks), partial(_sheet, tasks, layer, unit, channels))
    if all(value is not None for value in values):
        _sheet(tasks, layer, unit, channels)
    for problem in dict.fromkeys(value for value in values if isinstance(value, str)):
        st.error(markdown(problem), icon=":material/info:")


def _sheet(tasks: list[Task], layer: str, unit: int, channels: int) -> None:
    batches = [jobs.made.peek(task.key) for task in tasks]
    side = next((len(batch.pixels[0]) for batch in batches if batch is not None), 16)
    tiles = sheet_tiles([None if batch is None else batch.pixels for batch in batches], channels, SHEET_BATCH, side)
    finished = sum(len(batch.pixels) for batch in batches if batch is not None)
    tile_grid(
        [Sheet(tiles, f"Optimised pictures of {finished} of {channels} channels of {layer}")],
        np.arange(channels),
        key="unit_sheet",
        noun="channel",
        selected=unit,
        on_pick=callback(CHANNEL.choose),
        smooth=True,
    )
    st.caption(
        f"{layer}: what drives the middle unit of each of its {channels:,} channels up; {side} × {side} pixels, all "
        "that such a unit sees. Grey: not made yet."
    )


def numbers(model: Model, layer: str, unit: int, photo: str) -> None:
    """The unit's value on the photo at hand, beside what a picture made for it reaches."""
    output = queries.trace(model, photo).outputs[layer][unit]
    name = markdown(model.info.categories[unit]) if layer == "fc8" else f"{unit_label(output.ndim == 2).lower()} {unit}"
    title = markdown(photos.title(photo))
    if output.ndim == 2:
        seen = (
            f"On {title}, {layer}'s {name} reaches **{output.max():.4g}** at its peak and {output.min():.4g} at least."
        )
    else:
        seen = f"On {title}, {layer}'s {name} is **{float(output):.4g}**."
    st.markdown(seen.replace("-", "−") + " A picture made for it goes beyond what photos reach.")


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
