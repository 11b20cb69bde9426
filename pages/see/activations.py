"""What every layer makes of the photo: all its maps at once, one channel over the photo, one value's patch."""

import streamlit as st

from alexnet_viz.ui import ask
from alexnet_viz.ui.activations import (
    all_maps,
    answers,
    choices,
    closer,
    one_unit,
    over_the_photo,
    sides,
    strongest_units,
    unit_numbers,
)
from alexnet_viz.ui.sidebar import current

choice = current()
st.title("What every layer makes of the photo", anchor=False)
with st.spinner("Waking the network …"):
    network = ask.model(choice)
look, what = choices(network)
passes = sides(choice, network, look, what)
maps = passes[0].output(look.layer).ndim == 3

wide, narrow = (st.container(), st.container()) if len(passes) > 1 else st.columns([3, 2], gap="medium")
with narrow:
    unit = one_unit(passes, look)
    if maps:
        over_the_photo(passes, look, unit)
    else:
        strongest_units(passes, look, unit)
with wide:
    all_maps(passes, look, unit)
if maps:
    closer(passes, look, unit)
else:
    unit_numbers(passes, look, unit)
answers(passes, what)
