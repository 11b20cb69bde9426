"""Launch a training run, watch it learn, stop and resume it, see what it learned, compare it with others."""

import streamlit as st

from alexnet_viz import permissions
from alexnet_viz.ui import roles
from alexnet_viz.ui.shared.error_boundary import callback, error_boundary
from alexnet_viz.ui.training.compare import runs_table
from alexnet_viz.ui.training.control import controls
from alexnet_viz.ui.training.launch import invitation, launch, new_run
from alexnet_viz.ui.training.results import results
from alexnet_viz.ui.training.scrubber import scrubber
from alexnet_viz.ui.training.watch import chosen_run, listed_runs, watch

st.title("Train an AlexNet", anchor=False)
runs = listed_runs()
if permissions.current().runs:
    with error_boundary(), new_run(expanded=not runs):
        launch()
else:
    st.caption(f"Runs are started and changed by the presenter. [Is that you?]({roles.PATH})")
    if roles.has_provider():
        st.button(
            "Log in", icon=":material/login:", on_click=callback(st.login), help="With the account of your institution."
        )
row = st.columns([4, 2, 2, 2], vertical_alignment="bottom")
run = chosen_run(runs, row[0])
if run:
    # Each part on its own: what is wrong with one file of a run takes nothing else off the page.
    with error_boundary():
        controls(run, row[1:])
    with error_boundary():
        watch(run)
    with error_boundary():
        scrubber(run)
    with error_boundary():
        results(run)
if runs:
    runs_table(runs)
else:
    invitation()
