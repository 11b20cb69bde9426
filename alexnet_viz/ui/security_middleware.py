"""What every request passes before Streamlit and the app's own routes see it: host, origin, and security headers.

Streamlit checks the origin of its websocket alone, and asks an outside address for this machine's public one when it is
foreign, inside its event loop; its pages and uploads, and the app's own routes, take any Host.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alexnet_viz.ui.hosts import host_name, is_allowed

_INLINE_SCRIPT = re.compile(rb"<script(?: type=\"module\")?>(.*?)</script>", re.DOTALL)


def _inline_scripts() -> str:
    """The scripts within Streamlit's page, as a policy names them: by the hash of their text."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_bytes()
    hashes = (base64.b64encode(hashlib.sha256(text).digest()).decode() for text in _INLINE_SCRIPT.findall(page))
    return " ".join(f"'sha256-{text}'" for text in hashes)


# Streamlit's styles are inline, components' scripts blobs, pictures both and data: too. No script is made of text.
POLICY = "; ".join(
    [
        "default-src 'self'",
        f"script-src 'self' blob: {_inline_scripts()}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


class SecurityMiddleware:
    """ASGI middleware: refuses what comes under a foreign host or from a foreign page, and adds security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        if reason := refusal(Headers(scope=scope)):
            return await _refuse(reason, scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def refusal(headers: Headers) -> str:
    """Why a request is not answered, in a sentence; "" where it is."""
    host = headers.get("host", "")
    name = host_name(host)
    if len(headers.getlist("host")) != 1 or not name or not is_allowed(name):
        return "The app does not answer under this host: add it to server.allowedHosts, or open the address it shows."
    origin = headers.get("origin")
    if origin is not None and not _is_own(origin, host):
        return "This request comes from a page of another site."
    # Links lead here from everywhere; what a page of another site asks for by itself (pictures, scripts) is its doing.
    if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
        return "This request comes from a page of another site."
    return ""


def _is_own(origin: str, host: str) -> bool:
    """Whether a page of this origin is the app's own, or one that server.corsAllowedOrigins names."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return False  # also "null", of a page without an origin
    return parts.netloc.lower() == host.lower() or origin in (st.get_option("server.corsAllowedOrigins") or ())


async def _refuse(reason: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": reason[:120]})  # before accept: HTTP 403
    else:
        await PlainTextResponse(reason, 403, HEADERS)(scope, receive, send)
