"""What every layer makes of the photo: all its maps at once, one channel over the photo, one value's patch."""

import streamlit as st

from alexnet_viz.ui.activations.views import (
    all_maps,
    answer_guessed,
    answers,
    choices,
    closer,
    layer_guessed,
    one_unit,
    over_the_photo,
    sides,
    strongest_units,
    unit_numbers,
)
from alexnet_viz.ui.shared import predict, queries
from alexnet_viz.ui.shared.sidebar import current

choice = current()
guess_first = predict.title("What every layer makes of the photo")
with st.spinner("Waking the network …"):
    model = queries.model(choice)
look, what = choices(model)
passes = sides(choice, model, look, what)
above, below = st.container(), st.container()
layer_at, answers_at = (below, above) if what == "lesion" else (above, below)  # a lesion's answer is on top

if len(passes) > 1:
    with answers_at:
        if not guess_first or answer_guessed(passes, what):
            answers(passes, what)
with layer_at:
    if not guess_first or layer_guessed(passes[0], look):
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
