"""Several servers with one store of photos: a link opens on each, also when the one that took the photo is dead."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from alexnet_viz.ui.shared.photo_store import VARIABLE
from tests.browser.conftest import HOME, Server, settled
from tests.browser.visitor import photo, upload
from tests.waiting import wait_until

pytestmark = pytest.mark.browser
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@pytest.fixture
def replicas(tmp_path, monkeypatch):
    """A function that starts servers with one store of photos, and folders of their own."""
    monkeypatch.setenv(VARIABLE, f"folder:{tmp_path / 'photos'}")
    running = []

    def start(count):
        for number in range(len(running), len(running) + count):
            (tmp_path / str(number)).mkdir()
            running.append(Server(tmp_path / str(number)))
        return running

    yield start
    for server in running:
        server.process.kill()
        server.process.wait(20)


def kill(server):
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(20)


def assert_shows(page, name):
    """The page answers for the photo of that name, and says nothing of one that is gone."""
    expect(page.get_by_text(f"{name}: ")).to_be_visible()
    assert "no longer on this server" not in page.locator("body").inner_text()


def test_a_link_opens_on_another_server_and_on_a_new_one_after_the_first_was_killed(replicas, open_page):
    first, second = replicas(2)
    page = open_page(f"{first.address}/classify?weights=random")
    upload(page, ("mine.jpg", photo(1)))
    page.wait_for_url(re.compile("photo=upload-"))
    link = page.url.removeprefix(first.address)
    assert_shows(open_page(second.address + link), "mine.jpg")
    kill(first)
    kill(second)
    *_, third = replicas(1)
    assert_shows(open_page(third.address + link), "mine.jpg")


class Nginx:
    """nginx on a free port of this machine, with the configuration of deploy/ before three servers."""

    def __init__(self, folder: Path, servers: list[Server]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        text = (HOME / "deploy" / "nginx.conf").read_text("utf-8")
        for number, server in enumerate(servers, start=1):
            text = text.replace(f"replica{number}:850{number}", f"127.0.0.1:{server.port}")
            text = text.replace(f"~:850{number}$", f"~:{server.port}$")
        text = text.replace("listen 80;", f"listen 127.0.0.1:{port};")
        places = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        main = f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}\n"
        (folder / "nginx.conf").write_text(f"{main}http {{ access_log off; {places}\n{text}\n}}\n", "utf-8")
        self.address = f"http://127.0.0.1:{port}"
        self.log = folder / "error.log"
        self.process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")])

        def answers() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_until(answers, self.process)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def nginx(replicas, tmp_path):
    if not NGINX:
        pytest.skip("nginx is not installed")
    servers = replicas(3)
    folder = tmp_path / "nginx"
    folder.mkdir()
    folder.chmod(0o755)
    nginx = Nginx(folder, servers)
    yield nginx
    nginx.end()


def replica_of(page):
    """The number of the server that a browser is with, by its cookie."""
    (name,) = (cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "replica")
    return "abc".index(name)


def test_behind_nginx_a_visit_stays_with_one_server_and_goes_on_when_that_is_killed(nginx, replicas, open_page):
    servers = replicas(0)
    page = open_page(f"{nginx.address}/classify?weights=random")
    first = replica_of(page)
    large = photo(3, (1600, 1200))
    assert len(large) > 64 << 10  # nginx keeps less in memory anyway
    upload(page, ("other.jpg", large))
    page.goto(f"{nginx.address}/classify?weights=random")
    upload(page, ("mine.jpg", photo(1)))
    page.wait_for_url(re.compile("photo=upload-"))
    link = page.url
    assert replica_of(page) == first
    kill(servers[first])
    wait_until(lambda: replica_of(page) != first, pause=0.1)  # the page looks for its server by itself
    second = replica_of(page)
    assert second == (first + 1) % 3
    page.get_by_role("option", name="A rocket at dusk").click()
    expect(page.get_by_text("A rocket at dusk:")).to_be_visible()
    settled(page)
    page.get_by_role("option", name="other.jpg").click()
    assert_shows(page, "other.jpg")
    settled(page)
    page.get_by_role("option", name="mine.jpg").click()
    assert_shows(page, "mine.jpg")
    page.reload()
    assert_shows(page, "mine.jpg")
    page.goto(f"{nginx.address}/classify?weights=random")
    upload(page, ("later.jpg", photo(2)))
    assert_shows(page, "later.jpg")
    assert replica_of(page) == second
    kill(servers[second])
    page.goto(link)
    assert_shows(page, "mine.jpg")
    assert {first, second, replica_of(page)} == {0, 1, 2}
    # That it could not write an upload to a folder of its own, or that it did, stands in its log.
    assert not re.findall(r"\[(?:emerg|alert|crit|warn)\].*", nginx.log.read_text())


def test_a_store_that_cannot_be_is_a_sentence_at_the_start(tmp_path):
    environment = os.environ | {VARIABLE: "photos"}
    done = subprocess.run(
        [sys.executable, "-mstreamlit", "run", "app.py", "--server.headless=true", "--server.port", "0"],
        cwd=HOME,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == f"{VARIABLE} must be folder:/a/path or redis://host:6379/0, not 'photos'."
