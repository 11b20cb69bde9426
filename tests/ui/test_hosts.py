"""Under which names the app answers."""

import pytest
import streamlit as st

from alexnet_viz.ui import hosts


@pytest.fixture
def options(monkeypatch):
    """Streamlit's options, as a dictionary that a test fills."""
    chosen = {"server.address": "127.0.0.1", "browser.serverAddress": "localhost", "server.allowedHosts": []}
    monkeypatch.setattr(st, "get_option", chosen.get)
    hosts._own_names.cache_clear()
    monkeypatch.setattr(hosts.socket, "gethostname", lambda: "Laptop")
    yield chosen
    hosts._own_names.cache_clear()


LOOPBACK = ["localhost", "127.0.0.1", "::1", "app.localhost"]
ADDRESSES = ["192.168.1.7", "10.0.0.1", "fe80::1"]
OWN = ["laptop", "laptop.local"]
FOREIGN = ["evil.example", "laptop.evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil-localhost"]


def test_this_machine_alone_answers_under_its_own_names_alone(options):
    assert all(map(hosts.is_allowed, LOOPBACK))
    assert not any(map(hosts.is_allowed, ADDRESSES + OWN + FOREIGN))


def test_a_room_may_use_every_address_and_no_name_that_a_public_dns_could_give(options):
    options["server.address"] = "0.0.0.0"
    assert all(map(hosts.is_allowed, LOOPBACK + ADDRESSES + OWN))
    assert not any(map(hosts.is_allowed, FOREIGN))


@pytest.mark.parametrize(
    ("pattern", "names", "not_these"),
    [
        ("alexnet.example.org", ["alexnet.example.org"], ["example.org", "x.alexnet.example.org"]),
        ("*.example.org", ["a.example.org", "a.b.example.org"], ["example.org", "evilexample.org"]),
        ("*", FOREIGN, []),
    ],
)
def test_configured_hosts_are_read_as_streamlit_reads_them(options, pattern, names, not_these):
    from streamlit.web.server.starlette import starlette_websocket

    options["server.allowedHosts"] = [pattern]
    assert all(map(hosts.is_allowed, names))
    assert not any(map(hosts.is_allowed, not_these))
    original, starlette_websocket.config.get_option = starlette_websocket.config.get_option, options.get
    try:
        assert all(map(starlette_websocket.is_host_allowed, names))
        assert not any(map(starlette_websocket.is_host_allowed, not_these))
    finally:
        starlette_websocket.config.get_option = original


def test_streamlit_answers_this_machine_too(options, monkeypatch):
    monkeypatch.setattr(st.config, "set_option", options.__setitem__)
    hosts.begin()
    assert options["server.allowedHosts"] == []  # which Streamlit takes for all
    options["server.allowedHosts"] = ["room.example"]
    hosts.begin()
    assert options["server.allowedHosts"] == ["room.example", "localhost", "127.0.0.1", "::1"]
    options |= {"server.address": "0.0.0.0", "server.allowedHosts": ["room.example"]}
    monkeypatch.setattr(hosts, "own_address", lambda: "192.0.2.5")
    hosts.begin()
    assert {"room.example", "192.0.2.5", "laptop", "laptop.local"} <= set(options["server.allowedHosts"])


@pytest.mark.parametrize(
    "host",
    ["", ":80", "a:b", "user@laptop", "a/b", "a?b", "[::1", "[::1]x", "laptop:80x", "a b", "laptop:８０"],
)
def test_what_is_no_host_has_no_name(host):
    assert hosts.host_name(host) == ""
