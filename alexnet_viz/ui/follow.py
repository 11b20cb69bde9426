"""Follow me: the presenter's view, sent to all who follow over one stream of server-sent events each.

While nothing changes a follower costs a line each 15 seconds, by which either side sees that the other is gone.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from alexnet_viz.components.follow import View
from alexnet_viz.components.follow import follow as button
from alexnet_viz.network.sources import is_file_choice
from alexnet_viz.ui import roles
from alexnet_viz.ui.hosts import app_path

FEED = "follow"  # its address
FOLLOWERS = 1000  # at a time
_STILL_HERE = 15.0  # seconds


class Broadcast:
    """What was said last, for all who listen; said in any thread, heard in the server's event loop."""

    def __init__(self) -> None:
        self.last = "null"
        self._listeners: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._guard = threading.Lock()

    def publish(self, text: str) -> None:
        with self._guard:
            if text == self.last:
                return
            self.last = text
            for loop, event in self._listeners:
                loop.call_soon_threadsafe(event.set)

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    async def subscribe(self) -> AsyncIterator[str | None]:
        """What was said last, then what is said; None now and then while nothing is."""
        me = asyncio.get_running_loop(), asyncio.Event()
        with self._guard:
            self._listeners.add(me)
        try:
            heard = None
            while True:
                me[1].clear()
                if self.last != heard:
                    heard = self.last
                    yield heard
                    continue
                try:
                    await asyncio.wait_for(me[1].wait(), _STILL_HERE)
                except TimeoutError:
                    yield None
        finally:
            with self._guard:
                self._listeners.discard(me)


_views = Broadcast()
_is_leading = False


def follow() -> View | None:
    """Draw the button, where others can reach the app; the view that a follower is to see now."""
    global _is_leading
    if not roles.is_open_to_others():
        return None
    if roles.is_presenter():
        leads = button("presenter", FEED, is_leading=_is_leading, key="follow_presenter")
        if isinstance(leads, bool) and leads != _is_leading:
            _is_leading = leads
            if not leads:
                _views.publish("null")
            st.rerun()
        return None
    view = button("audience", FEED, is_leading=False, key="follow")
    return view if isinstance(view, View) else None


def lead(page: str) -> None:
    """At the end of a run of the presenter's: let those who follow see this view of the page with this path.

    A view that names a file of this machine they could not open, and need not know of: they stay where they are.
    """
    view = st.query_params.to_dict()
    names_path = "folder" in view or is_file_choice(view.get("weights", "random"))
    if _is_leading and roles.is_presenter() and not names_path:
        _views.publish(json.dumps({"page": page, "parameters": view}))


def routes() -> list[Route]:
    """The stream of the presenter's views."""
    return [Route(app_path(FEED), _stream)]


async def _stream(request: Request) -> Response:
    if _views.listeners >= FOLLOWERS:
        return PlainTextResponse("Too many follow already: try again later.", 503)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would keep the lines back
    return StreamingResponse(_events(), media_type="text/event-stream", headers=headers)


async def _events() -> AsyncIterator[str]:
    async for text in _views.subscribe():
        yield ": still here\n\n" if text is None else f"data: {text}\n\n"
