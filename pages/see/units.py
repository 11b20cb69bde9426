"""What units respond to, as pictures that form or as photos; what layers make of the photo, and of all photos."""

import streamlit as st

from alexnet_viz.ui.shared import queries
from alexnet_viz.ui.shared.sidebar import current
from alexnet_viz.ui.units.choices import (
    DIVERSE,
    choices_row,
    chosen_choices,
    chosen_inversion,
    chosen_layer,
    chosen_unit_of,
    chosen_view,
    shows_layer,
)
from alexnet_viz.ui.units.collection_map import chosen_axes, collection_map
from alexnet_viz.ui.units.exemplars import MASK, RANKING, chosen_search, unit_and_photos
from alexnet_viz.ui.units.neighbours import FIGURE_SEED, photo_neighbours
from alexnet_viz.ui.units.photo_strip import photo_strip
from alexnet_viz.ui.units.quiz import REFERENCE, SEED, quiz
from alexnet_viz.ui.units.views import contact_sheet, links, numbers, optimised_pictures

choice = current()
head, views, _ = st.columns([3.3, 4.75, 0.45], vertical_alignment="center")  # the link's button has the rest
head.title("What units respond to", anchor=False)
with views:
    view = chosen_view()
with st.spinner("Loading the network …"):
    model = queries.model(choice)

if view == "photo":
    photo_strip(model, choice.photo, *chosen_inversion())
elif view == "neighbours":
    row = choices_row(3)
    FIGURE_SEED.number_input(row[1])
    if search := chosen_search(model, row[0]):
        photo_neighbours(model, choice.photo, search)
elif view == "map":
    row = choices_row(5)
    chosen_axes(row)
    if search := chosen_search(model, row[2]):
        collection_map(model, choice.photo, search, row)
elif view == "quiz":
    row = choices_row(4)
    layer = chosen_layer(row[0])
    REFERENCE.selectbox(row[1])
    SEED.number_input(row[2])
    if search := chosen_search(model, row[3]):
        quiz(model, layer, search)
elif view == "exemplars":
    row = choices_row(5)
    layer = chosen_layer(row[0])
    unit = chosen_unit_of(model, layer, row[1])
    search = chosen_search(model, row[2])
    RANKING.selectbox(row[3])
    MASK.toggle(row[4])
    if search:
        unit_and_photos(model, layer, unit, choice.photo, search)
    links(layer, unit)
else:
    row = choices_row(5)
    layer = chosen_layer(row[0])
    unit = chosen_unit_of(model, layer, row[1])
    pictures = DIVERSE.slider(row[2])
    with row[3]:
        choices = chosen_choices()
    if shows_layer(layer, row[4]):
        links(layer, unit)
        contact_sheet(model, layer, unit, choices)
    else:
        optimised_pictures(model, layer, unit, pictures, choices)
        numbers(model, layer, unit, choice.photo)
        links(layer, unit)
