"""Components whose data change while their module is still on its way, as on a slow line or a busy machine."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settled

pytestmark = pytest.mark.browser

# The components' modules wait at a gate that the test opens.
GATE = """
    const gate = new Promise((open) => { window.openGate = open; });
    window.gate = gate;
    const Whole = Blob;
    window.Blob = class extends Whole {
        constructor(parts, options) {
            super(options?.type === "text/javascript" ? ["await window.gate;\\n", ...parts] : parts, options);
        }
    };
"""


def test_the_call_that_was_overtaken_ends_nothing_of_the_next(server, open_page):
    view = "network?weights=random&photo=coffee&depth=value&layer=conv2&channel=3&y=4&x=5"
    page = open_page(f"{server.address}/{view}", before=GATE)
    page.get_by_text("Large type", exact=True).click()
    page.wait_for_url(re.compile("large=True"))
    settled(page)
    assert page.locator(".stage").count() == 0
    page.evaluate("openGate()")
    window = page.locator("canvas.out")
    window.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".reading").filter(has_text="row 4, column 6")).to_be_visible()
    wide = window.evaluate("canvas => canvas.width")
    page.set_viewport_size({"width": 900, "height": 720})
    page.wait_for_function("([canvas, wide]) => canvas.width !== wide", arg=[window.element_handle(), wide])
