"""The whole forward pass, and any value of it taken apart."""

import streamlit as st

from alexnet_viz.ui.network.views import choose, chosen, passes, show
from alexnet_viz.ui.shared import queries
from alexnet_viz.ui.shared.sidebar import current

choice = current()
st.title("The forward pass, down to every value", anchor=False)
choices = st.container()
with st.spinner("Loading the network …"):
    model = queries.model(choice)
    place = chosen(model, choice.photo)
if single := queries.single_output_note(queries.trace(model, choice.photo).outputs["fc8"]):
    st.info(single, icon=":material/info:")
show(passes(choice, model), place)
with choices:
    choose(model, place)
