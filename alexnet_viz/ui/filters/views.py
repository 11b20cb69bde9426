"""The filters page's parts: kernels in colour, slices as signed maps, votes, and a layer's weights in numbers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.components.tile_grid import Sheet, tile_grid
from alexnet_viz.figures.filters import (
    bias_figure,
    colour_figure,
    enlarged,
    kernel_tiles,
    norm_figure,
    spectrum_figure,
    vote_bars,
    weight_histogram,
)
from alexnet_viz.figures.palette import levels, scale
from alexnet_viz.figures.paper import kernels_figure
from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared import queries
from alexnet_viz.ui.shared.charts import plotly_chart
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.figure_files import figure_files
from alexnet_viz.ui.shared.sidebar import theme
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.shared.unit import (
    CHANNEL,
    LAYER,
    SMOOTH,
    WEIGHTED_LAYERS,
    chosen_unit,
    drawn_as,
    shared_layer,
    shared_unit,
    unit_label,
)

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

ORDERS = {"index": "number", "norm": "norm", "orientation": "orientation", "hue": "hue"}
CONTRASTS = {"each": "each", "common": "common"}
SORT = Control(
    Setting(
        "sort_kernels",
        "choice",
        "norm",
        "Sorted by",
        "Largest norm first; stripes from level over upright; hue from red over green to blue.",
        options=ORDERS,
    )
)
CONTRAST = Control(
    Setting(
        "contrast",
        "choice",
        "each",
        "Contrast",
        "Each kernel on its own scale, or all on the scale of the strongest: then weak kernels look grey.",
        options=CONTRASTS,
    )
)
WITH_PHOTO = Control(
    Setting(
        "with_photo",
        "bool",
        False,
        "Weight × input",
        "Off: the weights alone. On: each weight times its input for this photo, the terms of the sum that PyTorch "
        "computes.",
    )
)


def chosen_layer() -> str:
    """The layer, shared with the other pages: where they are at relu3 or pool3, here are the weights before it."""
    shared_layer(WEIGHTED_LAYERS)
    return LAYER.selectbox(help="The layers that have weights.")


def chosen_filter(model: Model, layer: str) -> int:
    """The output channel or unit; for fc8 by the name of its class."""
    norms = queries.filter_summary(model, layer).norms
    shared_unit(len(norms), int(norms.argmax()))  # at first the strongest
    return chosen_unit(layer.startswith("conv"), model.info.categories if layer == "fc8" else None)


# --- conv1 -----------------------------------------------------------------------------------------


def order_and_contrast() -> tuple[str, bool]:
    """How conv1's kernels are sorted, and whether they share one contrast."""
    left, right = st.columns(2)
    return SORT.segmented_control(left), CONTRAST.segmented_control(right) == "common"


def kernels(models: list[Model], by: str, common: bool, unit: int) -> None:
    """All of conv1 in colour, one sheet a network in the first one's order; a click chooses a kernel."""
    from alexnet_viz.inspection.filters import kernel_order

    of = [queries.filters(model, "conv1") for model in models]
    split = models[0].info.spec.variant == "paper"
    order = kernel_order(of[0], by, halves=split)
    sheets = [
        Sheet(
            kernel_tiles(layer_filters.weight, common),
            f"{len(layer_filters.weight)} kernels of conv1 as colour tiles, {model.info.title}",
            model.info.title if len(models) > 1 else "",
        )
        for layer_filters, model in zip(of, models, strict=True)
    ]
    alike = [sheet for sheet in sheets if len(sheet.tiles) == len(order)]
    facts = {"norm": queries.filter_summary(models[0], "conv1").norms, "bias": of[0].bias}
    parts = ("first group: what conv2's first half reads", "second group: what conv2's second half reads")
    tile_grid(
        alike,
        order,
        key="kernels",
        noun="kernel",
        facts=facts,
        selected=unit,
        on_pick=callback(CHANNEL.choose),
        parts=parts if split else (),
        smooth=SMOOTH.value,
    )
    if split:
        _colour_split(models[0])
    for sheet in sheets[len(alike) :]:  # another number of kernels: in an order of its own
        tile_grid(
            [sheet],
            kernel_order(of[1], by),
            key="kernels-beside",
            noun="kernel",
            on_pick=callback(CHANNEL.choose),
            selected=unit if unit < len(sheet.tiles) else -1,
            smooth=SMOOTH.value,
        )
    how = "the strongest kernel" if common else "each kernel"
    st.caption(
        f"{len(order)} kernels of 3 × 11 × 11 weights, red, green and blue as such: mid-grey is 0, the scale reaches "
        f"as far as {how} does; drawn {drawn_as()}. Click one, or walk with the arrow keys."
    )
    _figure(models[0], order, common)


def _figure(model: Model, order: np.ndarray, common: bool) -> None:
    """Figure 3 of the 2012 paper, of this network, as a file."""
    weight, title = queries.filters(model, "conv1").weight, f"Kernels of conv1, {model.info.title}"
    notes = queries.colour_split(model).notes if model.info.spec.variant == "paper" else ()
    help = "These kernels as Figure 3 of Krizhevsky, Sutskever, Hinton 2012 shows them, for a slide."
    figure_files("Figure 3", "figure-3", help, partial(kernels_figure, weight, order, common, title, notes))


def _colour_split(model: Model) -> None:
    """Whether the two groups split by colour, as the 2012 paper's did in every run."""
    split = queries.colour_split(model)
    st.caption(
        f"Colour has {split.first:.0%} of the energy of the first group's kernels and {split.second:.0%} of the "
        f"second's; the rest is brightness. {split.verdict} Krizhevsky, Sutskever, Hinton 2012 saw it in every run "
        "(section 6.1)."
    )


def one_kernel(model: Model, unit: int) -> None:
    """A kernel large, its spectrum and its numbers."""
    from alexnet_viz.inspection.filters import hue, orientation, spectrum

    of, title = queries.filters(model, "conv1"), model.info.title
    if unit >= len(of.weight):
        st.info(f"{markdown(title)} has {len(of.weight)} kernels in conv1: kernel {unit} is not among them.")
        return
    kernel = of.weight[unit : unit + 1]
    st.markdown(f"**Kernel {unit}**, {markdown(title)}")
    picture, numbers = st.columns(2)
    picture.image(enlarged(kernel_tiles(kernel)[0]), width="stretch", alt=f"Kernel {unit} of conv1, enlarged")
    numbers.markdown(
        f"norm **{np.linalg.norm(kernel):.3f}**  \nbias **{of.bias[unit]:.3f}**  \nweights **{kernel.min():.3f}** to "
        f"**{kernel.max():.3f}**  \nstripes at **{orientation(kernel)[0]:.0f}°**  \nhue **{hue(kernel)[0]:.0f}°**",
        help="Stripes: 0° level, 90° upright, from the strongest frequency. Hue: 0° red, 120° green, 240° blue.",
    )
    plotly_chart(
        partial(spectrum_figure, spectrum(kernel[0]), theme()),
        key=f"spectrum-{model.info.choice}",
        alt=f"The 2-D Fourier spectrum of kernel {unit}: which stripes it answers to",
    )


# --- deeper layers ---------------------------------------------------------------------------------


def input_slices(models: list[Model], layer: str, unit: int) -> None:
    """An output unit's kernel, one signed map an input channel, strongest first; the order is the first network's."""
    from alexnet_viz.inspection.filters import slices

    alike = [
        model
        for model in models
        if queries.filters(model, layer).weight.shape == queries.filters(models[0], layer).weight.shape
    ]
    for other in models[len(alike) :]:
        st.info(
            f"{markdown(other.info.title)} has another shape at {layer}: {queries.filters(other, layer).weight.shape}."
        )
    noun = unit_label(layer.startswith("conv")).lower()
    sliced = [slices(queries.filters(model, layer), unit, folded_side(model, layer)) for model in alike]
    channels, maps = sliced[0]
    ordered = [maps, *(m[np.argsort(c)][np.argsort(np.argsort(channels))] for c, m in sliced[1:])]
    peaks = [float(np.abs(maps).max()) for maps in ordered]
    common = max(peaks)
    sheets = [
        Sheet(
            levels(maps, common, signed=True),
            f"{len(maps)} input slices of {noun} {unit} of {layer} as signed maps, strongest first, {model.info.title}",
            model.info.title if len(alike) > 1 else "",
            scale(signed=True),
            (f"{-common:.3g}", f"{common:.3g}", "weight; white is 0"),
            signed=True,
        )
        for maps, model in zip(ordered, alike, strict=True)
    ]
    names = [f"input channel {channel}" for channel in channels]
    tile_grid(
        sheets,
        np.arange(len(channels)),
        key="slices",
        noun="rank",
        names=names,
        facts={"norm": np.linalg.norm(maps.reshape(len(maps), -1), axis=1)},
        smooth=SMOOTH.value,
    )
    of = queries.filters(models[0], layer)
    group = f" (its group's, of {of.inputs} in all)" if of.groups > 1 else ""
    st.caption(
        f"{layer}, {noun} {unit}: the kernel for each of its {len(channels)} input channels{group}, strongest first, "
        f"drawn {drawn_as()}; bias {of.bias[unit]:.4f}."
    )


def folded_side(model: Model, layer: str) -> int | None:
    """fc6's row is a stack of maps again: their side. None for other layers."""
    if layer != "fc6":
        return None
    shape = next(layer.input_shape for layer in queries.plan(model.info.spec, 1).layers if layer.kind == "flatten")
    return shape[-1]


def class_votes(models: list[Model], layer: str, unit: int, photo: str) -> None:
    """The units before that speak for and against a unit of fc7 or fc8, by weight or with the photo put in."""
    from alexnet_viz.inspection.filters import votes

    put_in = WITH_PHOTO.toggle()
    for column, model in zip(st.columns(len(models)), models, strict=True):
        of = queries.filters(model, layer)
        if unit >= len(of.weight):
            units = f"{len(of.weight)} units here: unit {unit} is not among them."
            column.info(f"{markdown(model.info.title)} has {units}")
            continue
        trace = queries.trace(model, photo)
        before = list(trace.outputs)[list(trace.outputs).index(layer) - 1]
        inputs = trace.outputs[before]
        chosen, values = votes(of, unit, inputs if put_in else None)
        name = f" ({markdown(model.info.categories[unit])})" if layer == "fc8" else ""
        column.markdown(f"**{markdown(model.info.title)}**, {layer} unit {unit}{name}, bias {of.bias[unit]:.4f}")
        labels = [f"{before} {number}" for number in chosen]
        plotly_chart(
            partial(vote_bars, labels, values, "weight × input" if put_in else "weight", theme()),
            column,
            key=f"votes-{model.info.choice}",
            alt=f"The strongest inputs for and against unit {unit} of {layer}",
        )
        if put_in:
            total = float(of.weight[unit].astype(np.float64) @ inputs)
            column.caption(
                f"Shown: {values.sum():.4f} of {total:.4f}, the sum of all {len(inputs):,} terms; with the bias "
                f"{total + of.bias[unit]:.4f}, which is what {layer} says: {trace.outputs[layer][unit]:.4f}."
            )


# --- the whole layer -------------------------------------------------------------------------------


def whole_layer(models: list[Model], layer: str) -> None:
    """A layer's weights in numbers, for one network or two: histogram, biases, shares, and the grid of norms."""
    summaries = [(model.info.title, queries.filter_summary(model, layer)) for model in models]
    rows = [
        "| | weights | near zero | dead filters | mean | spread | largest norm |",
        "|:--|--:|--:|--:|--:|--:|--:|",
    ]
    noun = unit_label(layer.startswith("conv")).lower()
    for model, (title, summary) in zip(models, summaries, strict=True):
        norms, count = summary.norms, queries.filters(model, layer).weight.size
        dead = str(len(summary.dead))
        if summary.dead:
            dead += f" ({', '.join(map(str, summary.dead[:8]))}{' …' * (len(summary.dead) > 8)})"
        rows.append(
            f"| {markdown(title)} | {count:,} | {summary.near_zero:.1%} | {dead} of {len(norms)} | {summary.mean:.5f} "
            f"| {summary.std:.4f} | {norms.max():.3f} ({noun} {norms.argmax()}) |"
        )
    st.markdown("\n".join(rows))
    st.caption("Near zero: below 1 % of the layer's largest |weight|. Dead: a norm below 1 % of the median filter's.")
    left, right = st.columns(2, gap="medium")
    counted = [(title, (summary.counts, summary.edges)) for title, summary in summaries]
    plotly_chart(
        partial(weight_histogram, counted, theme()), left, key="weights-of", alt=f"Histogram of the weights of {layer}"
    )
    biases = [(model.info.title, queries.filters(model, layer).bias) for model in models]
    plotly_chart(partial(bias_figure, biases, theme()), right, key="biases", alt=f"The biases of {layer}")
    if layer == "conv1":
        _colours_read(models)
    else:
        _connections(models, layer)


def _colours_read(models: list[Model]) -> None:
    """How strongly conv1's kernels read the photo's red, green and blue."""
    st.subheader("Which colours each kernel reads", anchor=False)
    for column, model in zip(st.columns(len(models), gap="medium"), models, strict=True):
        norms, _ = queries.norm_grid(model, "conv1", None)
        plotly_chart(
            partial(colour_figure, norms, theme()),
            column,
            key=f"norms-{model.info.choice}",
            alt="A bar for each kernel of conv1: how much of it reads red, green and blue",
        )
        energy = norms.astype(np.float64) ** 2
        one_sided = int((energy.max(axis=1) > energy.sum(axis=1) / 2).sum())
        column.caption(
            f"{markdown(model.info.title)}: each slice's share of a kernel's squared norm. {one_sided} of {len(norms)} "
            "kernels have more than half of it in one colour; a kernel whose thirds are alike (dotted lines) looks for "
            "light and dark. Point at one for its number."
        )


def _connections(models: list[Model], layer: str) -> None:
    """The norm of the weights between each input and each output of a layer."""
    st.subheader("How strongly inputs and outputs are connected", anchor=False)
    for column, model in zip(st.columns(len(models), gap="medium"), models, strict=True):
        grid, block = queries.norm_grid(model, layer, folded_side(model, layer))
        plotly_chart(
            partial(norm_figure, grid, block, theme()),
            column,
            key=f"norms-{model.info.choice}",
            alt=f"The norm of the weights from every input to every output of {layer}",
        )
        blocks = f" Each cell stands for {block[0]} × {block[1]} of them (root mean square)." if max(block) > 1 else ""
        groups = queries.filters(model, layer).groups
        empty = " The grey blocks are empty: the two groups are not connected." if groups > 1 else ""
        column.caption(
            f"{markdown(model.info.title)}: the norm of the weights between each input and each output.{blocks}{empty}"
        )
