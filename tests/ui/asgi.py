"""Coroutines, and requests to an ASGI app, without a server."""

import asyncio
from concurrent.futures import ThreadPoolExecutor


def run(coroutine):
    """Its result; in a thread, for where a browser's tests ran before, this one has a loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def ask(app, path="/", method="GET", headers=(), body=b"", client=("127.0.0.1", 50000), kind="http", query=b""):
    """(status, headers, body) of a request; a websocket that is refused has status 403."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    lines = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    scope = {
        "type": kind,
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "headers": lines,
        "client": client,
        "server": ("127.0.0.1", 8501),
        "scheme": "http",
    }
    run(app(scope, receive, send))
    if kind == "websocket":
        return (403 if sent[0]["type"] == "websocket.close" else 101), {}, b""
    headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])
