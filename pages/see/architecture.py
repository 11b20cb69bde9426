"""The network drawn to scale, measured layer by layer, and what changes when a size does."""

from dataclasses import replace

import streamlit as st

from alexnet_viz.components.architecture_view import architecture_view
from alexnet_viz.figures.architecture import network_svg
from alexnet_viz.ui.architecture.views import (
    BACKGROUND,
    chosen_spec,
    layer_arithmetic,
    layer_table,
    textbook_story,
    three_side_by_side,
    totals,
)
from alexnet_viz.ui.shared import photos, predict, queries
from alexnet_viz.ui.shared.sidebar import current, theme
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.ui.shared.unit import LAYER, shared_layer

choice = current()
guess_first = predict.title("The architecture, to scale")
spec, batch = chosen_spec(choice.variant)
with st.spinner("Waking the network …"):
    model = queries.model(choice)
    loaded = spec == replace(model.info.spec, dropout=spec.dropout) and batch == 1
    plan = queries.measured(model, choice.photo) if loaded else queries.plan(spec, batch)

name = shared_layer([layer.name for layer in plan.layers])
question = f"shape of {name} in {spec}"
drawing = network_svg(
    plan,
    selected=name,
    theme=theme(),
    photo=photos.thumbnail(choice.photo, side=224),
    shapes=not guess_first or predict.guessed(question),
)
picked = architecture_view(drawing, f"alexnet-{spec.variant}", BACKGROUND[theme()], key="drawing")
if picked and picked != name:
    LAYER.choose(picked)
    st.rerun()

left, right = st.columns([1, 1], gap="large")
with left:
    LAYER.selectbox(help="The same as a click on the drawing.")
    layer = plan.layer(name)
    revealed = not guess_first or predict.shape_is_revealed(question, name, layer.output_shape[1:])
    if revealed:
        layer_arithmetic(layer)
if revealed:
    with right:
        totals(plan)
    run_on = markdown(f"“{photos.title(choice.photo)}” ({model.info.title}; {model.device.title})")
    layer_table(plan, run_on if loaded else None, model.info.spec)
    three_side_by_side(spec)
    textbook_story()
