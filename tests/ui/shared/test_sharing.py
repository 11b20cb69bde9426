"""Where others open the app: never an address that leads each to his own machine."""

import pytest
import streamlit as st

from alexnet_viz.ui.shared import sharing
from alexnet_viz.ui.shared.sharing import is_this_machine, shared_origin


@pytest.fixture
def listens(monkeypatch):
    """listens(address): what server.address is."""
    return lambda address: monkeypatch.setattr(st, "get_option", {"server.address": address}.get)


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        ("http://localhost:8501/classify", True),
        ("http://127.0.0.1:8501/", True),
        ("http://[::1]:8501/", True),
        ("http://app.localhost/", True),
        ("http://192.168.1.20:8501/", False),
        ("https://lecture.example/", False),
        ("", True),
    ],
)
def test_addresses_that_only_this_machine_opens(url, is_own):
    assert is_this_machine(url) == is_own


def test_on_this_machine_alone_there_is_nothing_to_share(listens):
    listens("127.0.0.1")
    assert shared_origin("http://localhost:8501/classify?photo=cat") is None


def test_an_address_that_is_not_known_yet_is_shared_with_nobody(listens):
    listens("0.0.0.0")
    assert shared_origin("") is None


@pytest.mark.parametrize("address", ["0.0.0.0", "::", None])
def test_in_a_room_it_is_this_machines_address_on_the_network(listens, monkeypatch, address):
    listens(address)
    monkeypatch.setattr(sharing, "own_address", lambda: "192.168.1.20")
    assert shared_origin("http://localhost:8501/classify?photo=cat") == "http://192.168.1.20:8501"
    monkeypatch.setattr(sharing, "own_address", lambda: None)
    assert shared_origin("http://localhost:8501/classify") is None


def test_who_came_by_an_address_of_the_network_shares_that(listens):
    listens("127.0.0.1")  # behind a proxy
    assert shared_origin("https://lecture.example/app/classify?photo=cat") == "https://lecture.example"
