"""Fonts cut to what is shown stand in for Streamlit's own of the same name."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import streamlit

from alexnet_viz.ui.fonts import FOLDER, CutFonts

MEDIA = Path(streamlit.__file__).parent / "static" / "static" / "media"
FONTS = sorted(FOLDER.glob("*.woff2"))


async def whole(scope, receive, send):
    """Stands for Streamlit."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"whole"})


def get(path, method="GET", **headers):
    """(status, headers, body) of a request."""
    sent = []

    async def send(message):
        sent.append(message)

    lines = [(key.replace("_", "-").encode(), value) for key, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": lines}
    with ThreadPoolExecutor(1) as thread:  # where a browser's tests ran before, this one has a loop already
        thread.submit(asyncio.run, CutFonts(whole)(scope, None, send)).result()
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def test_they_are_fonts_of_this_very_streamlit():
    """After an update of Streamlit: python -m tools.fonts."""
    assert {file.name.split(".")[0] for file in FONTS} == {"MaterialSymbols-Rounded", "SourceSansVF-Upright"}
    assert all((MEDIA / file.name).is_file() for file in FONTS)


@pytest.mark.parametrize("prefix", ["", "/behind/a/proxy"])
def test_a_browser_gets_the_cut_font_once(prefix):
    for file in FONTS:
        address = f"{prefix}/static/media/{file.name}"
        status, headers, body = get(address)
        assert (status, headers[b"content-type"], body) == (200, b"font/woff2", file.read_bytes())
        status, headers, nothing = get(address, if_none_match=headers[b"etag"])
        assert (status, nothing) == (304, b"")
        assert get(address, if_none_match=b'"of an earlier version"')[2] == body


@pytest.mark.parametrize("path", ["/static/media/Other.abc.woff2", f"/elsewhere/{FONTS[0].name}", "/static/js/x.js"])
def test_everything_else_is_streamlits(path):
    assert get(path)[2] == b"whole"
    assert get(f"/static/media/{FONTS[0].name}", "HEAD")[2] == b"whole"
