"""Why this class: what in the photo made the network say what it said, and how far each answer can be trusted."""

import streamlit as st

from alexnet_viz.ui import ask
from alexnet_viz.ui.sidebar import current
from alexnet_viz.ui.why.by_hand import by_hand
from alexnet_viz.ui.why.choices import chosen_look, chosen_question, chosen_target, chosen_view
from alexnet_viz.ui.why.compare import compare
from alexnet_viz.ui.why.doubt import put_to_the_test
from alexnet_viz.ui.why.one_map import card, one_map

choice = current()
head, views, _ = st.columns([2.25, 6, 0.42], vertical_alignment="center")  # the link's button has the rest
head.title("Why this class?", anchor=False)
toolbar = views.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="xsmall")
with toolbar:
    view = chosen_view()
with st.spinner("Waking the network …"):
    network = ask.model(choice)
    answer = ask.answer(network, choice.photo)
if single := ask.single_output_note(answer.logits):
    st.info(single, icon=":material/info:")

if view == "hand":
    by_hand(network, answer, chosen_target(network, answer), choice.photo)
else:
    question = chosen_question(network, answer, choice.photo, toolbar)
    if view == "map":
        one_map(network, question, choice.photo, chosen_look(toolbar))
    elif view == "compare":
        compare(choice, network, answer, question, chosen_look(toolbar))
    else:
        put_to_the_test(network, question, choice.photo)
    card(question.method)
