"""What comes under a foreign host or from a foreign page is refused before anything looks at it."""

import pytest
import streamlit as st
from starlette.responses import PlainTextResponse

from alexnet_viz.ui.security_middleware import HEADERS, SecurityMiddleware
from tests.ui.asgi import ask


@pytest.fixture
def options(monkeypatch):
    chosen = {"server.address": "127.0.0.1", "browser.serverAddress": "localhost", "server.allowedHosts": []}
    monkeypatch.setattr(st, "get_option", chosen.get)
    return chosen


async def _websocket(scope, receive, send):
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await PlainTextResponse(
            "inside", headers={"Content-Security-Policy": "sandbox"} if scope["path"] == "/own" else {}
        )(scope, receive, send)


APP = SecurityMiddleware(_websocket)
HOST = ("Host", "localhost:8501")


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("headers", "is_let_in"),
    [
        ([HOST], True),
        ([HOST, ("Origin", "http://localhost:8501")], True),
        ([HOST, ("Origin", "https://localhost:8501")], True),  # a proxy may take the TLS off
        ([("Host", "127.0.0.1:8501"), ("Origin", "http://127.0.0.1:8501")], True),
        ([HOST, ("Origin", "http://localhost:9999")], False),
        ([HOST, ("Origin", "http://evil.example")], False),
        ([HOST, ("Origin", "null")], False),
        ([HOST, ("Origin", "")], False),
        ([HOST, ("Origin", "http://[")], False),
        ([HOST, ("Origin", "file://localhost:8501")], False),
        ([("Host", "evil.example:8501"), ("Origin", "http://evil.example:8501")], False),  # DNS rebinding
        ([("Host", "evil.example")], False),
        ([HOST, ("Host", "evil.example")], False),
        ([], False),
        ([HOST, ("X-Forwarded-Host", "evil.example")], True),  # nobody believes it
        ([("Host", "evil.example"), ("X-Forwarded-Host", "localhost")], False),
        ([HOST, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")], False),
        ([HOST, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")], True),  # a link
        ([HOST, ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "no-cors")], True),
    ],
)
def test_host_and_origin(options, kind, headers, is_let_in):
    status, _, body = ask(APP, headers=headers, kind=kind)
    assert status == ((101 if kind == "websocket" else 200) if is_let_in else 403)
    if kind == "http" and not is_let_in:
        assert body.endswith(b".")  # a sentence


def test_an_origin_that_was_configured_is_let_in(options):
    headers = [HOST, ("Origin", "https://course.example.org")]
    assert ask(APP, headers=headers)[0] == 403
    options["server.corsAllowedOrigins"] = ["https://course.example.org"]
    assert ask(APP, headers=headers)[0] == 200


def test_every_answer_has_the_security_headers(options):
    for host in ("localhost", "evil.example"):
        _, headers, _ = ask(APP, headers=[("Host", host)])
        for name, value in HEADERS.items():
            assert headers[name.lower()] == value
    assert ask(APP, "/own", headers=[HOST])[1]["content-security-policy"] == "sandbox"  # what a route says itself stays
