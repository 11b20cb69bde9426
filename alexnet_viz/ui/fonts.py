"""The front end's fonts, cut to the letters and icons that are shown: whole, they were a third of a first visit.

``tools/fonts.py`` makes them. They bear the names of Streamlit's own files, hash and all, so that another version of
Streamlit is served whole fonts until they are cut anew.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

FOLDER = Path(__file__).parents[2] / "assets" / "fonts"


class _Font(NamedTuple):
    data: bytes
    etag: bytes


class CutFonts:
    """ASGI middleware: answers requests for fonts that ``assets/fonts`` holds.

    They may change under the same name, with the icons that pages use: browsers keep them, and ask if they still hold.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._fonts = {
            file.name: _Font(data, f'"{hashlib.sha256(data).hexdigest()[:16]}"'.encode())
            for file in FOLDER.glob("*.woff2")
            for data in [file.read_bytes()]
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place, _, name = scope.get("path", "").rpartition("/")
        font = self._fonts.get(name) if scope["type"] == "http" and place.endswith("/static/media") else None
        if font is None or scope["method"] != "GET":
            return await self._app(scope, receive, send)
        is_known = dict(scope["headers"]).get(b"if-none-match") == font.etag
        headers = [(b"content-type", b"font/woff2"), (b"cache-control", b"no-cache"), (b"etag", font.etag)]
        if not is_known:
            headers.append((b"content-length", str(len(font.data)).encode()))
        await send({"type": "http.response.start", "status": 304 if is_known else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if is_known else font.data})
