"""The whole forward pass, and any value of it taken apart."""

import streamlit as st

from alexnet_viz.ui import ask
from alexnet_viz.ui.network import choose, chosen, passes, show
from alexnet_viz.ui.sidebar import current

choice = current()
st.title("The forward pass, down to every value", anchor=False)
choices = st.container()
with st.spinner("Waking the network …"):
    network = ask.model(choice)
    place = chosen(network, choice.photo)
if single := ask.single_output_note(ask.trace(network, choice.photo).outputs["fc8"]):
    st.info(single, icon=":material/info:")
show(passes(choice, network), place)
with choices:
    choose(network, place)
