"""A first visit stays light, and its cut fonts hold every icon that is shown."""

import re
from pathlib import Path

import pytest

from tests.browser.conftest import HOME, settled
from tests.browser.traffic import watch

MEGABYTES = 1.25  # 1.10 when this was written; whole fonts would be 0.44 more, Plotly 1.4
ICONS = sorted(
    {
        name
        for folder in ("alexnet_viz", "pages")
        for file in Path(HOME / folder).rglob("*.py")
        for name in re.findall(r":material/([a-z0-9_]+):", file.read_text("utf-8"))
    }
    | {
        "keyboard_double_arrow_left",
        "keyboard_double_arrow_right",
        "upload",
        "close",
        "search",
        "more_vert",
        "expand_more",
    }
)
WIDTHS = """async (names) => {
    await document.fonts.load('24px "Material Symbols Rounded"');
    const span = document.createElement("span");
    span.style.cssText = 'position: absolute; white-space: nowrap; font: 24px "Material Symbols Rounded"';
    document.body.append(span);
    return Object.fromEntries(names.map((name) => [name, ((span.textContent = name), span.offsetWidth)]));
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_a_first_visit_stays_light(server, open_page, chromium, width):
    open_page(server.address)  # the server's own first visitor gets the photo before the network is loaded, and again
    context = chromium.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    transfer = watch(page)
    page.goto(server.address)
    settled(page)
    page.wait_for_timeout(3000)  # what comes after the answer counts too
    assert len(transfer.files) > 50
    assert transfer.total < MEGABYTES * 1e6, sorted(transfer.files.items(), key=lambda item: -item[1])[:9]
    context.close()


def test_every_icon_is_in_the_cut_font(server, open_page):
    """One that is missing is drawn as the letters of its name: python -m tools.fonts."""
    widths = open_page(server.address).evaluate(WIDTHS, [*ICONS, "no_such_icon"])
    assert widths.pop("no_such_icon") > 40
    assert {name for name, width in widths.items() if width != 24} == set()
