"""How much may be uploaded: by one visit and by all, at a time; what no page takes up goes again.

Streamlit limits the size of one file alone. It keeps files until the visit's end, also those that no widget asked for.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from alexnet_viz.ui import roles

UPLOAD_MEGABYTES = 40  # of a photo
FILE_BYTES = (UPLOAD_MEGABYTES << 20) + (64 << 10)  # of a photo with the form around it
VISIT_BYTES, VISIT_FILES = 512 << 20, 256  # what one visit of the audience has here at a time
ALL_BYTES = 1 << 30  # what the audience's visits have together
WITH_CHECKPOINTS = 2  # times as much, where the audience may upload checkpoints
UNCLAIMED = 60.0  # seconds in which a page must take a file up

_UPLOAD = re.compile(r".*/_stcore/upload_file/(?P<session>[^/]+)/(?P<file>[^/]+)")
_claimed: OrderedDict[str, None] = OrderedDict()  # ids of files that a page has seen
_CLAIMED = 100_000  # ids


def claim(file_id: str) -> None:
    """A page has this upload: it stays until its visit ends."""
    _claimed[file_id] = None
    while len(_claimed) > _CLAIMED:
        _claimed.popitem(last=False)


class UploadLimits:
    """ASGI middleware around Streamlit's route for uploads. What is being received counts as much as what is here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._arriving: defaultdict[str, list[int]] = defaultdict(list)  # by session: bytes of each
        self._latest: dict[str, float] = {}  # by session: when its latest upload ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match = scope["type"] == "http" and scope["method"] == "PUT" and _UPLOAD.fullmatch(scope["path"])
        if not match:
            return await self._app(scope, receive, send)
        headers, session = Headers(scope=scope), match["session"]
        length = headers.get("content-length", "")
        # With both headers the server would count chunks, and believe the length no more.
        is_known = length.isascii() and length.isdigit() and len(length) < 15 and "transfer-encoding" not in headers
        if not is_known:
            return await _refuse("Say how long the file is (Content-Length alone).", 411, scope, receive, send)
        if reason := self._refusal(session, int(length)):
            return await _refuse(reason, 413, scope, receive, send)
        status = 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._counted(session, int(length)):
            await self._app(scope, receive, watch)
        if status < 300:
            self._latest[session] = time.monotonic()
            self._look_later(session, match["file"])

    @contextmanager
    def _counted(self, session: str, length: int) -> Iterator[None]:
        self._arriving[session].append(length)
        try:
            yield
        finally:
            self._arriving[session].remove(length)
            if not self._arriving[session]:
                del self._arriving[session]

    def _refusal(self, session: str, length: int) -> str:
        """Why an upload of so many bytes is not taken; "" where it is."""
        if roles.is_presenters_session(session):
            return ""  # one may have as many bytes as server.maxUploadSize says
        may_add = roles.audience().checkpoints
        if length > FILE_BYTES and not may_add:
            return f"A photo may have {UPLOAD_MEGABYTES} MB."
        times = WITH_CHECKPOINTS if may_add else 1
        sizes = self._sizes()
        mine = sizes.get(session, [])
        if len(mine) >= VISIT_FILES:
            return f"One visit may have {VISIT_FILES} files here: remove some."
        if sum(mine) + length > times * VISIT_BYTES:
            return f"One visit may have {times * VISIT_BYTES >> 20} MB here: remove some files."
        if sum(map(sum, sizes.values())) + length > times * ALL_BYTES:
            return "All visitors together have too many files here at the moment: try again in a minute."
        return ""

    def _sizes(self) -> dict[str, list[int]]:
        """By session of the audience the bytes of each file that is here or on its way."""
        stored = _uploads().file_storage
        sizes = {name: [len(file.data) for file in files.values()] for name, files in list(stored.items())}
        for name, arriving in self._arriving.items():
            sizes[name] = sizes.get(name, []) + arriving
        return {name: counts for name, counts in sizes.items() if not roles.is_presenters_session(name)}

    def _look_later(self, session: str, file_id: str) -> None:
        asyncio.get_running_loop().call_later(UNCLAIMED, self._forget_unclaimed, session, file_id)

    def _forget_unclaimed(self, session: str, file_id: str) -> None:
        """Drop a file that no page has taken up, once its visit's uploads have ended: a page gets them all at once."""
        if file_id in _claimed:
            return
        if self._arriving.get(session) or time.monotonic() - self._latest.get(session, 0) < 0.9 * UNCLAIMED:
            self._look_later(session, file_id)
            return
        _uploads().remove_file(session, file_id)
        if not _uploads().file_storage.get(session):
            self._latest.pop(session, None)


def _uploads() -> MemoryUploadedFileManager:
    """What Streamlit keeps, by session and file."""
    return cast(MemoryUploadedFileManager, Runtime.instance().uploaded_file_mgr)


async def _refuse(reason: str, status: int, scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(reason, status, {"Connection": "close"})(scope, receive, send)
