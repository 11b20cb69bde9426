"""What a first visit sends, file by file, and when its answer stands on a slow network.

A fresh browser opens ``/``; bytes are as they come over the wire, headers and the websocket's frames among them. The
second visit of the same browser shows what it keeps. Then a fresh browser again, throttled to 750 kbit/s and 80 ms.
"""

import argparse
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import QUIET, Server, settled
from tests.browser.traffic import Transfer, watch
from tests.browser.visitor import BARS

KILOBITS = 750  # a second
QUIET_SECONDS = 3  # without a byte: then the visit has all it asks for


def visit(page: Page, address: str, kilobits: int | None = None) -> tuple[Transfer, float]:
    """Open the app, wait for the answer's first bar and until nothing more comes; seconds until that bar."""
    transfer, start = watch(page, kilobits), time.monotonic()
    page.set_default_timeout(300_000)
    page.goto(address, wait_until="commit")
    page.locator(BARS).first.wait_for()
    seconds = time.monotonic() - start
    settled(page)
    while time.monotonic() - transfer.last < QUIET_SECONDS:
        page.wait_for_timeout(200)
    return transfer, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=12, help="how many of the largest files are listed")
    listed = parser.parse_args().files
    server = Server(Path(tempfile.mkdtemp()))
    path = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=QUIET.split())
            size = {"width": 1280, "height": 720}
            visit(browser.new_page(viewport=size), server.address)  # the server's own first time is not the visitor's
            context = browser.new_context(viewport=size)
            first, _ = visit(context.new_page(), server.address)
            again, _ = visit(context.new_page(), server.address)
            for name, size_ in sorted(first.files.items(), key=lambda item: -item[1])[:listed]:
                print(f"{size_ / 1e3:8.1f} kB  {name}")
            fonts = sum(size_ for name, size_ in first.files.items() if name.endswith(".woff2"))
            print(f"first visit {first.total / 1e6:.2f} MB in {len(first.files)} files, fonts {fonts / 1e6:.2f} MB")
            print(f"again, same browser: {again.total / 1e6:.2f} MB, {again.total / first.total:.2f} of the first")
            for width, height in ((1280, 720), (390, 844)):
                slow = browser.new_page(viewport={"width": width, "height": height})
                sent, seconds = visit(slow, server.address, KILOBITS)
                print(
                    f"at {KILOBITS} kbit/s, {width}×{height}: answer after {seconds:.1f} s ({sent.total / 1e6:.2f} MB)"
                )
    finally:
        server.end()


if __name__ == "__main__":
    main()
