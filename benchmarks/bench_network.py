"""Hovering in the value view: the time the browser takes to answer, and what the server hears of it, which is nothing.

Each move is a pointer event on the output map; the time is that of its work: the event's own, and the next frame's from
its first callback to its last, layout included. Beside it the simple way, a round trip to the server: the same change
of place made by a button that pins it.
"""

import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import QUIET, Server, settled

LAYERS = ("conv1", "conv2", "conv4", "conv5", "pool1", "relu1")

HOVER = """
async (moves) => {
    const host = [...document.querySelectorAll('*')].find((one) => one.shadowRoot?.querySelector('.network'));
    const canvas = (host?.shadowRoot ?? document).querySelector('.network canvas.out');
    const box = canvas.getBoundingClientRect();
    const times = [];
    for (let i = 0; i < moves; i++) {
        const [x, y] = [(i * 37) % 97 / 97, (i * 61) % 89 / 89];
        const event = new PointerEvent('pointermove', {
            clientX: box.left + x * box.width, clientY: box.top + y * box.height, bubbles: true,
        });
        await new Promise((done) => {
            let first;
            requestAnimationFrame(() => { first = performance.now(); });
            const start = performance.now();
            canvas.dispatchEvent(event);
            const own = performance.now() - start;
            requestAnimationFrame(() => {
                document.body.offsetHeight; // layout is part of the answer
                canvas.parentElement.getBoundingClientRect();
                times.push(own + performance.now() - first);
                done();
            });
        });
    }
    return times;
}
"""


def main() -> None:
    server = Server(Path(tempfile.mkdtemp()))
    path = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=QUIET.split())
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            frames = []
            page.on("websocket", lambda socket: socket.on("framesent", lambda frame: frames.append(frame)))
            for layer in LAYERS:
                page.goto(f"{server.address}/network?weights=random&depth=value&layer={layer}")
                settled(page)
                page.wait_for_timeout(1500)
                page.evaluate(HOVER, 10)
                frames.clear()
                times = sorted(page.evaluate(HOVER, 200))
                heard = len(frames)
                trips = []
                for _ in range(7):
                    start = time.perf_counter()
                    before = page.url
                    page.get_by_role("button", name="One step on").click()
                    page.wait_for_url(lambda url, before=before: url != before)
                    trips.append((time.perf_counter() - start) * 1000)
                median, late = statistics.median(times), times[int(len(times) * 0.95)]
                trip = statistics.median(trips)
                print(
                    f"{layer}: a hover answers in {median:.1f} ms (95 % within {late:.1f}), {heard} messages to the "
                    f"server; a round trip takes {trip:.0f} ms, ratio {median / trip:.3f}"
                )
            browser.close()
    finally:
        server.end()


if __name__ == "__main__":
    main()
