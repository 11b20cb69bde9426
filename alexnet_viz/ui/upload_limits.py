"""How much may be uploaded: by one visit and by all, at a time; what no page takes up goes again.

Streamlit limits the size of one file alone. It keeps files until the visit's end, also those that no widget asked for.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from alexnet_viz.ui import roles
from alexnet_viz.ui.shared.photos import UPLOAD_MEGABYTES

FILE_BYTES = (UPLOAD_MEGABYTES << 20) + (64 << 10)  # of a photo with the form around it
VISIT_BYTES, VISIT_FILES = 512 << 20, 256  # what one visit has here at a time
ALL_BYTES = 1 << 30  # what the audience has here at a time
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match = scope["type"] == "http" and scope["method"] == "PUT" and _UPLOAD.fullmatch(scope["path"])
        if not match:
            return await self._app(scope, receive, send)
        headers, session = Headers(scope=scope), match["session"]
        length = headers.get("content-length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 15):
            return await _refuse("Say how long the file is (Content-Length).", 411, scope, receive, send)
        cookies = cookie_parser(headers.get("cookie", ""))
        if reason := self._refusal(session, int(length), roles.permissions_by_cookies(cookies)):
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
            asyncio.get_running_loop().call_later(UNCLAIMED, _forget_unclaimed, session, match["file"])

    @contextmanager
    def _counted(self, session: str, length: int) -> Iterator[None]:
        self._arriving[session].append(length)
        try:
            yield
        finally:
            self._arriving[session].remove(length)
            if not self._arriving[session]:
                del self._arriving[session]

    def _refusal(self, session: str, length: int, may: roles.Permissions) -> str:
        """Why an upload of so many bytes is not taken; "" where it is."""
        if length > FILE_BYTES and not may.checkpoints:
            return f"A photo may have {UPLOAD_MEGABYTES} MB."
        stored = _uploads().file_storage
        sizes = {name: [len(file.data) for file in files.values()] for name, files in list(stored.items())}
        mine = sizes.get(session, []) + self._arriving.get(session, [])
        if len(mine) >= VISIT_FILES:
            return f"One visit may have {VISIT_FILES} files here: remove some."
        if may.checkpoints:  # as large as server.maxUploadSize lets one be
            return ""
        if sum(mine) + length > VISIT_BYTES:
            return f"One visit may have {VISIT_BYTES >> 20} MB here: remove some photos."
        if sum(map(sum, (*sizes.values(), *self._arriving.values()))) + length > ALL_BYTES:
            return "All visitors together have too many photos here at the moment: try again in a minute."
        return ""


def _uploads() -> MemoryUploadedFileManager:
    """What Streamlit keeps, by session and file."""
    return cast(MemoryUploadedFileManager, Runtime.instance().uploaded_file_mgr)


def _forget_unclaimed(session: str, file_id: str) -> None:
    if file_id not in _claimed:
        _uploads().remove_file(session, file_id)


async def _refuse(reason: str, status: int, scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(reason, status, {"Connection": "close"})(scope, receive, send)
