"""How a folder with a .html, .css and .js of its own name becomes a Streamlit component, mounted without an iframe.

The .js files are ES modules that import each other: a component's own and those of ``lib/``. Streamlit runs a
component's script from a blob, whose imports lead nowhere, and serves the folders of installed packages alone. So the
app serves the modules itself (``routes``), and the script that Streamlit gets imports the component's module.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

_FOLDER = Path(__file__).parent
_MODULES = {file.relative_to(_FOLDER).as_posix(): file.read_bytes() for file in sorted(_FOLDER.rglob("*.js"))}
_VERSION = hashlib.sha256(b"".join(_MODULES.values())).hexdigest()[:12]  # so that a browser never mixes two versions
_PLACE = f"component-modules/{_VERSION}"

# Relative to the page, which lies right below the app's root, so that it holds behind a proxy's prefix too.
_SCRIPT = """const {{ default: draw }} = await import(new URL("{place}/{name}/{name}.js", document.baseURI));
export default (component) => {{
  const close = draw(component);
  const images = [...component.parentElement.querySelectorAll("img")].map((image) => image.decode());
  Promise.allSettled(images).then(() => (component.parentElement.host.dataset.drawn = "")); // tests wait for it
  return close;
}};
"""


def mount(module_file: str, *shared: str) -> Callable:
    """The component of the package whose ``__file__`` this is.

    ``shared`` names style sheets of ``lib/`` that stand before its own. Arrays (n,) in the ``data`` of a call arrive as
    tables of one column.

    The files' text is handed over, not their names: Streamlit takes a short text for a file name of its own. Calls must
    pass an ``on_…_change`` for every trigger, or it is not reported.

    When the data change while the modules are still on their way, Streamlit ends the first call of their function after
    the second has begun: what a call returns may end that call's own work alone.
    """
    folder = Path(module_file).parent
    html, css = ((folder / f"{folder.name}{suffix}").read_text("utf-8") for suffix in (".html", ".css"))
    css = "".join([*((_FOLDER / "lib" / f"{name}.css").read_text("utf-8") for name in shared), css])
    script = _SCRIPT.format(place=_PLACE, name=folder.name)
    component = st.components.v2.component(folder.name, html=html, css=css, js=script)

    def draw(*, data: dict[str, Any], **more: Any) -> Any:
        return component(data={name: as_table(value) for name, value in data.items()}, **more)

    return draw


def as_table(value: Any) -> Any:
    """An array (n,) as a table of one column, which Streamlit sends as it is; anything else unchanged.

    Streamlit makes a pandas frame of an array first: 0.7 ms where this takes 0.02.
    """
    if not isinstance(value, np.ndarray):
        return value
    import pyarrow as pa

    return pa.table([pa.array(value)], names=["0"])


def routes() -> list[Route]:
    """What serves the modules, for the app."""
    prefix = st.get_option("server.baseUrlPath").strip("/")
    return [Route("/".join(["", *filter(None, [prefix]), _PLACE, "{path:path}"]), _serve)]


def _serve(request: Request) -> Response:
    module = _MODULES.get(request.path_params["path"])
    if module is None:
        return PlainTextResponse("There is no such module.", 404)
    return Response(module, media_type="text/javascript", headers={"Cache-Control": "max-age=31536000, immutable"})
