"""Why this class: what in the photo made the network say what it said, and how far each answer can be trusted."""

import streamlit as st

from alexnet_viz.ui.attribution.by_hand import by_hand
from alexnet_viz.ui.attribution.choices import chosen_look, chosen_method, chosen_view
from alexnet_viz.ui.attribution.compare import compare
from alexnet_viz.ui.attribution.evaluation import put_to_the_test
from alexnet_viz.ui.attribution.single_map import card, one_map
from alexnet_viz.ui.shared import queries
from alexnet_viz.ui.shared.sidebar import current

choice = current()
head, views, _ = st.columns([2.5, 6, 0.42], vertical_alignment="center")  # the link's button has the rest
head.title("Why this class?", anchor=False)
toolbar = views.container(horizontal=True, vertical_alignment="center", gap="xsmall")
with toolbar:
    view = chosen_view()
with st.spinner("Loading the network …"):
    model = queries.model(choice)
    answer = queries.answer(model, choice.photo)
if single := queries.single_output_note(answer.logits):
    st.info(single, icon=":material/info:")

if view == "hand":
    by_hand(model, answer, choice.photo)
else:
    method_choice = chosen_method(model, answer, choice.photo, toolbar)
    if view == "map":
        one_map(model, method_choice, choice.photo, chosen_look(toolbar))
    elif view == "compare":
        compare(choice, model, answer, method_choice, chosen_look(toolbar))
    else:
        put_to_the_test(model, method_choice, choice.photo)
    card(method_choice.method)
