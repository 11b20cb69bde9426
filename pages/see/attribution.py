"""Why this class: what in the photo made the network say what it said, and how far each answer can be trusted."""

import streamlit as st

from alexnet_viz.ui import ask
from alexnet_viz.ui.sidebar import current
from alexnet_viz.ui.why.choices import chosen_look, chosen_question, chosen_view, pack_settings
from alexnet_viz.ui.why.one_map import card, one_map

choice = current()
head, views = st.columns([2, 5], vertical_alignment="center")
head.title("Why this class?", anchor=False)
toolbar = views.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center")
with toolbar:
    view = chosen_view()
with st.spinner("Waking the network …"):
    network = ask.model(choice)
    answer = ask.answer(network, choice.photo)

question = chosen_question(network, answer, choice.photo, toolbar)
look = chosen_look(toolbar)
pack_settings(question)
one_map(network, question, choice.photo, look)
card(question.method)
