"""Components that get their data while they have no room: while the page is hidden, or not laid out yet."""

import pytest

from tests.browser.conftest import settled

pytestmark = pytest.mark.browser

VIEWS = {
    "overview": "network?",
    "layer": "network?depth=layer&layer=conv2",
    "unit": "network?depth=unit&layer=conv2&channel=3",
    "class": "network?depth=unit&layer=fc6&channel=3",
    "convolution": "network?depth=value&layer=conv2&channel=3&y=4&x=5",
    "normalisation": "network?variant=paper&depth=value&layer=norm1&channel=3&y=4&x=5",
    "activations": "activations?layer=conv5&channel=5&y=4&x=5",
    "playground": "playground?",
}
HIDABLE = """
    window.hidden = new CSSStyleSheet();
    hidden.replaceSync("[data-testid=stMain] { display: none !important }");
    hidden.disabled = true;
    document.adoptedStyleSheets.push(hidden);
"""
HIDE, SHOW = "hidden.disabled = false", "hidden.disabled = true"
DRAWN = """async () => {
    for (let i = 0; i < 10; i++) await new Promise(requestAnimationFrame);
    const main = document.querySelector("[data-testid=stMain]");
    const inside = [...main.querySelectorAll("*")].flatMap((one) => [...one.shadowRoot?.querySelectorAll("*") ?? []]);
    return inside.filter((element) => element.checkVisibility()).map((element) => [
        element.tagName, element.getAttribute("class"), element.clientWidth, element.clientHeight,
        ...element.matches("canvas") ? [element.toDataURL()] : [],
    ].join(" "));
}"""


def drawn(page):
    """The components' elements that are to be seen: names, classes and sizes, and a canvas's pixels."""
    settled(page)
    return page.evaluate(DRAWN)


@pytest.mark.parametrize("view", VIEWS)
def test_what_was_drawn_without_room_looks_as_ever_once_there_is_room(server, open_page, view):
    address = f"{server.address}/{VIEWS[view]}&weights=random&photo=coffee"
    page = open_page(address, before=HIDABLE)
    ever = drawn(page)
    assert len(ever) > 10
    page.evaluate(HIDE)
    assert not drawn(page)
    page.evaluate(SHOW)
    assert drawn(page) == ever
    page = open_page(address, before=HIDABLE + HIDE)  # from the very beginning
    assert not drawn(page)
    page.evaluate(SHOW)
    assert drawn(page) == ever
