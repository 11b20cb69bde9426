"""The units of a fully connected layer, and the softmax step by step."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.figures.activations import (
    class_bars,
    rank_figure,
    unit_bars,
    value_histogram,
)
from alexnet_viz.ui.activations.passes import MapOptions, ShownPass, outputs_at, unit_names
from alexnet_viz.ui.shared import queries
from alexnet_viz.ui.shared.charts import plotly_chart
from alexnet_viz.ui.shared.sidebar import theme
from alexnet_viz.ui.shared.text import markdown

if TYPE_CHECKING:
    pass


def strongest_units(passes: list[ShownPass], options: MapOptions, unit: int, top: int = 12) -> None:
    """The strongest units of a fully connected layer as bars, with the chosen one among them."""
    labels, values, row = _strongest(passes, options, unit, top)
    figure = partial(unit_bars, labels, values, "logit" if options.layer == "fc8" else "value", row, theme())
    plotly_chart(figure, key="units", alt=f"The strongest units of {options.layer}")


def likeliest_classes(passes: list[ShownPass], options: MapOptions, unit: int, top: int = 15) -> None:
    """The softmax as bars with the classes' names and percentages, the chosen class among them."""
    labels, values, row = _strongest(passes, options, unit, top)
    figure = partial(class_bars, labels, values, row, theme())
    plotly_chart(figure, key="classes", alt=f"The likeliest classes; the first is {labels[0]}")


def every_class(passes: list[ShownPass], options: MapOptions, unit: int) -> None:
    """All classes' probabilities by rank: how far the likeliest stand out."""
    outputs, alike = outputs_at(passes, options.layer)
    values = [(shown.title, output) for shown, output in zip(passes, outputs if alike else outputs[:1], strict=False)]
    plotly_chart(
        partial(rank_figure, values, unit, theme()),
        key="ranks",
        alt=f"The probabilities of all {len(outputs[0]):,} classes, likeliest first, on a logarithmic scale",
    )
    st.caption(f"All {len(outputs[0]):,} classes, likeliest first; the dot is the chosen one. They add up to 100 %.")


def _strongest(
    passes: list[ShownPass], options: MapOptions, unit: int, top: int
) -> tuple[list[str], list[tuple[str, np.ndarray]], int]:
    """The strongest units, the chosen one among them: their labels, each pass's values, and the chosen one's row."""
    outputs, alike = outputs_at(passes, options.layer)
    if not alike:
        outputs = outputs[:1]
    ranked = np.argsort(-outputs[0], kind="stable")[:top]
    if unit not in ranked:
        ranked = np.append(ranked[:-1], unit)
    names = unit_names(passes[0], options.layer)
    labels = [f"{names[i].partition(',')[0]} ({i})" if names else f"{options.layer} {i}" for i in ranked]
    values = [(shown.title, output[ranked]) for shown, output in zip(passes, outputs, strict=False)]
    return labels, values, int(np.flatnonzero(ranked == unit)[0])


def unit_numbers(passes: list[ShownPass], options: MapOptions, unit: int) -> None:
    """What a layer of units says as a whole, and the softmax step by step."""
    outputs, _ = outputs_at(passes, options.layer)
    if options.layer == "softmax":
        for shown in passes:
            _softmax_steps(shown, len(passes) > 1)
        return
    values = outputs[0]
    left, right = st.columns([2, 3], gap="medium")
    stronger = int((values > values[unit]).sum())
    left.markdown(
        f"**Unit {unit}: {values[unit]:.5g}**. {stronger} of {len(values):,} are stronger.\n\n"
        f"Of all {len(values):,} units **{(values > 0).mean():.0%}** lie above 0; mean {values.mean():.4g}, from "
        f"{values.min():.4g} to {values.max():.4g}."
    )
    named = [(shown.title, output) for shown, output in zip(passes, outputs, strict=True)]
    plotly_chart(
        partial(value_histogram, named, {"chosen": float(values[unit])}, theme()),
        right,
        key="values",
        alt=f"Histogram of the units of {options.layer}",
    )


def _softmax_steps(shown: ShownPass, titled: bool) -> None:
    from alexnet_viz.inspection.activations import softmax_steps

    logits = shown.trace.outputs["fc8"]
    rows, total = softmax_steps(logits, shown.model.info.categories)
    largest, best = float(logits.max()), rows[0]
    label = markdown(best.label)
    st.subheader("The softmax, step by step" + (f": {markdown(shown.title)}" if titled else ""), anchor=False)
    if single := queries.single_output_note(logits):
        st.info(single, icon=":material/info:")
    st.markdown(
        f"1. Take the largest logit, **{largest:.4f}**, off every logit z: nothing overflows, and nothing changes.\n"
        f"2. Raise e to it: {label} gets e^{best.shifted:.0f} = {best.exponential:.0f}, the others less.\n"
        f"3. Add up all {len(logits):,}: Σ = **{total:.6f}**.\n"
        f"4. Divide by Σ: {label} gets 1 / {total:.4f} = **{best.probability:.2%}**."
    )
    table = [
        {
            "class": row.label,
            "unit": row.index,
            "logit z": row.logit,
            "z − max": row.shifted,
            "exp(z − max)": row.exponential,
            "÷ Σ": row.probability,
        }
        for row in rows
    ]
    if others := len(logits) - len(rows):
        rest = sum(row.exponential for row in rows)
        table.append(
            {
                "class": f"the other {others:,} together",
                "unit": None,
                "logit z": None,
                "z − max": None,
                "exp(z − max)": total - rest,
                "÷ Σ": 1 - rest / total,
            }
        )
    number = st.column_config.NumberColumn
    st.dataframe(
        table,
        hide_index=True,
        height=38 + 35 * len(table),
        alt=f"The softmax step by step for the {len(rows)} strongest classes",
        column_config={
            "logit z": number(format="%.4f"),
            "z − max": number(format="%.4f"),
            "exp(z − max)": number(format="%.6f"),
            "÷ Σ": number(format="%.6f"),
        },
    )
