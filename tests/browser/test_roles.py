"""A room in a real browser: the audience looks, the presenter changes."""

import http.client
import re
import socket

import pytest
from playwright.sync_api import expect

from alexnet_viz.ui.roles import SECRET
from tests.browser.conftest import Server, settled
from tests.browser.provider import CLIENT, Provider
from tests.browser.provider import SECRET as CLIENT_SECRET
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A server that others reach under another name, as behind a proxy."""
    server = Server(
        tmp_path_factory.mktemp("room"), options=("--server.allowedHosts", "room.example"), **{SECRET: "open sesame"}
    )
    yield server
    server.end()


def links(server):
    """The presenter's links that the terminal has shown so far."""
    return re.findall(r"http://\S+/presenter\?token=\S+", server.log.read_text())


def test_the_audience_looks_and_the_presenter_changes(room, open_page, chromium):
    page = open_page(f"{room.address}/train?weights=bundled")
    expect(page.get_by_text("Runs are started and changed by the presenter.")).to_be_visible()
    expect(page.get_by_role("button", name="Start")).to_have_count(0)
    expect(page.get_by_text("No runs yet. Once the presenter starts one")).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_role("combobox", name=re.compile("Weights")).click()
    expect(page.get_by_role("option", name=re.compile("Random"))).to_be_visible()
    expect(page.get_by_role("option", name=re.compile("checkpoint of yours"))).to_have_count(0)
    page.keyboard.press("Escape")

    wait_until(lambda: links(room))
    before = links(room)
    page.goto(before[-1])
    settled(page)
    page.goto(f"{room.address}/train?weights=bundled")
    settled(page)
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_enabled()
    assert len(links(room)) == len(before) + 1  # the used one is worth nothing, the next is on the terminal

    forwarded = chromium.new_context(extra_http_headers={"X-Forwarded-For": "127.0.0.1"})
    other = forwarded.new_page()
    other.goto(f"{room.address}/train?weights=bundled")
    expect(other.get_by_text("Runs are started and changed by the presenter.")).to_be_visible()
    other.goto(before[-1])
    expect(other.get_by_text("This link was used already")).to_be_visible()
    forwarded.close()


def test_a_link_names_no_file_of_the_server(room, open_page):
    page = open_page(f"{room.address}/classify?weights=/etc/passwd")
    expect(page.get_by_text("Only the presenter can name files of this server").first).to_be_visible()
    assert page.get_by_text("bug in the app").count() == 0


def test_the_secret_is_typed(room, open_page):
    page = open_page(f"{room.address}/train?weights=bundled")
    page.goto(f"{room.address}/presenter")
    page.get_by_label("Secret").fill("wrong")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("That is not the secret.")).to_be_visible()
    page.get_by_label("Secret").fill("open sesame")
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(re.compile("/classify"))
    page.goto(f"{room.address}/train?weights=bundled")
    settled(page)
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_enabled()


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/_stcore/stream", "/feed/x/progress", "/presenter"])
@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}], ids=str
)
def test_a_foreign_host_or_origin_gets_nothing(room, path, headers):
    connection = http.client.HTTPConnection("127.0.0.1", room.port, timeout=30)
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    connection.request("GET", path, headers=headers | (upgrade | key if path.endswith("stream") else {}))
    answer = connection.getresponse()
    assert answer.status == 403
    connection.close()


def test_who_follows_sees_the_presenters_view(room, open_page, chromium):
    presenter = open_page(f"{room.address}/filters?weights=bundled")
    presenter.goto(links(room)[-1])
    settled(presenter)
    presenter.goto(f"{room.address}/filters?weights=bundled&photo=coffee")
    settled(presenter)
    presenter.get_by_role("button", name="Lead: everybody who follows").click()
    expect(presenter.get_by_role("button", name="Lead: everybody who follows")).to_have_attribute(
        "aria-pressed", "true"
    )

    visit = chromium.new_context()
    follower = visit.new_page()
    follower.goto(f"{room.address}/classify?weights=bundled")
    follower.get_by_role("button", name="Follow: your page goes").click(timeout=120_000)
    follower.wait_for_url(re.compile(r"/filters\?.*photo=coffee"))
    presenter.get_by_role("link", name="Activations").click()
    follower.wait_for_url(re.compile("/activations"))
    presenter.go_back()
    follower.wait_for_url(re.compile("/filters"))  # a view that this page had before

    other = visit.new_page()
    other.goto(f"{room.address}/classify?weights=bundled")
    other.get_by_role("button", name="Follow: your page goes").click(timeout=120_000)
    other.wait_for_url(re.compile("/filters"))
    follower.get_by_role("button", name="Follow: your page goes").click()
    presenter.get_by_role("link", name="Playground").click()
    other.wait_for_url(re.compile("/playground"))
    assert "/filters" in follower.url
    visit.close()


@pytest.mark.parametrize("email", ["lecturer@example.org", "student@example.org"])
def test_an_openid_provider_vouches_for_the_presenter(tmp_path, open_page, email):
    provider = Provider(email)
    secrets = tmp_path / "secrets.toml"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    secrets.write_text(
        f"""
        [auth]
        redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
        cookie_secret = "a secret of thirty-two characters."
        client_id = "{CLIENT}"
        client_secret = "{CLIENT_SECRET}"
        server_metadata_url = "{provider.address}/.well-known/openid-configuration"
        [presenter]
        emails = ["lecturer@example.org"]
        """
    )
    options = ("--server.allowedHosts", "room.example", "--secrets.files", str(secrets))
    server = Server(tmp_path, port=port, options=options)
    try:
        page = open_page(f"{server.address}/train?weights=bundled")
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(re.compile("/classify"))
        settled(page)
        page.get_by_role("link", name="Train", exact=True).click()
        start = page.get_by_role("button", name="Start", exact=True)
        if email.startswith("lecturer"):
            expect(start).to_be_enabled()
        else:
            expect(page.get_by_text("Runs are started and changed by the presenter.")).to_be_visible()
            expect(start).to_have_count(0)
    finally:
        server.end()
        provider.end()
