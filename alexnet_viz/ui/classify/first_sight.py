"""What a first visitor needs to know: what this app is, where to go next, which classes there are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from alexnet_viz.display import display_name
from alexnet_viz.ui.shared import photos
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.sidebar import PHOTO

_PAGES = Path(__file__).parents[3] / "pages"
STEPS = (  # label, icon, page, what it is for
    ("See every layer", ":material/blur_on:", "see/activations.py", "All feature maps of this photo, layer by layer."),
    ("Take it apart", ":material/account_tree:", "see/network.py", "The forward pass down to every product of a sum."),
    ("Ask why", ":material/center_focus_strong:", "see/attribution.py", "Which pixels speak for the answer."),
    ("Train your own", ":material/model_training:", "train/train.py", "A real training run, watched live."),
)


def introduction() -> None:
    """What the app is in one sentence, and the way from here."""
    st.markdown("**AlexNet, opened up**: drop in a photo and follow it through the network, layer by layer.")
    with st.container(key="next_steps", horizontal=True, vertical_alignment="center", gap="small"):
        for label, icon, page, help in STEPS:
            st.page_link(str(_PAGES / page), label=label, icon=icon, help=help)


def textures_instead(photo: str) -> None:
    """Weights that know textures alone name one for every photo: offer a texture in place of it."""
    if not (known := photos.textures()) or photo in known:
        return
    st.info(f"These weights know {len(known)} textures and nothing else.", icon=":material/texture:")
    st.button(
        "Classify a texture",
        icon=":material/texture:",
        key="take_texture",
        on_click=callback(PHOTO.choose),
        args=(known[0],),
        help="One that the run did not train on; there is one of each class beside the samples.",
    )


def list_of_classes(categories: Sequence[str]) -> None:
    """All classes that the network knows, in a table that can be searched."""
    with st.popover(f"The {len(categories):,} classes it knows", icon=":material/list:"):
        st.dataframe(
            {"class": [display_name(name) for name in categories]},
            height=360,
            width=420,
            alt="All classes of the network; the magnifying glass above the table searches them",
        )
