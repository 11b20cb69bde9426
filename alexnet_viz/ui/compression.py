"""The front end's own files, compressed: on a phone in a lecture hall they are what a first visit waits for.

Streamlit leaves them as they are, because compressing each anew at every request costs more than it saves; here each is
compressed once and kept.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TEXT = re.compile(r"\.(js|css|json|svg|html)$")
_Headers = list[tuple[bytes, bytes]]


class _Response(NamedTuple):
    status: int
    headers: _Headers
    body: bytes


class CompressedFiles:
    """ASGI middleware: text files that never change (``Cache-Control: immutable``) go out gzipped."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[str, _Response] = {}  # by path; only files that exist: 7 MB of Streamlit 1.67's 23

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not _TEXT.search(scope["path"]) or not _takes(scope):
            return await self._app(scope, receive, send)
        response = self._kept.get(scope["path"]) or await self._answer(scope, receive)
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        await send({"type": "http.response.body", "body": response.body})

    async def _answer(self, scope: Scope, receive: Receive) -> _Response:
        """The inner app's response, compressed and kept where it never changes."""
        response = await _collected(self._app, scope, receive)
        headers = dict(response.headers)
        if response.status != 200 or b"immutable" not in headers.get(b"cache-control", b"") or _is_encoded(headers):
            return response
        body = await asyncio.to_thread(gzip.compress, response.body, 9)
        headers |= {
            b"content-encoding": b"gzip",
            b"content-length": str(len(body)).encode(),
            b"vary": b"Accept-Encoding",
        }
        response = self._kept[scope["path"]] = _Response(200, list(headers.items()), body)
        return response


def _takes(scope: Scope) -> bool:
    """Whether the browser takes gzip and asks for the whole file."""
    headers = dict(scope["headers"])
    return b"gzip" in headers.get(b"accept-encoding", b"") and b"range" not in headers


def _is_encoded(headers: dict[bytes, bytes]) -> bool:
    return b"content-encoding" in headers


async def _collected(app: ASGIApp, scope: Scope, receive: Receive) -> _Response:
    """What an app answers, as a whole."""
    status, headers, parts = 500, [], []

    async def collect(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, collect)
    return _Response(status, headers, b"".join(parts))
