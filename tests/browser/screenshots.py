"""Take the README's pictures of the running app again: ``make screenshots``."""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import HOME, QUIET, Server, settled

SHOTS = {
    "classify": ("/classify?photo=coffee", 1280, 720, "light"),
    "architecture": ("/architecture?photo=cat&layer=conv2", 1280, 860, "light"),
    "units": ("/units?photo=coffee&layer=conv4&channel=12&sheet=True", 1280, 720, "light"),
    "classify-dark": ("/classify?photo=flower", 1280, 720, "dark"),
}


def main() -> None:
    """Write assets/screenshots/*.png."""
    folder = HOME / "assets" / "screenshots"
    folder.mkdir(exist_ok=True)
    server = Server(Path(tempfile.mkdtemp()))
    path = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=QUIET.split())
            for name, (address, width, height, scheme) in SHOTS.items():
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                page.goto(server.address + address)
                settled(page)
                page.wait_for_timeout(8000)  # pictures and charts come after the script
                page.screenshot(path=folder / f"{name}.png")
            browser.close()
    finally:
        server.end()


if __name__ == "__main__":
    main()
