"""A visitor without a browser: what one sends to a Streamlit server and what comes back, over the real protocol."""

from __future__ import annotations

import asyncio
import http.client
import uuid
from types import TracebackType
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect


class Visitor:
    """One websocket with the widgets' values, the messages that a browser keeps, and the pictures that it fetches.

    ``page`` and ``query`` are those of the address; both are changed freely between runs. ``received`` counts the bytes
    that came, pictures among them, ``errors`` what the page said went wrong.
    """

    def __init__(self, port: int, page: str = "", query: str = "") -> None:
        self.port, self.page, self.query = port, page, query
        self.received = 0
        self.errors: list[str] = []
        self._widgets: dict[str, WidgetState] = {}
        self._ids: dict[str, str] = {}  # of the widgets on the page, by their key
        self._kept: dict[str, ForwardMsg] = {}  # what a browser keeps, so that only its hash need be sent again
        self._pictures: set[str] = set()
        self._session = self._cookie = ""
        self._socket: ClientConnection

    async def __aenter__(self) -> Visitor:
        response = await self._fetch("GET", "/_stcore/health")
        self._cookie = (response.getheader("Set-Cookie") or "").partition(";")[0]
        self._socket = await connect(
            f"ws://127.0.0.1:{self.port}/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            origin=f"http://127.0.0.1:{self.port}",  # type: ignore[arg-type]
            max_size=None,
            open_timeout=60,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._socket.close()

    async def run(self) -> None:
        """Ask for a run of the page and wait for its end, and for its pictures. TimeoutError after two minutes."""
        await asyncio.wait_for(self._run(), 120)

    async def _run(self) -> None:
        ask = BackMsg()
        ask.rerun_script.query_string, ask.rerun_script.page_name = self.query, self.page
        ask.rerun_script.cached_message_hashes.extend(self._kept)
        ask.rerun_script.widget_states.widgets.extend(self._widgets.values())
        await self._socket.send(ask.SerializeToString())
        pictures: list[str] = []
        while True:
            message = await self._receive()
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self._session = message.new_session.initialize.session_id
            elif kind == "page_info_changed":
                self.query = message.page_info_changed.query_string
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                pictures += self._take(message.delta.new_element)
            elif kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                break
        for url in pictures:
            if url not in self._pictures:
                self._pictures.add(url)
                self.received += int((await self._fetch("GET", url)).getheader("Content-Length") or 0)

    async def set(self, key: str, **value: Any) -> None:
        """Change the widget with a key, such as ``double_array_value=[3]``, and wait for the run that follows."""
        state = WidgetState(id=self._ids[key])
        ((name, new),) = value.items()
        if name.endswith("_array_value"):
            getattr(state, name).data.extend(new)
        else:
            setattr(state, name, new)
        self._widgets[key] = state
        await self.run()

    async def upload(self, key: str, name: str, data: bytes) -> None:
        """Give a file to an uploader, alone, and wait for the run that follows."""
        ask = BackMsg()
        request = ask.file_urls_request
        request.request_id, request.session_id = uuid.uuid4().hex, self._session
        request.file_names.append(name)
        await self._socket.send(ask.SerializeToString())
        while (message := await self._receive()).WhichOneof("type") != "file_urls_response":
            pass
        (urls,) = message.file_urls_response.file_urls
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'
        body = head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "X-Xsrftoken": self._cookie.partition("=")[2].strip('"'),
        }
        await self._fetch("PUT", urls.upload_url, body, headers)
        state = WidgetState(id=self._ids[key])
        state.file_uploader_state_value.uploaded_file_info.add(
            name=name, size=len(data), file_id=urls.file_id, file_urls=urls
        )
        self._widgets[key] = state
        await self.run()

    async def _receive(self) -> ForwardMsg:
        data = await self._socket.recv()
        assert isinstance(data, bytes)
        self.received += len(data)
        message = ForwardMsg.FromString(data)
        if message.WhichOneof("type") == "ref_hash":
            metadata = message.metadata
            message = self._kept[message.ref_hash]
            message.metadata.CopyFrom(metadata)
        elif message.metadata.cacheable:
            self._kept[message.hash] = message
        return message

    def _take(self, element: Element) -> list[str]:
        """Note a widget's key and what the page says went wrong; the addresses of the element's pictures."""
        kind = element.WhichOneof("type")
        content = getattr(element, kind) if kind else None
        if (id := getattr(content, "id", "")).count("-") >= 2:  # $$ID-hash-key
            self._ids[id.split("-", 2)[2]] = id
        if kind == "exception":
            self.errors.append(element.exception.message)
        elif kind == "alert" and element.alert.format == element.alert.ERROR:
            self.errors.append(element.alert.body)
        return [image.url for image in element.imgs.imgs] if kind == "imgs" else []

    async def _fetch(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> http.client.HTTPResponse:
        return await asyncio.to_thread(self._request, method, path, body, headers or {})

    def _request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, body, headers | {"Cookie": self._cookie})
        response = connection.getresponse()
        response.read()
        connection.close()
        if response.status >= 400:
            self.errors.append(f"{method} {path}: {response.status}")
        return response
