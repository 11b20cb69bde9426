"""The first page: a photo in, AlexNet's answer out."""

import streamlit as st
from PIL import Image

from alexnet_viz.figures.classification import bars, crop_on_photo, on_ground, whole_photo
from alexnet_viz.settings import Setting
from alexnet_viz.ui import preload
from alexnet_viz.ui.classify.batch_table import batch_table
from alexnet_viz.ui.classify.first_sight import introduction, list_of_classes, textures_instead
from alexnet_viz.ui.shared import photos, predict, queries
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.pictures import picture_file
from alexnet_viz.ui.shared.sidebar import SEVERAL, current, theme, upload_here
from alexnet_viz.ui.shared.text import markdown

TOP = Control(Setting("top", "int", 5, "Classes shown", "The strongest first.", low=1, high=20))
TEMPERATURE = Control(
    Setting(
        "temperature",
        "float",
        1.0,
        "Temperature",
        "The logits are divided by it before the softmax: above 1 the answer grows softer, below 1 surer. Their order "
        "never changes.",
        low=0.1,
        high=5.0,
        step=0.1,
    )
)

choice = current()
photo = photos.load(choice.photo)
guess_first = predict.title("What does AlexNet see?")
introduction()
several_at = st.container()
seen, answer_column = st.columns([5, 6], gap="large")

with seen:
    upload_here()
    picture = st.container(key="whole_photo").empty()
    if preload.begin().is_alive():  # on a fresh server the answer waits for the libraries
        whole = picture_file(("whole", choice.photo), lambda: on_ground(whole_photo(photo)))
        picture.image(whole, width="stretch", alt=photos.alt(choice.photo))
    for note in photo.notes:
        st.caption(markdown(note))

with answer_column, st.spinner("Loading the network …"):
    model = queries.model(choice)
    answer = queries.answer(model, choice.photo)
    inputs = queries.inputs(choice.photo, model.info.preprocessing)

size, geometry = model.info.preprocessing.crop, inputs.geometry
with seen:
    picture.image(
        picture_file(("framed", choice.photo, geometry), lambda: on_ground(crop_on_photo(photo, geometry))),
        width="stretch",
        alt=f"{photos.alt(choice.photo)}; a frame marks the square in the middle that the network sees",
        caption=f"{markdown(photos.title(choice.photo))}: {photo.size[0]} × {photo.size[1]} pixels. "
        f"The network sees what is in the frame.{photos.credit(choice.photo)}",
    )

classes = len(model.info.categories)
top = TOP.within(1, min(20, classes))
strongest = [prediction.label for prediction in answer.predictions]
with answer_column:
    revealed = not guess_first or predict.class_is_revealed(model, choice.photo, strongest)
    if revealed:
        st.html(bars(queries.strongest(answer, model, top, TEMPERATURE.value), theme()))
        if model.info.is_unsure(answer.predictions[0].probability):
            st.info(model.info.unsure_note, icon=":material/help:")
        if single := queries.single_output_note(answer.logits):
            st.info(single, icon=":material/info:")
    textures_instead(choice.photo)
    for note in model.info.notes:
        st.caption(markdown(note))
    if revealed:
        left, right = st.columns(2, gap="medium")
        TOP.slider(left)
        TEMPERATURE.slider(right)
    list_of_classes(model.info.categories)

st.subheader("The steps and their times", anchor=False)
small, facts = st.columns([1, 3], gap="medium")
seen_pixels = picture_file(("input", choice.photo, model.info.preprocessing), lambda: Image.fromarray(inputs.pixels))
small.image(
    seen_pixels, width="stretch", alt=f"The {size} by {size} pixels that the network sees", caption=f"{size} × {size}"
)
times = answer.times_ms
facts.markdown(
    f"""
| step | what happens | time |
|:--|:--|--:|
| decode | {photo.format}, {photo.size[0]} × {photo.size[1]}, to RGB | {times["decode"]:.1f} ms |
| preprocess | short side to {model.info.preprocessing.resize}, centre crop {size} × {size}, normalised: \
values from {inputs.tensor.min():.2f} to {inputs.tensor.max():.2f} | {times["preprocess"]:.1f} ms |
| forward | {markdown(model.info.title)}, on {markdown(model.device.title)} | {times["forward"]:.1f} ms |
"""
)
if revealed:
    with several_at if SEVERAL.value else st.container():  # what was asked for is on the first screen
        batch_table(model)
