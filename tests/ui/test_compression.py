"""The front end's files go out compressed, each compressed once; everything else as it is."""

import asyncio
import gzip
from concurrent.futures import ThreadPoolExecutor

import pytest

from alexnet_viz.ui.compression import CompressedFiles

BODY = b"const answer = 42;\n" * 1000


class Files:
    """An ASGI app that serves one file and counts how often."""

    def __init__(self, cache=b"public, immutable, max-age=31536000", status=200):
        self.cache, self.status, self.served = cache, status, 0

    async def __call__(self, scope, receive, send):
        self.served += 1
        headers = [(b"cache-control", self.cache), (b"content-length", str(len(BODY)).encode())]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": BODY[:500], "more_body": True})
        await send({"type": "http.response.body", "body": BODY[500:]})


def get(app, path="/static/js/main.3f2a.js", encodings=b"gzip, br", method="GET", **headers):
    """(status, headers, body) of a request."""
    sent = []

    async def send(message):
        sent.append(message)

    lines = [(b"accept-encoding", encodings), *((key.encode(), value) for key, value in headers.items())]
    scope = {"type": "http", "method": method, "path": path, "headers": lines}
    with ThreadPoolExecutor(1) as thread:  # where a browser's tests ran before, this one has a loop already
        thread.submit(asyncio.run, app(scope, None, send)).result()
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])


def test_a_file_is_compressed_once_and_is_the_same():
    files = Files()
    app = CompressedFiles(files)
    for _ in range(3):
        status, headers, body = get(app)
        assert (status, headers[b"content-encoding"], headers[b"vary"]) == (200, b"gzip", b"Accept-Encoding")
        assert int(headers[b"content-length"]) == len(body) < len(BODY) / 10
        assert gzip.decompress(body) == BODY
        assert b"immutable" in headers[b"cache-control"]
    assert files.served == 1


@pytest.mark.parametrize(
    ("files", "request_"),
    [
        (Files(), {"encodings": b"br"}),
        (Files(), {"range": b"bytes=0-9"}),
        (Files(), {"path": "/media/photo.jpg"}),
        (Files(), {"method": "HEAD"}),
        (Files(cache=b"no-cache"), {}),
        (Files(status=404), {}),
    ],
    ids=["no gzip", "a part", "a photo", "HEAD", "a file that changes", "no file"],
)
def test_everything_else_goes_out_as_it_is(files, request_):
    app = CompressedFiles(files)
    for _ in range(2):
        status, headers, body = get(app, **request_)
        assert (status, body) == (files.status, BODY)
        assert b"content-encoding" not in headers
    assert files.served == 2
