"""What the passes answer, beside each other, and guesses before that is shown."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from alexnet_viz.figures.activations import (
    change_figure,
    compared_probabilities,
    labelled,
    unit_bars,
)
from alexnet_viz.ui.activations.passes import MapOptions, ShownPass
from alexnet_viz.ui.shared import predict
from alexnet_viz.ui.shared.charts import plotly_chart
from alexnet_viz.ui.shared.sidebar import theme


def answers(passes: list[ShownPass], compared_with: str) -> None:
    """What the two passes answer in the end, and for a lesion how far every later layer has moved."""
    if compared_with != "lesion":  # whose answer stands above its maps
        st.subheader("The two answers", anchor=False)
    first, second = (probabilities(shown) for shown in passes)
    left, right = st.columns(2, gap="large")
    if passes[0].model.info.categories == passes[1].model.info.categories:
        both = sorted({*top_classes(first), *top_classes(second)}, key=lambda label: -first[label])
        before, after = (
            (shown.title, {label: likely[label] for label in both})
            for shown, likely in zip(passes, (first, second), strict=True)
        )
        plotly_chart(
            partial(compared_probabilities, before, after, theme()),
            left,
            key="answers",
            alt=f"The strongest classes of both: {top_classes(first)[0]}, and {top_classes(second)[0]}",
        )
    else:
        for number, (shown, likely) in enumerate(zip(passes, (first, second), strict=True)):
            top = top_classes(likely)
            bars = partial(
                unit_bars,
                top,
                [(shown.title, np.array([likely[label] for label in top]))],
                "probability",
                0,
                theme(),
            )
            alt = f"The strongest classes of {shown.title}; first is {top[0]}"
            plotly_chart(bars, left, key=f"answer-{number}", alt=alt)
    if compared_with == "lesion":
        from alexnet_viz.inspection.lesion import changes

        moved = changes(passes[0].trace, passes[1].trace)
        names = list(moved)
        start = next((i for i, name in enumerate(names) if moved[name] > 0), len(names) - 1)
        plotly_chart(
            partial(change_figure, {name: moved[name] for name in names[start:]}, theme()),
            right,
            key="moved",
            alt="How far the output of every later layer has moved",
        )
        right.caption("How far each layer has moved. Choose a later layer above to see its maps with the lesion.")


def layer_guessed(shown: ShownPass, options: MapOptions) -> bool:
    """Ask for the shape of a layer's output, or at fc8 and softmax for the class; True once there is a guess."""
    if options.layer not in ("fc8", "softmax"):
        return predict.shape_is_revealed(options.layer, shown.model.info.spec, shown.output(options.layer).shape)
    return predict.class_is_revealed(shown.model, shown.photo, top_classes(probabilities(shown)))


def answer_guessed(passes: list[ShownPass], compared_with: str) -> bool:
    """Ask whether both passes give the same answer; True once there is a guess."""
    first, second = (top_classes(probabilities(shown))[0] for shown in passes)
    compared = [(shown.title, shown.photo, shown.model.info.id) for shown in passes]
    key = f"same answer {compared} {_lesion_key(compared_with)}"
    return predict.is_revealed(
        key, "Will both give the same answer?", "yes" if first == second else "no", ("yes", "no")
    )


def _lesion_key(compared_with: str) -> str:
    state = st.session_state
    return f"{state.lesion_layer} {state.lesion_channels} {state.lesion_manner}" if compared_with == "lesion" else ""


def probabilities(shown: ShownPass) -> dict[str, float]:
    """Every class's probability by its name."""
    from alexnet_viz.inspection.predictions import strongest

    logits = shown.trace.outputs["fc8"]
    return labelled(strongest(logits, shown.model.info.categories, len(logits)))


def top_classes(probabilities: dict[str, float], count: int = 5) -> list[str]:
    return sorted(probabilities, key=lambda label: -probabilities[label])[:count]
