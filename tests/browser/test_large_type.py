"""Large type on the whole screen, on every page."""

import pytest

from tests.browser.conftest import settled

pytestmark = pytest.mark.browser


def size(page) -> float:
    """Of the page's title, in pixels."""
    return page.locator("h1").first.evaluate("(title) => parseFloat(getComputedStyle(title).fontSize)")


def is_full(page) -> bool:
    return page.evaluate("document.fullscreenElement === document.documentElement")


def test_a_button_and_a_key_make_every_pages_type_larger(server, open_page):
    page = open_page(f"{server.address}/activations?weights=random")
    usual = size(page)
    page.get_by_role("button", name="Large type on the whole screen").click()
    settled(page)
    assert size(page) == pytest.approx(1.5 * usual)
    assert is_full(page)
    assert not page.get_by_test_id("stSidebar").is_visible()
    page.get_by_role("link", name="Filters").first.click()
    page.get_by_role("heading", name="What each filter looks for").wait_for()
    settled(page)
    assert size(page) == pytest.approx(1.5 * usual)  # it stays from page to page
    page.reload()
    settled(page)
    assert size(page) == pytest.approx(1.5 * usual)
    page.keyboard.press("Escape")
    page.wait_for_function("!document.documentElement.classList.contains('large-type')")
    assert size(page) == pytest.approx(usual)
    page.keyboard.press("f")
    page.wait_for_function("document.documentElement.classList.contains('large-type')")


@pytest.mark.parametrize(("width", "scale"), [(390, 1.25), (1024, 1.25), (1280, 1.5), (1920, 1.5)])
def test_type_is_as_large_as_there_is_room_for(server, open_page, width, scale):
    page = open_page(f"{server.address}/architecture?weights=random", width, 768)
    usual = size(page)
    page.keyboard.press("f")
    page.wait_for_function("document.documentElement.classList.contains('large-type')")
    assert size(page) == pytest.approx(scale * usual)


def labels(chart):
    """The names beside a chart's bars as (text, size of type, left edge, middle's height), in pixels of the page."""
    return chart.locator(".ytick text").evaluate_all(
        """(texts) => texts.map((text) => {
            const box = text.getBoundingClientRect();
            return [text.textContent, parseFloat(getComputedStyle(text).fontSize), box.left, box.top + box.height / 2];
        })"""
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_charts_labels_grow_whole_and_the_pointer_finds_its_bars(server, open_page, scheme):
    page = open_page(f"{server.address}/filters?weights=random&layer=fc8", 1024, 768, scheme)
    chart = page.locator(".stPlotlyChart").first
    chart.locator(".bars .point path").first.wait_for()
    usual = labels(chart)
    page.keyboard.press("f")
    page.wait_for_function("(height) => document.querySelector('.stPlotlyChart').offsetHeight > height", arg=500)
    settled(page)
    chart.scroll_into_view_if_needed()
    larger = labels(chart)
    assert [size for _, size, *_ in larger] == pytest.approx([1.25 * size for _, size, *_ in usual])
    assert min(left for *_, left, _ in larger) >= chart.bounding_box()["x"] - 1
    bars = [path.bounding_box() for path in chart.locator(".bars .point path").all()]
    for name, *_, y in (larger[0], larger[5]):
        (bar,) = (bar for bar in bars if bar["y"] < y < bar["y"] + bar["height"])
        page.mouse.move(bar["x"] + bar["width"] / 2, y)
        chart.locator(".hoverlayer").get_by_text(name.strip()).first.wait_for()
    page.keyboard.press("f")
    page.wait_for_function("(height) => document.querySelector('.stPlotlyChart').offsetHeight < height", arg=500)
    settled(page)
    assert [size for _, size, *_ in labels(chart)] == [size for _, size, *_ in usual]


def test_f_in_a_field_is_a_letter(server, open_page):
    page = open_page(f"{server.address}/filters?weights=random&layer=conv2")
    page.get_by_role("combobox", name="Layer").press("f")
    assert not page.evaluate("document.documentElement.classList.contains('large-type')")


def test_the_network_has_its_own_full_screen_within(server, open_page):
    page = open_page(f"{server.address}/network?weights=random")
    page.get_by_role("button", name="Large type on the whole screen").click()
    page.wait_for_function("document.fullscreenElement === document.documentElement")
    settled(page)
    page.get_by_role("button", name="Full screen").click()
    page.get_by_role("button", name="Leave full screen").click()
    page.get_by_role("button", name="Full screen").wait_for()
    page.wait_for_function("document.fullscreenElement === document.documentElement")


def test_on_a_switch_f_is_the_key(server, open_page):
    page = open_page(f"{server.address}/filters?weights=random&layer=conv2")
    page.get_by_label("Smooth maps").first.focus()
    page.keyboard.press("f")
    page.wait_for_function("document.documentElement.classList.contains('large-type')")


def test_f_in_a_table_is_a_letter(server, open_page):
    page = open_page(f"{server.address}/architecture?weights=random")
    page.get_by_test_id("stDataFrame").first.locator("canvas").first.focus()
    assert page.evaluate("document.activeElement.closest('[data-testid=stDataFrame]') !== null")
    page.keyboard.press("f")
    page.wait_for_timeout(300)
    assert not page.evaluate("document.documentElement.classList.contains('large-type')")
