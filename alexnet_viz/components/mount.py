"""How a folder with a .html, .css and .js of its own name becomes a Streamlit component, mounted without an iframe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st


def mount(module_file: str, *, follow: bool = False) -> Callable:
    """The component of the package whose ``__file__`` this is.

    The files' text is handed over, not their names: Streamlit takes a short text for a file name of its own. A large
    component has further .js files, laid in front of the one of its own name to make one module, and follow.js too if
    it asks the server for news by itself. Calls must pass an ``on_…_change`` for every trigger, or it is not reported.
    """
    folder = Path(module_file).parent
    html, css, main = ((folder / f"{folder.name}{ending}").read_text("utf-8") for ending in (".html", ".css", ".js"))
    files = [file for file in sorted(folder.glob("*.js")) if file.stem != folder.name]
    parts = [file.read_text("utf-8") for file in [*files, *[folder.parent / "follow.js"] * follow]]
    return st.components.v2.component(folder.name, html=html, css=css, js="\n".join([*parts, main]))
