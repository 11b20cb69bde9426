"""What the terminal says once the app is open."""

import asyncio
import webbrowser

import pytest
import streamlit as st

from alexnet_viz.ui import hosts, roles, welcome
from tests.ui.asgi import run


@pytest.fixture
def options(monkeypatch):
    chosen = {"server.address": "127.0.0.1", "server.port": 8765, "server.baseUrlPath": "", "server.headless": True}
    monkeypatch.setattr(st, "get_option", chosen.get)
    monkeypatch.setattr(st.config, "set_option", chosen.__setitem__)
    monkeypatch.setattr(hosts, "own_address", lambda: "192.0.2.5")
    return chosen


def begin(seconds=0.0):
    async def serve():
        async with welcome.welcome(None):
            await asyncio.sleep(seconds)

    run(serve())


def test_this_machine_alone_has_one_line(options, capfd):
    begin()
    assert capfd.readouterr().out == "The app is open at http://127.0.0.1:8765/\n"


def test_an_address_of_ipv6_stands_in_brackets(options, capfd):
    options |= {"server.address": "::1", "server.baseUrlPath": "lab/one"}
    begin()
    assert capfd.readouterr().out == "The app is open at http://[::1]:8765/lab/one/\n"


def test_a_room_has_the_presenters_link_what_the_audience_may_do_and_a_qr_code(options, capfd):
    options["server.address"] = "0.0.0.0"
    begin()
    said = capfd.readouterr().out
    assert "http://localhost:8765/ and http://192.0.2.5:8765/" in said
    assert f"http://localhost:8765/presenter?token={roles._roles.token}" in said
    assert "Only the presenter can start" in said
    assert "▀" in said or "█" in said


def test_the_browser_opens_as_the_presenters(options, monkeypatch):
    options |= {"server.address": "0.0.0.0", "server.headless": False}
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    begin(1.2)
    assert opened == [f"http://localhost:8765/presenter?token={roles._roles.token}"]
    assert options["server.headless"] is True  # Streamlit opens none beside it
