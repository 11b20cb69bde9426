"""A page for test_text.py: hostile texts through every door that alexnet_viz/ui/shared/text.py names."""

import numpy as np
import streamlit as st

from alexnet_viz.display import display_name
from alexnet_viz.ui.shared.text import markdown
from tests.browser.written import MIXED, TEXTS

for number, text in enumerate(TEXTS):
    with st.container(key=f"text-{number}"):
        st.markdown(markdown(text))
        st.markdown(f"| a | b |\n|:--|--:|\n| {markdown(text)} | **{markdown(text)}** |")
        st.markdown(f"- {markdown(text)}\n- ({markdown(text)}): “{markdown(text)}”")

image, text, plain = np.zeros((4, 4, 3), np.uint8), markdown(MIXED), display_name(MIXED).replace("\n", " ")
escaped = {
    "caption": st.caption,
    "title": st.title,
    "subheader": st.subheader,
    "error": st.error,
    "info": st.info,
    "button": st.button,
    "download": lambda text: st.download_button(text, b""),
    "link": lambda text: st.page_link("http://127.0.0.1:9/", label=text),
    "checkbox": st.checkbox,
    "toggle": st.toggle,
    "number": st.number_input,
    "label": lambda text: st.selectbox(text, ["own"]),
    "slider": lambda text: st.slider(text, 0, 1),
    "radio": lambda text: st.radio("own", [text]),
    "segmented": lambda text: st.segmented_control("own", [text]),
    "expander": st.expander,
    "popover": st.popover,
    "tabs": lambda text: st.tabs([text]),
    "metric": lambda text: st.metric(text, 1),
    "progress": lambda text: st.progress(0.5, text),
    "image": lambda text: st.image(image, caption=text, width=300),
}
as_it_is = {
    "option": lambda text: st.selectbox("own", [0], format_func=lambda number: text),
    "options": lambda text: st.multiselect("own", [text], default=[text]),
    "text": st.text,
    "code": st.code,
    "alt": lambda text: st.image(image, width=30, alt=text),
    "placeholder": lambda text: st.text_input("own", placeholder=text),
}
for doors, written in ((escaped, text), (as_it_is, plain)):
    for name, draw in doors.items():
        with st.container(key=f"door-{name}"):
            draw(written)
st.caption("helped", help=text)
st.toast(text, duration="infinite")
