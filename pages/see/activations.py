"""What every layer makes of the photo: all its maps at once, one channel over the photo, one value's patch."""

import streamlit as st

from alexnet_viz.ui.activations.answers import answer_guessed, answers, layer_guessed
from alexnet_viz.ui.activations.channel import channel_over_photo, chosen_channel, value_in_detail
from alexnet_viz.ui.activations.layer_maps import all_maps
from alexnet_viz.ui.activations.passes import chosen_options, shown_passes
from alexnet_viz.ui.activations.units import every_class, likeliest_classes, strongest_units, unit_numbers
from alexnet_viz.ui.shared import predict, queries
from alexnet_viz.ui.shared.sidebar import current

choice = current()
guess_first = predict.title("What every layer makes of the photo")
with st.spinner("Loading the network …"):
    model = queries.model(choice)
options, compared_with = chosen_options(model)
passes = shown_passes(choice, model, options, compared_with)
above, below = st.container(), st.container()
layer_at, answers_at = (below, above) if compared_with == "lesion" else (above, below)  # a lesion's answer is on top

if len(passes) > 1:
    with answers_at:
        if not guess_first or answer_guessed(passes, compared_with):
            answers(passes, compared_with)
with layer_at:
    if not guess_first or layer_guessed(passes[0], options):
        maps = passes[0].output(options.layer).ndim == 3
        wide, narrow = (st.container(), st.container()) if len(passes) > 1 else st.columns([3, 2], gap="medium")
        with narrow:
            unit = chosen_channel(passes, options)
            if maps:
                channel_over_photo(passes, options, unit)
            elif options.layer == "softmax":
                every_class(passes, options, unit)
            else:
                strongest_units(passes, options, unit)
        with wide:
            if options.layer == "softmax":
                likeliest_classes(passes, options, unit)
            else:
                all_maps(passes, options, unit)
        if maps:
            value_in_detail(passes, options, unit)
        else:
            unit_numbers(passes, options, unit)
