"""Launch a training run, watch it learn, stop and resume it, see what it learned, compare it with others."""

import streamlit as st

from alexnet_viz.ui.training.after import results
from alexnet_viz.ui.training.compare import all_runs
from alexnet_viz.ui.training.control import controls
from alexnet_viz.ui.training.launch import invitation, launch
from alexnet_viz.ui.training.watch import chosen_run, there, watch

st.title("Train an AlexNet", anchor=False)
launch()
if runs := there():
    row = st.columns([4, 2, 2, 2], vertical_alignment="bottom")
    with row[0]:
        run = chosen_run(runs)
    controls(run, row[1:])
    watch(run)
    results(run)
    all_runs(runs)
else:
    invitation()
