"""What every layer looks for: its weights as pictures, and in numbers."""

import streamlit as st

from alexnet_viz.ui.filters.views import (
    chosen_filter,
    chosen_layer,
    class_votes,
    input_slices,
    kernels,
    one_kernel,
    order_and_contrast,
    whole_layer,
)
from alexnet_viz.ui.shared import comparison, queries
from alexnet_viz.ui.shared.sidebar import current
from alexnet_viz.ui.shared.unit import SMOOTH

choice = current()
st.title("What each filter looks for", anchor=False)
with st.spinner("Loading the network …"):
    model = queries.model(choice)
columns = st.container(key="choices").columns([1, 1, 1.4, 0.8], vertical_alignment="bottom")
what, which, other, how = columns
with what:
    layer = chosen_layer()
with which:
    unit = chosen_filter(model, layer)
with other:
    second = comparison.weights(choice, model, optional=True)
if layer not in ("fc7", "fc8"):  # which have no maps
    SMOOTH.toggle(how)
models = [model, second] if second else [model]

if layer == "conv1":
    by, common = order_and_contrast()
    wide, narrow = (st.container(), st.container()) if second else st.columns([3, 2], gap="large")
    with wide:
        kernels(models, by, common, unit)
    with narrow:
        for column, shown in zip(st.columns(len(models), gap="large"), models, strict=True):
            with column:
                one_kernel(shown, unit)
elif layer in ("fc7", "fc8"):
    class_votes(models, layer, unit, choice.photo)
else:
    input_slices(models, layer, unit)

st.subheader(f"All of {layer}", anchor=False)
whole_layer(models, layer)
