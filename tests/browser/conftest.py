"""A fresh server and a real browser, both ended by the test that asked for them."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import defaultdict
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Error, expect, sync_playwright

from tests.waiting import PATIENCE

HOME = Path(__file__).parents[2]
expect.set_options(timeout=120_000)  # a loaded machine is slow, not wrong
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
CAMERA = "--use-fake-device-for-media-stream --use-fake-ui-for-media-stream"  # which shows a moving pattern


class Server:
    """``streamlit run app.py`` (or another script) on a free port of this machine alone, under ``base`` if given.

    ``options`` are more of Streamlit's, ``variables`` of the environment.
    """

    def __init__(
        self,
        folder: Path,
        base: str = "",
        script: str = "app.py",
        port: int = 0,
        options: tuple[str, ...] = (),
        **variables: str,
    ) -> None:
        with socket.create_server(("127.0.0.1", port)) as free:
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}" + (f"/{base}" if base else "")
        self.log = folder / "server.log"
        own = {"ALEXNET_VIZ_CACHE": "cache", "ALEXNET_VIZ_RUNS": "runs", "TORCH_HOME": "torch"}
        environment = os.environ | {key: str(folder / name) for key, name in own.items()}
        environment |= variables
        environment["ALEXNET_VIZ_IMAGENET_URL"] = "http://127.0.0.1:9/alexnet-owt-7be5be79.pth"
        command = [sys.executable, "-Xfaulthandler", "-mstreamlit", "run", script, "--server.headless=true"]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*command, "--server.port", str(self.port), "--server.baseUrlPath", base, *options],
                cwd=HOME,
                env=environment,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=1).close()
                return
            except OSError as error:
                why = error
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.2)
        self.process.send_signal(signal.SIGABRT)  # writes where each thread stands into the log
        self.process.wait(20)
        raise AssertionError(f"the server did not come up ({why!r}): {self.log.read_text()}")

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def fresh_server(tmp_path):
    server = Server(tmp_path)
    yield server
    server.end()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """For all tests of a process that leave nothing in its folder."""
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.end()


@pytest.fixture(scope="module")
def own_server(tmp_path_factory):
    """For a file whose tests put runs into its folder."""
    server = Server(tmp_path_factory.mktemp("own_server"))
    yield server
    server.end()


@pytest.fixture(scope="session")
def chromium():
    path = next((p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(p).exists()), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET.split(), *CAMERA.split()])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def spare_pages():
    """Pages that tests have done with, by how they were made. In a warm one Streamlit starts in a third of the time."""
    return defaultdict(list)


@pytest.fixture
def open_page(chromium, spare_pages, request):
    """A function that opens an address in a browser of its own; fails the test on any request to another site.

    ``before`` is a script that each document of it runs before its own. The page's ``sent`` holds what it sent to the
    server, ``complaints`` what stood in its console as an error.
    """
    opened = []

    def open_(
        address: str,
        width: int = 1280,
        height: int = 720,
        scheme: str = "light",
        before: str = "",
        **more,
    ):
        spare = spare_pages[before, tuple(more.items())]
        page = spare.pop() if spare else _new_page(chromium, before, more)
        page.foreign, page.errors, page.sent, page.complaints = [], [], [], []
        opened.append((page, spare))
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.goto(address)
        settled(page)
        return page

    yield open_
    has_failed = request.node.stash.get(HAS_FAILED, True)
    for page, spare in opened:
        if not has_failed and _is_emptied(page):
            spare.append(page)
        else:
            page.context.close()
    assert not any(page.foreign for page, _ in opened)
    assert not any(page.errors for page, _ in opened)
    assert not any("Content Security Policy" in text for page, _ in opened for text in page.complaints)


HAS_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        item.stash[HAS_FAILED] = not report.passed
    return report


def _new_page(chromium, before, more):
    page = chromium.new_context(**more).new_page()
    page.set_default_timeout(120_000)
    page.on("request", lambda request: page.foreign.append(request.url) if _is_foreign(request.url) else None)
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: page.sent.append(frame)))
    page.on("console", lambda message: page.complaints.append(message.text) if _is_complaint(message) else None)
    page.add_init_script(WATCH_SOCKET + before)
    return page


def _is_complaint(message) -> bool:
    return message.type == "error" and "404" not in message.text  # Streamlit looks for a manifest that is not there


def _is_emptied(page) -> bool:
    """Leave a page as a new one: nothing that a test or its document stored, allowed or caught is left."""
    try:
        page.unroute_all()
        page.goto(f"{page.evaluate('location.origin')}/_stcore/health")  # as it is left, the app may store something
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
        page.goto("about:blank")
    except Error:  # the server is gone
        return False
    page.context.clear_cookies()
    page.context.clear_permissions()
    for other in page.context.pages:
        if other != page:
            other.close()
    return True


@pytest.fixture
def module_page(chromium):
    """A function that opens an empty page that can import the components' modules, without the app around them."""
    handler = partial(QuietHandler, directory=HOME / "alexnet_viz" / "components")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as modules:
        threading.Thread(target=modules.serve_forever, daemon=True).start()
        page = chromium.new_page()
        page.goto(f"http://127.0.0.1:{modules.server_port}/")
        yield lambda: page
        page.close()
        modules.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing about it."""

    def log_message(self, *_):
        pass


def _is_foreign(url: str) -> bool:
    return not url.startswith(("data:", "blob:", "http://127.0.0.1", "ws://127.0.0.1"))


# Counts what a page and the server say to each other.
WATCH_SOCKET = """
    window.messageCount = 0;
    window.WebSocket = class extends window.WebSocket {
        constructor(...address) {
            super(...address);
            this.addEventListener("message", () => {
                window.messageCount += 1;
                window.isUnanswered = false;
            });
        }
        send(message) {
            window.messageCount += 1;
            window.isUnanswered = true;
            super.send(message);
        }
    };
"""

# Before the first message a page rests only for want of a connection. Streamlit shows a skeleton until the code of an
# element has come: before that there is no component to ask.
AT_REST = """() => window.messageCount !== 0 && !window.isUnanswered &&
    document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState === "notRunning" &&
    !document.querySelector('[data-testid="stSkeleton"]') &&
    [...document.querySelectorAll('[data-testid="stBidiComponentIsolated"]')]
    .every((component) => "drawn" in component.dataset)"""

# What a key or a click began is sent to the server within a few turns of the page's own loop, and an answer is taken in
# within as many. They are counted, not timed: on a busy machine all of the page may stand still for longer than any
# fixed time.
STAYS_AT_REST = f"""async () => {{
    const before = window.messageCount;
    for (let turn = 0; turn < 30; turn++) await new Promise((after) => setTimeout(after, 10));
    return window.messageCount === before && ({AT_REST})();
}}"""


def settled(page) -> None:
    """Wait until Streamlit's script has run to its end and every component, whose modules come later, has drawn."""
    for _ in range(1000):  # each takes 300 milliseconds or more
        page.wait_for_function(AT_REST, polling=50)
        if page.evaluate(STAYS_AT_REST):
            return
    raise AssertionError(f"page and server never fell silent: {page.evaluate('window.messageCount')} messages")
