"""Moving through a run's training: one photo and one channel, by the weights that the run kept along the way."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.components.scrubber import scrubber as component
from alexnet_viz.figures.data_uri import jpeg_uri, png_uri
from alexnet_viz.figures.scrubber import KINDS, Strip, animated, makes_videos, strips
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.network.checkpoint_index import kept_steps
from alexnet_viz.network.keys import CONVOLUTIONS
from alexnet_viz.network.layers import steps as layers_of
from alexnet_viz.progress import CountProgress
from alexnet_viz.settings import Setting
from alexnet_viz.training import runs
from alexnet_viz.training.recipe import settings
from alexnet_viz.training.snapshots import read_photo
from alexnet_viz.ui.shared import photos, queries
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.job_progress import gather, problems
from alexnet_viz.ui.shared.jobs import Task
from alexnet_viz.ui.shared.sidebar import current
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.shared.unit import CHANNEL, LAYER, shared_layer, shared_unit
from alexnet_viz.values import Moment, OptimisedImages, Photo, Preprocessed

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

ALONG = Control(
    Setting(
        "along",
        "bool",
        False,
        "Move through the training",
        "One slider through the weights that the run kept along the way. Each of them opens on every page, too, as "
        "weights run:ID@STEP.",
    )
)
PHOTO = Control(
    Setting(
        "along_photo",
        "choice",
        "film",
        "Photo",
        "The one that the film shows, or the one that the other pages look at.",
        options={"film": "The film's", "mine": "The one at hand"},
    )
)
IMAGES = Control(
    Setting(
        "along_images",
        "bool",
        False,
        "Optimised pictures",
        "A picture that drives the channel up, for each of the weights: a second or two each.",
    )
)
_FILM = "film"
_played: LRUCache[bytes] = LRUCache(32 << 20, len)


@dataclass(frozen=True)
class MomentRequest:
    """Which weights of which run are looked at, on what: the identity of a moment, and of its optimised picture."""

    run: str
    created: float
    step: int
    layer: str
    channel: int
    photo: str = ""


@dataclass(frozen=True)
class _Seen:
    """The photo that all moments look at, as a reference, as the network gets it, and its true class or -1."""

    reference: str
    photo: Photo
    inputs: Preprocessed
    truth: int


def scrubber(run: runs.Run | runs.UnreadableRun) -> None:
    """The section of the page, where the run kept weights at two steps or more; else a line that says how it would."""
    if isinstance(run, runs.UnreadableRun) or run.state == "gone":
        return
    if len(steps := kept_steps(run.path)) < 2:
        setting = settings()["kept_megabytes"].label
        st.caption(
            f"*{ALONG.setting.label}*, a slider, comes once a run has kept its weights at two steps or more: a matter "
            f"of *{setting}* in the form."
        )
        return
    if not ALONG.toggle():
        return
    layer, channel = _chosen_unit(run)
    seen = _seen(run)
    if seen is None:
        return
    about = MomentRequest(str(run.path), run.created, 0, layer, channel, seen.reference)
    tasks = [_moment_task(run, replace(about, step=step), seen) for step in steps]
    drawn = [_picture_task(run, replace(about, step=step, photo="")) for step in steps] if IMAGES.value else []
    place = st.container()
    values = gather([*tasks, *drawn], [True] * (len(tasks) + len(drawn)))
    problems(values)
    found, made = values[: len(tasks)], values[len(tasks) :] or [None] * len(tasks)
    pairs = [(moment, images) for moment, images in zip(found, made, strict=True) if isinstance(moment, Moment)]
    if not pairs:
        return
    images = [images.pixels[0] if isinstance(images, OptimisedImages) else None for _, images in pairs]
    with place:
        _draw(run, about, [moment for moment, _ in pairs], seen, images if drawn else [])


def _chosen_unit(run: runs.Run) -> tuple[str, int]:
    """The layer and the channel, which the other pages share, and the row of this section's choices."""
    layer_at, channel_at, photo_at, images_at = st.columns([1, 1, 1.6, 1.2], vertical_alignment="bottom")
    layer = shared_layer(CONVOLUTIONS)
    spec = run.recipe.spec(max(1, len(run.class_names)))
    count = next(step.layer.out for step in layers_of(spec) if step.layer.name == layer)
    LAYER.selectbox(layer_at, help="A convolution; conv1's filters are pictures themselves.")
    channel = shared_unit(count)
    CHANNEL.number_input(channel_at)
    PHOTO.segmented_control(photo_at)
    IMAGES.toggle(images_at)
    return layer, channel


def _seen(run: runs.Run) -> _Seen | None:
    """The photo that was chosen; None, and a sentence, while the film has none. Raises DamagedFile, ImageError."""
    how = run.recipe.preprocessing
    if PHOTO.value != _FILM:
        reference = current().photo
        return _Seen(reference, photos.load(reference), queries.inputs(reference, how), -1)
    if (fixed := read_photo(run.path)) is None:
        st.info("The film of this run has no photo: choose the one at hand.", icon=":material/info:")
        return None
    pixels, label = fixed
    photo = Photo("the film's photo", pixels, (len(pixels), len(pixels)), "PNG", _FILM)
    return _Seen(_FILM, photo, preprocess(photo, replace(how, resize=how.crop)), label)


def _moment_task(run: runs.Run, request: MomentRequest, seen: _Seen) -> Task:
    def make(progress: CountProgress) -> Moment:
        from alexnet_viz.attribution.session import Session
        from alexnet_viz.attribution.targets import Target

        model = _model(run, request.step)
        session = Session(model, seen.inputs.tensor)
        outputs = session.chain.outputs
        probabilities = outputs["fc8"][0].softmax(0).cpu().numpy()
        strongest = probabilities.argsort()[::-1][:5]
        cam = session.attribute("grad-cam", Target(int(strongest[0]) if seen.truth < 0 else seen.truth))
        names, layer, channel = model.info.categories, request.layer, request.channel
        kernel = model.network.get_parameter("conv1.weight")[channel].cpu().numpy() if layer == "conv1" else None
        return Moment(
            request.step,
            kernel,
            outputs[layer.replace("conv", "relu")][0, channel].cpu().numpy(),
            cam.values,
            cam.placement,
            cam.target,
            tuple((names[index], round(float(probabilities[index]), 4)) for index in strongest),
        )

    return Task(request, f"step {request.step:,}", make)


def _picture_task(run: runs.Run, request: MomentRequest) -> Task:
    def make(progress: CountProgress) -> OptimisedImages:
        from alexnet_viz.units.objectives import unit
        from alexnet_viz.units.optimise import optimise

        for images in optimise(_model(run, request.step), [unit(request.layer, request.channel)]):
            progress(images.step, images.steps)
        return images

    return Task(request, f"optimised picture after step {request.step:,}", make)


def _model(run: runs.Run, step: int) -> Model:
    """The network that the run was then: not shared, lest so many sets of weights push out all others."""
    from alexnet_viz.inspection.model import Model
    from alexnet_viz.network.device import pick
    from alexnet_viz.network.weights import load

    device = pick(None)
    network, info = load(f"run:{run.path.name}@{step}")
    return Model(network.to(device.name), info, device)


def _draw(run: runs.Run, about: Hashable, moments: list[Moment], seen: _Seen, images: list[np.ndarray | None]) -> None:
    """The moments in the browser, what they show in words, and the files to take along."""
    layer, channel = LAYER.value, CHANNEL.value
    unit = f"{layer}, channel {channel}"
    truth = run.class_names[seen.truth] if 0 <= seen.truth < len(run.class_names) else ""
    found = strips(moments, unit, seen.photo, seen.inputs.geometry, images)
    component(
        repr(about),
        [moment.step for moment in moments],
        [(strip.title, strip.alt, _uris(strip)) for strip in found],
        [moment.top for moment in moments],
        truth,
        key="scrubber",
    )
    whose = f"of *{markdown(truth)}*, the true class" if truth else "of each moment's own answer"
    st.caption(
        f"{markdown(unit)}: filter and map have one scale for all steps; Grad-CAM is {whose}, each on its own scale. "
        f"The run kept its whole weights at {len(kept_steps(run.path))} steps, closest at its start."
    )
    _downloads(about, moments, found, f"{run.id}: {unit}", truth, all(image is not None for image in images))


def _uris(strip: Strip) -> list[str]:
    """Cells to the bit, as PNG; what is a photo or like one as JPEG."""
    return [(png_uri if strip.title in ("Filter", "Map") else jpeg_uri)(picture) for picture in strip.pictures]


def _downloads(
    about: Hashable, moments: list[Moment], found: list[Strip], heading: str, truth: str, complete: bool
) -> None:
    key = (about, tuple(moment.step for moment in moments), len(found))
    with st.container(horizontal=True, vertical_alignment="center"):
        for kind, mime in KINDS.items():
            if kind == "MP4" and not makes_videos():
                st.caption("For an MP4 install imageio-ffmpeg: `pip install imageio-ffmpeg`", width="content")
                continue
            make = partial(animated, moments, found, heading, truth, kind)
            st.download_button(
                kind,
                partial(_played.get, (*key, kind), make),
                f"{heading.replace(': ', '-').replace(', ', '-').replace(' ', '-')}.{kind.lower()}",
                mime,
                icon=":material/download:",
                on_click="ignore",
                disabled=not complete,
                help="All steps as one file that plays, for slides." if complete else "Once all pictures are made.",
            )
