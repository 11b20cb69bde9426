"""Components whose data change while their modules are still on their way, as on a slow line or a busy machine."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

# The network page's component waits at a gate that the test opens.
GATE = """
    window.gate = new Promise((open) => { window.openGate = open; });
    const Whole = Blob;
    window.Blob = class extends Whole {
        constructor(parts, options) {
            super(parts.join("").includes("network_view.js") ? ["await window.gate;\\n", ...parts] : parts, options);
        }
    };
"""
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'


def test_the_call_that_was_overtaken_ends_nothing_of_the_next(server, open_page):
    page = open_page(f"{server.address}/playground?weights=random&photo=coffee", before=GATE)
    page.goto(
        f"{server.address}/network?weights=random&photo=coffee&depth=value&layer=conv2&channel=3&y=4&x=5",
    )
    page.get_by_text("Large labels", exact=True).click()
    page.wait_for_url(re.compile("large=True"))
    page.wait_for_selector(IDLE, state="attached")
    assert page.locator(".stage").count() == 0
    page.evaluate("openGate()")
    window = page.locator("canvas.out")
    window.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".reading").filter(has_text="row 4, column 6")).to_be_visible()
    wide = window.evaluate("canvas => canvas.width")
    page.set_viewport_size({"width": 900, "height": 720})
    page.wait_for_function("([canvas, wide]) => canvas.width !== wide", arg=[window.element_handle(), wide])
