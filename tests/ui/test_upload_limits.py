"""How much one visit and all together may upload."""

import asyncio
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from alexnet_viz.permissions import Permissions
from alexnet_viz.ui import roles, upload_limits
from tests.ui.asgi import ask


@pytest.fixture
def stored(monkeypatch):
    """Streamlit's store of uploads, in a room of an audience."""
    manager = MemoryUploadedFileManager("/_stcore/upload_file")
    monkeypatch.setattr(Runtime, "instance", lambda: SimpleNamespace(uploaded_file_mgr=manager))
    options = {"server.address": "0.0.0.0", "browser.serverAddress": "localhost"}
    monkeypatch.setattr(st, "get_option", options.get)
    monkeypatch.setattr(roles, "_roles", roles._Roles())
    monkeypatch.setattr(upload_limits, "UNCLAIMED", 0.05)
    manager.options = options
    return manager


def put(manager, session, file, length, *, wait=0.0, status=204, **more):
    """Upload so many bytes as Streamlit's route stores them; the answer's status."""

    async def route(scope, receive, send):
        if status < 300:
            manager.add_file(session, UploadedFileRec(file, file, "", bytes(length)))
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        await asyncio.sleep(0)

    limits = more.pop("limits", None) or upload_limits.UploadLimits(route)
    limits._app = route

    async def app(scope, receive, send):
        await limits(scope, receive, send)
        await asyncio.sleep(wait)

    headers = more.pop("headers", [("Content-Length", str(length))])
    return ask(app, f"/base/_stcore/upload_file/{session}/{file}", "PUT", headers)[0]


def test_a_photo_is_let_in_and_a_larger_file_is_not(stored):
    assert put(stored, "a", "1", 1000) == 204
    assert put(stored, "a", "2", upload_limits.FILE_BYTES + 1) == 413
    assert list(stored.file_storage["a"]) == ["1"]
    stored.options["server.address"] = "127.0.0.1"  # where everybody is the presenter, checkpoints are welcome
    assert put(stored, "a", "2", upload_limits.FILE_BYTES + 1) == 204


@pytest.mark.parametrize("length", ["", "-1", "x", "1e3", "²", "9" * 30])
def test_what_does_not_say_its_length_is_refused(stored, length):
    headers = [("Content-Length", length)] if length else []
    assert put(stored, "a", "1", 10, headers=headers) == 411
    assert not stored.file_storage


def test_a_length_beside_chunks_is_a_lie(stored):
    """The server believes the chunks."""
    assert put(stored, "a", "1", 10, headers=[("Content-Length", "1"), ("Transfer-Encoding", "chunked")]) == 411
    assert not stored.file_storage


def test_who_may_add_checkpoints_has_limits_too_and_the_presenter_has_none(stored, monkeypatch):
    monkeypatch.setattr(upload_limits, "VISIT_BYTES", 1500)
    monkeypatch.setattr(upload_limits, "ALL_BYTES", 2500)
    monkeypatch.setattr(upload_limits, "FILE_BYTES", 1000)
    roles._roles.remember_session("presenter")
    assert [put(stored, "presenter", str(i), 1400) for i in range(4)] == [204] * 4
    assert put(stored, "a", "1", 1400) == 413
    roles._roles.audience = Permissions(checkpoints=True)
    assert [put(stored, "a", str(i), 1400) for i in range(3)] == [204, 204, 413]
    assert [put(stored, "b", str(i), 1400) for i in range(2)] == [204, 413]  # what the presenter has does not count


def test_photos_wait_for_those_that_come_after_them(stored):
    """The browser tells the page of an upload's files when the last one is here."""
    limits = upload_limits.UploadLimits(None)
    with limits._counted("a", 1):
        assert put(stored, "a", "early", 10, wait=0.2, limits=limits) == 204
        assert "early" in stored.file_storage["a"]


def test_one_visit_has_so_many_bytes_and_files(stored, monkeypatch):
    monkeypatch.setattr(upload_limits, "VISIT_BYTES", 3000)
    monkeypatch.setattr(upload_limits, "VISIT_FILES", 3)
    assert [put(stored, "a", str(i), 1400) for i in range(3)] == [204, 204, 413]
    assert put(stored, "b", "1", 1400) == 204  # another visit
    assert [put(stored, "b", str(i), 10) for i in (2, 3, 4)] == [204, 204, 413]


def test_all_together_have_so_many_bytes(stored, monkeypatch):
    monkeypatch.setattr(upload_limits, "ALL_BYTES", 3000)
    assert [put(stored, session, "1", 1400) for session in "abc"] == [204, 204, 413]
    stored.remove_session_files("a")  # who left
    assert put(stored, "c", "1", 1400) == 204


def test_what_is_on_its_way_counts(stored, monkeypatch):
    monkeypatch.setattr(upload_limits, "VISIT_BYTES", 3000)
    limits = upload_limits.UploadLimits(None)
    with limits._counted("a", 2000):
        assert put(stored, "a", "1", 1400, limits=limits) == 413
    assert put(stored, "a", "1", 1400, limits=limits) == 204
    assert not limits._arriving


def test_what_no_page_takes_up_goes_and_what_one_has_stays(stored):
    upload_limits.claim("kept")
    assert put(stored, "a", "kept", 10, wait=0.2) == 204
    assert put(stored, "a", "dropped", 10, wait=0.2) == 204
    assert list(stored.file_storage["a"]) == ["kept"]  # photos of a visit that has ended uploading
    assert put(stored, "a", "failed", 10, status=403, wait=0.2) == 403


def test_other_requests_pass(stored):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    assert ask(upload_limits.UploadLimits(app), "/_stcore/upload_file/a/1", "DELETE")[2] == b"ok"
    assert ask(upload_limits.UploadLimits(app), "/_stcore/health")[2] == b"ok"
