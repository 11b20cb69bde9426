"""Who is the presenter: nobody by an address, everybody on this machine alone."""

import asyncio
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
import streamlit as st
from starlette.applications import Starlette

from alexnet_viz import permissions
from alexnet_viz.errors import NotPermitted
from alexnet_viz.permissions import ALL, Permissions
from alexnet_viz.ui import roles
from tests.ui.asgi import ask, run

SECRET = "correct horse battery staple"


@pytest.fixture
def room(monkeypatch):
    """A server that others can reach: its options; nobody has tried anything yet."""
    options = {
        "server.address": "0.0.0.0",
        "browser.serverAddress": "localhost",
        "server.baseUrlPath": "",
        "server.port": 8501,
    }
    monkeypatch.setattr(st, "get_option", options.get)
    monkeypatch.setattr(roles, "_roles", roles._Roles())
    monkeypatch.setattr(roles, "_secret_settings", lambda section="presenter": {})
    monkeypatch.delenv(roles.SECRET, raising=False)
    return options


@pytest.fixture
def visitor(monkeypatch):
    """The visitor of this run of a page: cookies, and what an OpenID provider says."""
    who = SimpleNamespace(cookies={}, user={}, session_id="me")
    monkeypatch.setattr(roles, "get_script_run_ctx", lambda: who)
    monkeypatch.setattr(roles.st, "context", who)
    monkeypatch.setattr(roles.st, "user", who.user)
    return who


def become(method="GET", client="127.0.0.1", **fields):
    """(status, cookie or "", body) of the page that makes one the presenter."""
    app = Starlette(routes=roles.routes())
    body, query = (urlencode(fields).encode(), b"") if method == "POST" else (b"", urlencode(fields).encode())
    headers = [("Host", "localhost:8501"), ("Content-Type", "application/x-www-form-urlencoded")]
    status, sent, answer = ask(app, "/presenter", method, headers, body, (client, 50000), query=query)
    return status, sent.get("set-cookie", ""), answer.decode()


def value(cookie):
    return cookie.partition("=")[2].partition(";")[0].strip('"')


def test_on_this_machine_alone_everybody_is_the_presenter(room, visitor):
    room["server.address"] = "127.0.0.1"
    assert roles.visitors_permissions() == ALL
    room["server.allowedHosts"] = ["alexnet.example.org"]  # behind a proxy
    assert roles.visitors_permissions() == Permissions()


def test_others_are_the_audience_and_so_is_a_thread_of_nobody(room, visitor, monkeypatch):
    assert roles.visitors_permissions() == Permissions()
    monkeypatch.setattr(roles, "get_script_run_ctx", lambda: None)
    assert roles.visitors_permissions() == Permissions()


def test_the_terminals_link_makes_one_the_presenter_once(room, visitor):
    link = roles.presenter_link("http://localhost:8501/")
    token = link.partition("token=")[2]
    status, cookie, _ = become(token=token)
    assert status == 303
    assert "httponly" in cookie.lower()
    assert "samesite=strict" in cookie.lower()
    visitor.cookies[roles._cookie_name()] = value(cookie)
    assert roles.visitors_permissions() == ALL
    assert roles.is_presenters_session("me")
    assert not roles.is_presenters_session("another")
    status, cookie, body = become(token=token)
    assert (status, cookie) == (403, "")
    assert "used already" in body
    assert roles.presenter_link("http://localhost:8501/") != link


@pytest.mark.parametrize("client", ["192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7", "", "testclient"])
def test_the_link_works_on_this_machine_alone(room, client):
    token = roles._roles.token
    assert become(client=client, token=token)[:2] == (403, "")
    assert roles._roles.token == token  # it can still be used


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_has_several_addresses(room, client):
    assert become(client=client, token=roles._roles.token)[0] == 303


@pytest.mark.parametrize("token", ["", "x", "é\ud800"])
def test_another_token_is_refused(room, token):
    assert become(token=token.encode(errors="surrogatepass"))[:2] == (403, "")


def test_the_secret_makes_one_the_presenter_from_anywhere(room, visitor, monkeypatch):
    assert become("POST", secret="")[0] == 403  # where there is none
    monkeypatch.setenv(roles.SECRET, SECRET)
    assert "password" in become()[2]
    status, cookie, _ = become("POST", "192.0.2.7", secret=SECRET)
    assert status == 303
    visitor.cookies[roles._cookie_name()] = value(cookie)
    assert roles.visitors_permissions() == ALL
    monkeypatch.setattr(roles, "_roles", roles._Roles())  # another replica, or the server started anew
    assert roles.visitors_permissions() == ALL
    monkeypatch.setenv(roles.SECRET, "another")
    assert roles.visitors_permissions() == Permissions()


def test_wrong_secrets_are_limited_for_each_address_and_in_all(room, monkeypatch):
    monkeypatch.setenv(roles.SECRET, SECRET)
    assert [become("POST", "192.0.2.1", secret="x")[0] for _ in range(6)] == [403] * 5 + [429]
    assert become("POST", "192.0.2.1", secret=SECRET)[0] == 429  # also the right one
    assert become("POST", "192.0.2.2", secret=SECRET)[0] == 303  # others are not kept out
    for last in range(3, 12):
        for _ in range(5):
            become("POST", f"192.0.2.{last}", secret="x")
    assert become("POST", "192.0.2.99", secret=SECRET)[0] == 429
    later = roles.time.monotonic() + 61
    monkeypatch.setattr(roles.time, "monotonic", lambda: later)
    assert become("POST", "192.0.2.1", secret=SECRET)[0] == 303


@pytest.mark.parametrize("fields", [{}, {"other": SECRET}, {f"f{i}": "x" for i in range(50)} | {"secret": SECRET}])
def test_a_form_of_another_shape_is_refused(room, monkeypatch, fields):
    monkeypatch.setenv(roles.SECRET, SECRET)
    assert become("POST", **fields)[0] in (400, 403)


def test_tries_whose_forms_come_late_are_counted_too(room, monkeypatch):
    """Many connections that send their forms at the same moment."""
    monkeypatch.setenv(roles.SECRET, SECRET)
    app, statuses = Starlette(routes=roles.routes()), []

    async def room_of_strangers():
        gate = asyncio.Event()

        async def one():
            async def receive():
                await gate.wait()
                return {"type": "http.request", "body": b"secret=x", "more_body": False}

            async def send(message):
                if message["type"] == "http.response.start":
                    statuses.append(message["status"])

            headers = [(b"host", b"localhost"), (b"content-type", b"application/x-www-form-urlencoded")]
            scope = {"type": "http", "method": "POST", "path": "/presenter", "query_string": b"", "headers": headers}
            await app(scope | {"root_path": "", "client": ("192.0.2.9", 1), "scheme": "http"}, receive, send)

        tasks = [asyncio.create_task(one()) for _ in range(20)]
        await asyncio.sleep(0.05)
        gate.set()
        await asyncio.gather(*tasks)

    run(room_of_strangers())
    assert sorted(statuses) == [403] * 5 + [429] * 15


@pytest.mark.parametrize("cookie", ["", "presenter", "presenter.x.y", "audience.abc.def"])
def test_a_cookie_that_the_server_did_not_sign_says_nothing(room, visitor, cookie):
    visitor.cookies[roles._cookie_name()] = cookie
    assert roles.visitors_permissions() == Permissions()


def test_a_cookie_lasts_a_day(room, visitor, monkeypatch):
    visitor.cookies[roles._cookie_name()] = value(become(token=roles._roles.token)[1])
    monkeypatch.setattr(roles, "_LASTS", -1)
    assert roles.visitors_permissions() == Permissions()


@pytest.mark.parametrize(
    ("user", "is_presenter"),
    [
        ({}, False),
        ({"is_logged_in": True, "email": "me@example.org"}, True),
        ({"is_logged_in": True, "email": "me@example.org", "email_verified": True}, True),
        ({"is_logged_in": True, "email": "me@example.org", "email_verified": False}, False),
        ({"is_logged_in": False, "email": "me@example.org"}, False),
        ({"is_logged_in": True, "email": "you@example.org"}, False),
        ({"is_logged_in": True}, False),
    ],
)
def test_a_provider_may_vouch_for_a_listed_address(room, visitor, monkeypatch, user, is_presenter):
    visitor.user.update(user)
    assert not roles.is_presenter()
    monkeypatch.setattr(roles, "_secret_settings", lambda section="presenter": {"emails": ["me@example.org"]})
    assert roles.is_presenter() == is_presenter


def test_the_presenter_lets_the_audience_upload_checkpoints(room, visitor):
    with pytest.raises(NotPermitted):
        roles.allow_checkpoints(True)
    visitor.cookies[roles._cookie_name()] = value(become(token=roles._roles.token)[1])
    roles.allow_checkpoints(True)
    visitor.cookies.clear()
    assert roles.visitors_permissions() == Permissions(checkpoints=True)
    assert roles.audience_words().startswith("Everybody can explore with photos of their own and upload checkpoints. ")
    assert roles.audience_words().endswith("download or name a file of this machine.")


def test_folders_that_the_audience_may_name_are_in_the_environment(room, tmp_path, monkeypatch):
    monkeypatch.setenv(roles.ROOTS, f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    assert roles._Roles().audience.roots == (tmp_path / "a", tmp_path / "b")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(roles.ROOTS, "~/a")
    assert roles._Roles().audience.roots == (tmp_path / "a",)
    monkeypatch.setattr(roles, "_roles", roles._Roles())
    assert str(tmp_path / "a") in roles.audience_words()


def test_the_core_asks_the_server_who_its_visitor_is(room, visitor, monkeypatch):
    monkeypatch.setattr(permissions, "_default", permissions._default)
    roles.begin()
    assert permissions.current() == Permissions()
