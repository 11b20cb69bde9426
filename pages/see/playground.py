"""A window sliding over a matrix small enough to follow by hand."""

from dataclasses import asdict

import streamlit as st

from alexnet_viz.components.playground_view import playground_view
from alexnet_viz.ui.playground.views import answer, choose, keep_typed, matrices, patterns

st.title("The sliding window", anchor=False)
window = choose()
inputs, kernel = matrices(window)
output, hidden = answer(window, inputs, kernel)
typed = playground_view(inputs, kernel, output, asdict(window) | {"side": window.side}, hidden=hidden, key="playground")
if typed:
    keep_typed(typed.inputs, typed.kernel)
    st.rerun()
patterns(window)
