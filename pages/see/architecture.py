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
with st.spinner("Loading the network …"):
    model = queries.model(choice)
    spec, batch = chosen_spec(model.info.spec)
    loaded = spec == replace(model.info.spec, dropout=spec.dropout) and batch == 1
    plan = queries.measured(model, choice.photo) if loaded else queries.plan(spec, batch)

name = shared_layer([layer.name for layer in plan.layers])
known = [layer.name for layer in plan.layers if predict.guessed(predict.shape_question(layer.name, spec))]
drawing = network_svg(
    plan,
    selected=name,
    theme=theme(),
    photo=photos.thumbnail(choice.photo, side=224),
    shapes=known if guess_first else None,
)
picked = architecture_view(drawing, f"alexnet-{spec.variant}", BACKGROUND[theme()], key="drawing")
if picked and picked != name:
    LAYER.choose(picked)
    st.rerun()

left, right = st.columns([1, 1.2], gap="large")
with left:
    LAYER.selectbox(help="The same as a click on the drawing.")
    layer = plan.layer(name)
    reads = plan.before(name)
    if not guess_first or predict.shape_is_revealed(name, spec, layer.output_shape[1:]):
        layer_arithmetic(layer, not guess_first or reads is None or reads in known)
if not guess_first:  # the table and the sums would give away every other layer
    with right:
        totals(plan)
    textbook_story()
    run_on = markdown(f"“{photos.title(choice.photo)}” ({model.info.title}; {model.device.title})")
    layer_table(plan, run_on if loaded else None, model.info.spec)
    three_side_by_side(spec)
