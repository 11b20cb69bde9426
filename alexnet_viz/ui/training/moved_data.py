"""A run whose photos are no longer where they were: say where they are now, and go on."""

from __future__ import annotations

import streamlit as st

from alexnet_viz import permissions
from alexnet_viz.errors import UserError
from alexnet_viz.training import data, data_place, launcher, runs
from alexnet_viz.ui.shared.text import markdown


def moved_data(run: runs.Run) -> None:
    """Where Resume would fail for want of its photos: their new place, and Resume from there."""
    if run.state not in ("stopped", "failed") or not permissions.current().runs:
        return
    try:
        data.check_place(data_place.current_recipe(run.path, run.recipe))
        return
    except UserError as error:  # they are not there, or the note of where they are is damaged
        missing = str(error)
    with st.container(border=True):
        st.caption(f":material/folder_off: {markdown(missing)}")
        left, right = st.columns([5, 2], vertical_alignment="bottom")
        place = left.text_input(
            "Where are its photos now?",
            key=f"moved-{run.id}",
            placeholder="/path/on/this/machine",
            help="A copy of the same photos: then the run goes on from its last checkpoint.",
        ).strip()
        pressed = right.button(
            "Resume from there", icon=":material/play_arrow:", key="resume_moved", width="stretch", disabled=not place
        )
        if not pressed:
            return
        try:
            with st.spinner("Looking at the photos …"):
                data_place.move(run.path, place)
            launcher.start(run.path, queue=True)
        except UserError as error:
            st.error(markdown(str(error)), icon=":material/block:")
            return
    st.rerun()
