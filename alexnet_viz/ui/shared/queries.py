"""The core's answers for the pages, each computed once for all visitors. torch is imported by the first query."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.lru_cache import LRUCache, digest
from alexnet_viz.ui.shared import photos
from alexnet_viz.values import (
    Architecture,
    Classification,
    Column,
    NetworkSpec,
    Prediction,
    Preprocessed,
    Preprocessing,
    Trace,
)

if TYPE_CHECKING:
    import numpy as np

    from alexnet_viz.attribution.session import Session
    from alexnet_viz.inspection.architecture import PrintedFit
    from alexnet_viz.inspection.filters import ColourSplit, Filters, Summary
    from alexnet_viz.inspection.lesion import Lesion
    from alexnet_viz.inspection.model import Model
    from alexnet_viz.ui.shared.sidebar import Choice

_inputs: LRUCache[Preprocessed] = LRUCache(128)
_answers: LRUCache[Classification] = LRUCache(2048)
_plans: LRUCache[Architecture] = LRUCache(256)
_filters: LRUCache[Filters] = LRUCache(256 << 20, lambda of: of.weight.nbytes)
_summaries: LRUCache[Summary] = LRUCache(128)
_splits: LRUCache[ColourSplit] = LRUCache(128)
_fields: LRUCache[tuple[tuple[int, int], ...]] = LRUCache(256)
_grids: LRUCache[tuple[np.ndarray, tuple[int, int]]] = LRUCache(32 << 20, lambda grid: grid[0].nbytes)
_sessions: LRUCache[Session] = LRUCache(320 << 20, lambda session: session.nbytes)
_overviews: LRUCache[tuple[Column, ...]] = LRUCache(64)
_agreements: LRUCache[tuple[np.ndarray, np.ndarray]] = LRUCache(256)
_traces: LRUCache[Trace] = LRUCache(256 << 20, lambda trace: trace.nbytes)


def model(choice: Choice) -> Model:
    """The network that the sidebar chose. Raises WeightsError, DeviceError."""
    from alexnet_viz.inspection.model import get

    return get(choice.weights, choice.variant, choice.device)


def inputs(reference: str, how: Preprocessing) -> Preprocessed:
    """What a network with this preprocessing sees of a photo. Raises ImageError."""
    photo = photos.load(reference)
    return _inputs.get((reference, how), lambda: preprocess(photo, how))


def answer(model: Model, reference: str) -> Classification:
    """A network's answer to a photo, with the times of the pass that computed it. Raises ImageError."""
    from alexnet_viz.inspection.predictions import answer as compute

    photo, seen = photos.load(reference), inputs(reference, model.info.preprocessing)
    key = (reference, model.info.id, model.device.name)
    classification = _answers.get(key, lambda: compute(model, photo, seen))
    # another visitor's names for the same photo and the same checkpoint may have been first
    return replace(classification, file=photos.file_name(reference), weights=model.info.choice)


def answer_to(model: Model, reference: str, changed: Preprocessed) -> Classification:
    """A network's answer to a changed input of a photo: computed each time. Raises ImageError."""
    from alexnet_viz.inspection.predictions import answer as compute

    return compute(model, photos.load(reference), changed)


def trace(model: Model, reference: str) -> Trace:
    """Every layer's output for a photo. Raises ImageError."""
    from alexnet_viz.inspection.trace import trace as record

    key = (model.info.id, model.device.name, reference)
    return _traces.get(key, lambda: record(model, inputs(reference, model.info.preprocessing).tensor))


def session(model: Model, reference: str, other: str | None = None) -> Session:
    """A photo's recorded pass, for attributions; ``other`` is the photo that a baseline may be. Raises ImageError."""
    from alexnet_viz.attribution.session import Session

    def make() -> Session:
        how = model.info.preprocessing
        return Session(model, inputs(reference, how).tensor, inputs(other, how).tensor if other else None)

    return _sessions.get((model.info.id, model.device.name, reference, other), make)


def overview(model: Model, reference: str, top: int, include: tuple[str, int]) -> tuple[Column, ...]:
    """The forward pass at a glance, the ``top`` strongest channels a layer and one to include. Raises ImageError."""
    from alexnet_viz.inspection.overview import overview as look

    key = (model.info.id, model.device.name, reference, top, include)
    return _overviews.get(key, lambda: look(model.network, trace(model, reference), top, include))


def agreement(maps: list[tuple[np.ndarray, tuple[float, float]]], size: int) -> tuple[np.ndarray, np.ndarray]:
    """How alike maps, each with its placement, are on the input's pixels: rank correlations and overlaps (n, n)."""
    from alexnet_viz.attribution.faithfulness import agreement as compare
    from alexnet_viz.attribution.faithfulness import on_input

    return _agreements.get(
        digest(maps, size), lambda: compare([on_input(values, size, placement) for values, placement in maps], size)
    )


def lesioned(model: Model, reference: str, cut: Lesion) -> Trace:
    """The trace with a lesion made; only the layers after it are computed. Raises ImageError."""
    from alexnet_viz.inspection.lesion import lesioned as without

    key = (model.info.id, model.device.name, reference, cut)
    return _traces.get(key, lambda: without(model, trace(model, reference), cut))


def layer_fields(spec: NetworkSpec, layer: str) -> tuple[tuple[float, float], tuple[tuple[int, int], ...]]:
    """A layer's map on the input: (first edge, a cell's size), and (first, end) of what each row sees."""
    from alexnet_viz.inspection.fields import box, placement

    side = next(layer_info.output_shape[-1] for layer_info in plan(spec, 1).layers if layer_info.name == layer)
    fields = _fields.get((spec, layer), lambda: tuple(box(spec, layer, i, i)[::2] for i in range(side)))
    return placement(spec, layer), fields


def plan(spec: NetworkSpec, batch: int) -> Architecture:
    """A network's layers, measured on PyTorch's meta device. Raises ShapeError."""
    from alexnet_viz.inspection.architecture import plan as measure

    return _plans.get((spec, batch), lambda: measure(spec, batch))


def strongest(answer: Classification, model: Model, top: int, temperature: float = 1.0) -> tuple[Prediction, ...]:
    """The strongest classes of an answer at a softmax temperature."""
    from alexnet_viz.inspection.predictions import strongest as pick

    return pick(answer.logits, model.info.categories, top, temperature)


def single_output_note(logits: np.ndarray) -> str | None:
    """What to make of a network with a single output, in a sentence; None for all others."""
    from alexnet_viz.inspection.predictions import single_output_note as note

    return note(logits)


def measured(model: Model, reference: str) -> Architecture:
    """The chosen network's layers with the time of each, from a forward pass over the photo itself."""
    from alexnet_viz.inspection.architecture import measure

    tensor = inputs(reference, model.info.preprocessing).tensor[None]
    key = (model.info.id, model.device.name, reference)
    return _plans.get(key, lambda: measure(model.network, model.tensor(tensor)))


def printed_fit(input_size: int, padding: int) -> PrintedFit:
    """The textbook's network as printed, tried at one size. Raises ShapeError."""
    from alexnet_viz.inspection.architecture import printed_fit as fit

    return fit(input_size, padding)


def filters(model: Model, layer: str) -> Filters:
    """A layer's weights and biases."""
    from alexnet_viz.inspection.filters import filters as read

    return _filters.get((model.info.id, model.device.name, layer), lambda: read(model, layer))


def filter_summary(model: Model, layer: str) -> Summary:
    """A layer's weights in numbers: histogram, norms, shares of what does nothing."""
    from alexnet_viz.inspection.filters import summary

    return _summaries.get((model.info.id, layer), lambda: summary(filters(model, layer)))


def colour_split(model: Model) -> ColourSplit:
    """Whether the two groups of conv1's kernels split by colour."""
    from alexnet_viz.inspection.filters import colour_split as test

    return _splits.get(model.info.id, lambda: test(filters(model, "conv1").weight))


def norm_grid(model: Model, layer: str, side: int | None = None) -> tuple[np.ndarray, tuple[int, int]]:
    """The norm of the weights from every input to every output, in at most 256 × 256 blocks of (outputs, inputs)."""
    from alexnet_viz.inspection.filters import norm_grid as grid
    from alexnet_viz.inspection.filters import shrunk

    return _grids.get((model.info.id, layer), lambda: shrunk(grid(filters(model, layer), side)))
