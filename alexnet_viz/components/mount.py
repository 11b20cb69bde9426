"""How a folder with a .html, .css and .js of its own name becomes a Streamlit component, mounted without an iframe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st


def mount(module_file: str, *shared: str) -> Callable:
    """The component of the package whose ``__file__`` this is.

    The files' text is handed over, not their names: Streamlit takes a short text for a file name of its own. A large
    component has further .js files, laid in front of the one of its own name to make one module, and those of
    ``shared``, beside this file: "follow" to ask the server for news, "laid_out" to draw where there is room. Calls
    must pass an ``on_…_change`` for every trigger, or it is not reported.
    """
    folder = Path(module_file).parent
    html, css, main = ((folder / f"{folder.name}{ending}").read_text("utf-8") for ending in (".html", ".css", ".js"))
    own = [file for file in sorted(folder.glob("*.js")) if file.stem != folder.name]
    parts = [file.read_text("utf-8") for file in [*own, *(folder.parent / f"{name}.js" for name in shared)]]
    return st.components.v2.component(folder.name, html=html, css=css, js="\n".join([*parts, main]))
