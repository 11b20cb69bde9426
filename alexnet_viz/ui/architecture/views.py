"""The architecture page's parts: the choice of a network that need not exist, its table, and the textbook's mistake."""

from __future__ import annotations

import csv
import io
import json
from functools import partial

import streamlit as st

from alexnet_viz.errors import ShapeError
from alexnet_viz.figures.architecture import compare_rows, human, share_figure
from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared import queries
from alexnet_viz.ui.shared.charts import plotly_chart
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.sidebar import theme
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.values import VARIANT_TITLES, VARIANTS, Architecture, LayerInfo, NetworkSpec

BACKGROUND = {"light": "#ffffff", "dark": "#12110f"}
NETWORK = Control(
    Setting(
        "net",
        "choice",
        None,
        "Network",
        "Which AlexNet to draw. A change brings back its own input size and padding.",
        options=VARIANT_TITLES,
    )
)
SIZE = Control(
    Setting("size", "int", None, "Input side", "Pixels of the square photo that the network gets.", low=16, high=512)
)
PADDING = Control(
    Setting("padding", "int", None, "Padding", "Zeros laid around the photo before conv1.", low=0, high=10)
)
CLASSES = Control(Setting("classes", "int", None, "Classes", "Units of fc8.", low=1, high=100_000))
WIDTH = Control(
    Setting("width", "int", None, "fc width", "Units of fc6 and fc7; 4096 in all three networks.", low=1, high=16_384)
)
BATCH = Control(
    Setting(
        "batch",
        "int",
        1,
        "Batch",
        "Photos in one forward pass: shapes, multiply-adds and memory follow.",
        low=1,
        high=1024,
    )
)
PRINTED_SIZE = Control(
    Setting("printed_size", "int", 224, "Input side", "The printed text says 224.", low=63, high=300)
)
PRINTED_PADDING = Control(
    Setting("printed_padding", "int", 0, "Padding of conv1", "The printed text has none.", low=0, high=4)
)


def chosen_spec(in_use: NetworkSpec) -> tuple[NetworkSpec, int]:
    """The row of choices above the drawing: a network and a batch size. Raises ShapeError where they do not fit.

    It begins with the network ``in_use``.
    """
    variant = NETWORK.resolve(in_use.variant)
    own = in_use if variant == in_use.variant else NetworkSpec(variant)
    for control, default in (
        (SIZE, own.input_size),
        (PADDING, own.conv1_padding),
        (CLASSES, own.num_classes),
        (WIDTH, own.fc_width),
    ):
        control.resolve(default)
    first, *others = st.container(key="choices").columns([2.2, 1, 1, 1, 1, 1])
    chosen = NETWORK.selectbox(first, on_change=callback(_own_size))
    size, padding, classes, width, batch = (
        control.number_input(column)
        for control, column in zip((SIZE, PADDING, CLASSES, WIDTH, BATCH), others, strict=True)
    )
    return NetworkSpec(chosen, classes, width, size, padding), batch


def _take(spec: NetworkSpec) -> None:
    NETWORK.choose(spec.variant)
    SIZE.choose(spec.input_size)
    PADDING.choose(spec.conv1_padding)
    CLASSES.choose(spec.num_classes)
    WIDTH.choose(spec.fc_width)
    BATCH.choose(1)


def _own_size() -> None:
    own = NetworkSpec(st.session_state[NETWORK.key])
    SIZE.choose(own.input_size)
    PADDING.choose(own.conv1_padding)


def table_rows(architecture: Architecture) -> list[dict]:
    """A dict a layer, in the order of the chain."""
    timed = any(layer.time_ms for layer in architecture.layers)
    return [
        {
            "layer": layer.name,
            "operation": layer.operation,
            "input": "×".join(map(str, layer.input_shape)),
            "output": "×".join(map(str, layer.output_shape)),
            "parameters": layer.params,
            "multiply-adds": layer.macs,
            "activation KiB": round(layer.activation_bytes / 1024, 1),
            "receptive field": layer.receptive_field,
            "jump": layer.jump,
            **({"ms": round(layer.time_ms, 2)} if timed else {}),
        }
        for layer in architecture.layers
    ]


def csv_text(rows: list[dict]) -> str:
    """Rows as CSV text with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def layer_arithmetic(layer: LayerInfo, knows_input: bool) -> None:
    """What one layer does, its formulas with the numbers put in, and what it sees.

    Where the shape of its input is still to be guessed, nothing is said that would give it away.
    """
    if knows_input:
        st.markdown(f"**{layer.operation}**, from {layer.input_shape} to {layer.output_shape}")
        for line in layer.formulas:
            st.markdown(f":material/calculate: {line}")
    else:
        st.markdown(f"**{layer.operation}**, to {layer.output_shape}")
        st.caption("Its formulas come with the shape of the layer before it, which is still to be guessed.")
    st.markdown(
        f":material/filter_center_focus: one value sees **{layer.receptive_field} × {layer.receptive_field}** pixels "
        f"of the input; those of neighbouring units lie **{layer.jump}** pixels apart (jump)"
    )


def totals(plan: Architecture) -> None:
    """What the whole network costs, and where that sits."""
    numbers = st.columns(3)
    numbers[0].metric("Parameters", human(plan.params), help=f"{plan.params:,} weights and biases")
    numbers[1].metric("Multiply-adds", human(plan.macs), help=f"{plan.macs:,} for a batch of {plan.batch}")
    memory = sum(layer.activation_bytes for layer in plan.layers)
    numbers[2].metric("Activations", human(memory, "B"), help="float32, every layer's output, for the whole batch")
    plotly_chart(
        partial(share_figure, plan, theme()),
        key="shares",
        alt="Three bars: the share of each layer in parameters, multiply-adds and activation memory",
    )


def layer_table(plan: Architecture, measured_on: str | None, in_use: NetworkSpec) -> None:
    """Every layer in a table with downloads.

    ``measured_on`` says in Markdown on what it was run for real; None means on meta tensors. The network ``in_use``
    can be drawn and measured at a press.
    """
    st.subheader("Layer by layer", anchor=False)
    st.caption(
        f"Measured in one forward pass of {measured_on}."
        if measured_on
        else "Measured on PyTorch's meta device: the shapes that these layers give, without computing values or times."
    )
    if not measured_on:
        st.button(
            f"Draw the network in use, and time it: {in_use.num_classes:,} classes, fc width {in_use.fc_width:,}",
            key="draw_in_use",
            icon=":material/timer:",
            on_click=callback(_take),
            args=(in_use,),
            help="The network of the weights chosen on the left, run over the photo.",
        )
    rows = table_rows(plan)
    large = st.column_config.NumberColumn(format="localized")
    st.dataframe(
        rows,
        hide_index=True,
        height=38 + 35 * len(rows),
        column_config=dict.fromkeys(("parameters", "multiply-adds", "activation KiB"), large),
        alt="The layers with shapes, parameters and fields",
    )
    save = st.columns([1, 1, 6])
    files = {"CSV": (csv_text(rows), "text/csv"), "JSON": (json.dumps(rows, indent=2), "application/json")}
    for place, (kind, (text, mime)) in zip(save, files.items(), strict=False):
        name = f"alexnet-{plan.spec.variant}.{kind.lower()}"
        place.download_button(kind, text, name, mime, on_click="ignore", help="This table.")


def three_side_by_side(spec: NetworkSpec) -> None:
    """What tells the 2012 paper's network, torchvision's and the textbooks' apart."""
    st.subheader("Three AlexNets side by side", anchor=False)
    others = {
        variant: queries.plan(NetworkSpec(variant, spec.num_classes, spec.fc_width), 1) for variant in VARIANTS
    }  # each at its own size
    st.markdown(
        """
|  | 2012 paper | torchvision | textbook (single tower) |
|:--|:--|:--|:--|
| from | Krizhevsky, Sutskever, Hinton, NIPS 2012 | Krizhevsky 2014, *One weird trick* | the paper on one GPU |
| input | 227 × 227 (the paper says 224) | 224 × 224, padding 2 | 224 with padding 2, or 227 without |
| filters | 96–256–384–384–256 | 64–192–384–256–256 | 96–256–384–384–256 |
| two groups | conv2, conv4, conv5 | no | no |
| response normalisation | after conv1 and conv2 | no | no |
| before fc6 | pool5, 6 × 6 | adaptive average pool to 6 × 6: any photo size | pool5, 6 × 6 |
| dropout | after fc6 and fc7 | before fc6 and fc7 | after fc6 and fc7 |
"""
    )
    lines = ["| | layer | " + " | ".join(VARIANT_TITLES[v] for v in VARIANTS) + " |", "|:--|:--|:--|:--|:--|"]
    for row in compare_rows(others):
        marked = ["≠" if row["differs"] else "", f"**{row['layer']}**", *(row[v] for v in VARIANTS)]
        lines.append(f"| {' | '.join(marked)} |")
    with st.expander("The three layer by layer; ≠ marks a difference"):
        st.markdown("\n".join(lines))


def textbook_story() -> None:
    """As it is often printed the network does not run: find out why."""
    st.subheader("The textbook network that does not run", anchor=False)
    st.markdown(
        "Many books print `Conv2d(3, 96, 11, stride=4)` without padding, a 224 × 224 photo, and "
        "`Linear(256*6*6, 4096)`. Choose, and see whether the numbers meet."
    )
    left, right = st.columns([1, 2], gap="large")
    with left:
        size, padding = PRINTED_SIZE.slider(), PRINTED_PADDING.slider()
    with right:
        try:
            fit = queries.printed_fit(size, padding)
        except ShapeError as error:
            st.error(markdown(str(error)))
            return
        sides = [f"{name} **{side}**" for name, side in fit.sides if name in ("conv1", "pool1", "pool2", "pool5")]
        last = fit.sides[-1][1]
        st.markdown(f"photo **{size}** → " + " → ".join(sides) + f" → flatten 256·{last}·{last} = **{fit.flatten:,}**")
        st.markdown(f"⌊({size} + 2·{padding} − 11)/4⌋ + 1 = **{fit.sides[0][1]}** is the side of conv1's maps.")
        if fit.error is None:
            st.success(f"It fits: fc6 gets the {fit.expected:,} values that it was printed for.")
        else:
            st.error(
                f"It does not fit: fc6 was printed for 256·6·6 = {fit.expected:,} values and gets {fit.flatten:,}. "
                f"PyTorch says: {markdown(fit.error)}. Try padding 2, or a photo of 227."
            )
