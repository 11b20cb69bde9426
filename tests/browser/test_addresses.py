"""The app under other addresses than its own: below a path, and behind a proxy that takes a prefix off."""

import socket
import socketserver
import threading

import numpy as np
import pytest
from playwright.sync_api import expect

from alexnet_viz.training import runs
from alexnet_viz.training.recipe import preset
from alexnet_viz.training.snapshots import Snapshot, write_photo, write_snapshot
from tests.browser.conftest import Server, settled

pytestmark = pytest.mark.browser


class Proxy(socketserver.ThreadingTCPServer):
    """Passes on what lies under /alexnet/ without that prefix, as nginx does; anything else is not found.

    HTTP and websockets: each connection brings one request, whose first lines alone are looked at.
    """

    daemon_threads = True
    PREFIX = b"/alexnet"

    def __init__(self, port: int) -> None:
        self.port, self.lost = port, []
        super().__init__(("127.0.0.1", 0), _Connection)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{self.PREFIX.decode()}"


class _Connection(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        lines = []
        while (line := self.rfile.readline()).strip():
            lines.append(line)
        if not lines:
            return
        method, path, version = lines[0].split()
        if not path.startswith(self.server.PREFIX + b"/"):
            self.server.lost.append(path.decode())
            self.wfile.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        path = path.removeprefix(self.server.PREFIX)
        if not any(line.lower().startswith(b"upgrade:") for line in lines):
            lines = [line for line in lines if not line.lower().startswith(b"connection:")] + [b"Connection: close\r\n"]
        with socket.create_connection(("127.0.0.1", self.server.port)) as app:
            app.sendall(b" ".join((method, path, version)) + b"\r\n" + b"".join(lines[1:]) + b"\r\n")
            threading.Thread(target=_pass_on, args=(self.rfile.read1, app.sendall), daemon=True).start()
            _pass_on(app.recv, self.wfile.write)


def _pass_on(read, write) -> None:
    try:
        while data := read(1 << 16):
            write(data)
    except (OSError, ValueError):
        pass  # one of the two has closed the connection


@pytest.fixture(scope="module", params=["root", "path", "proxy"])
def place(request, own_server, tmp_path_factory):
    """(server, the address at which a browser finds the app, the proxy if there is one)."""
    elsewhere = request.param == "path"
    server = Server(tmp_path_factory.mktemp("path"), "lab/one") if elsewhere else own_server
    proxy = Proxy(server.port) if request.param == "proxy" else None
    yield server, proxy.address if proxy else server.address, proxy
    if proxy:
        proxy.shutdown()
        proxy.server_close()
    if elsewhere:
        server.end()


@pytest.fixture(scope="module")
def run(place):
    """A finished run with curves and a film, in the server's folder."""
    folder = place[0].log.parent / "runs"
    if (folder / "first.run").exists():  # the proxy stands before a server that has it
        return folder / "first.run"
    path = runs.create_run(preset("quick"), folder, run_id="first.run")
    for step in (10, 20, 30):
        row = {
            "split": "train",
            "step": step,
            "epoch": 0,
            "attempt": 1,
            "loss": 3.0 - step / 50,
            "top1": 0.1,
            "top5": 1,
        }
        inside = {"grad_norm": {"conv1": 0.1}, "dead": {"relu1": 0.25}, "learning_rate": 0.01}
        timing = {"images_per_second": 100.0, "data_share": 0.1, "memory": 2**30}
        runs.append_metrics(path, {**row, **inside, "timing": timing})
    rng = np.random.default_rng(0)
    for step in (0, 10, 30):
        maps = {f"relu{n}": rng.random((16, 5, 5)) for n in range(1, 6)}
        write_snapshot(path, Snapshot(step, rng.normal(size=(64, 3, 11, 11)), {}, maps, np.eye(14)[3]))
    write_photo(path, np.zeros((8, 8, 3), np.uint8), 3)
    runs.write_status(path, runs.Status("finished", step=30, steps=30, attempt=1))
    return path


def test_film_and_curves_are_there_under_every_address(place, run, open_page):
    _, address, proxy = place
    page = open_page(f"{address}/train?weights=random")
    expect(page.locator(".chart .curve").first).to_be_attached()
    expect(page.locator(".film .step")).to_have_text("step 30")
    slider = page.locator(".film .slider")
    slider.press("Home")
    expect(page.locator(".film .step")).to_have_text("step 0")
    expect(slider).to_have_attribute("max", "2")
    assert page.locator(".unreachable").all_text_contents() == ["", "", ""]
    answers = page.evaluate(
        "async (run) => Promise.all(['curves', 'inside', 'progress', 'film'].map(async (what) => "
        "(await fetch(`feed/${run}/${what}`)).headers.get('content-type')))",
        "first.run",
    )
    assert [answer.partition(";")[0] for answer in answers] == [
        "text/plain",
        "text/plain",
        "application/json",
        "application/octet-stream",
    ]
    page.get_by_test_id("stTopNavLinkContainer").get_by_role("link", name="Classify").click()
    settled(page)
    page.get_by_test_id("stTopNavLinkContainer").get_by_role("link", name="Train").click()
    settled(page)
    expect(page.locator(".film .step")).to_have_text("step 30")
    assert not proxy or not [path for path in proxy.lost if "favicon" not in path]


def test_a_film_that_cannot_be_fetched_says_so(place, run, open_page):
    _, address, _ = place
    page = open_page(f"{address}/classify?weights=random")
    page.route("**/feed/**", lambda route: route.fulfill(status=404))
    page.get_by_test_id("stTopNavLinkContainer").get_by_role("link", name="Train").click()
    told = page.locator(".film ~ .unreachable")
    path = address.partition("127.0.0.1")[2].partition("/")[2]
    expect(told).to_have_text(
        f"{'/' + path if path else ''}/feed/first.run/film cannot be fetched: the answer is 404. "
        "A proxy in front of the app must pass it on."
    )
    page.unroute("**/feed/**")
    page.reload()
    settled(page)
    expect(page.locator(".film .step")).to_have_text("step 30")
    expect(told).to_be_empty()
