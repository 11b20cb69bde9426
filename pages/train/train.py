"""Launch a training run, watch it learn, stop and resume it, use what it learned."""

import streamlit as st

from alexnet_viz.ui.training import choose_run, launch, watch

st.title("Train an AlexNet", anchor=False)
launch()
st.divider()
if run := choose_run():
    watch(run)
else:
    st.caption("No runs yet: press Start, and watch conv1's filters form.")
