"""A drawing as files for a slide, each made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from alexnet_viz.figures.drawing import FORMATS, Drawing


def figure_files(label: str, name: str, help: str, make: Callable[[], Drawing]) -> None:
    """A button for each kind of file.

    Streamlit calls ``make`` on a click, outside of the page's run: it must not use ``st.session_state``.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{label}**", width="content", help=help)
        for kind, (save, mime) in FORMATS.items():
            st.download_button(
                kind.upper(),
                lambda save=save: save(make()),  # type: ignore[misc]
                f"{name}.{kind}",
                mime,
                key=f"{name}-{kind}",
                on_click="ignore",
            )
