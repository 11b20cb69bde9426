"""Phones and old projectors: what the first screen holds, and when the sidebar is out of the way. And a reload."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settled
from tests.browser.visitor import BARS, go, photo, sidebar_is_folded, upload

PHONE = {"width": 390, "height": 844, "has_touch": True}


def test_a_phones_first_screen_has_the_photo_an_upload_and_the_answer(server, open_page):
    page = open_page(f"{server.address}/classify?weights=bundled", **PHONE)
    for part in (".st-key-whole_photo img", ".st-key-upload_here button", f"{BARS} >> nth=0"):
        expect(page.locator(part).first).to_be_in_viewport(ratio=0.99)
    upload(page, ("mine.jpg", photo(11)))
    expect(page.get_by_text("mine.jpg: 320 × 240 pixels")).to_be_visible()


def test_on_a_phone_the_choices_are_one_line(server, open_page):
    page = open_page(server.address, **PHONE)
    for name in ("activations", "filters", "network", "attribution", "architecture", "playground"):
        go(page, f"/{name}")
        page.wait_for_url(f"**/{name}*")
        line = page.locator(".st-key-choices").bounding_box()
        assert line["height"] < 120, name
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name


@pytest.mark.parametrize("name", ["network", "architecture"])
def test_a_drawing_wider_than_the_phone_says_that_it_swipes(server, open_page, name):
    hint = "Swipe the drawing for the rest of it."
    expect(open_page(f"{server.address}/{name}", **PHONE).get_by_text(hint)).to_be_visible()
    expect(open_page(f"{server.address}/{name}").get_by_text(hint)).to_be_hidden()


def test_a_phones_drawer_closes_once_a_photo_is_chosen(server, open_page):
    page = open_page(f"{server.address}/classify?weights=bundled", **PHONE)
    page.get_by_test_id("stExpandSidebarButton").tap()
    settled(page)
    assert not sidebar_is_folded(page)
    page.get_by_role("option", name="A rocket at dusk").tap()
    settled(page)
    assert sidebar_is_folded(page)
    page.get_by_test_id("stExpandSidebarButton").tap()
    settled(page)
    upload(page, ("mine.jpg", photo(12)))
    expect(page.get_by_text("mine.jpg: 320 × 240 pixels")).to_be_visible()
    assert sidebar_is_folded(page)


def test_below_1200_pixels_the_sidebar_is_folded_until_it_is_opened(server, open_page):
    page = open_page(f"{server.address}/network?weights=bundled", 1024, 768)
    assert sidebar_is_folded(page)
    page.get_by_role("button", name="Expand sidebar").click()
    page.get_by_role("option", name="A rocket at dusk").click()
    settled(page)
    page.get_by_role("link", name="Filters").click()
    settled(page)
    assert not sidebar_is_folded(page)


def test_the_sidebar_folds_where_a_window_becomes_narrower_than_1200_pixels(server, open_page):
    page = open_page(f"{server.address}/network?weights=bundled", 1280, 720)
    assert not sidebar_is_folded(page)
    page.set_viewport_size({"width": 1024, "height": 720})  # as zooming in to 125 % does
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "true")
    page.get_by_role("button", name="Expand sidebar").click()
    page.set_viewport_size({"width": 1000, "height": 720})
    settled(page)
    assert not sidebar_is_folded(page)


def test_uploads_are_there_after_a_reload(server, open_page):
    page = open_page(f"{server.address}/classify?weights=bundled")
    upload(page, ("one.jpg", photo(13)), ("two.jpg", photo(14)))
    page.reload()
    settled(page)
    for name in ("one.jpg", "two.jpg"):
        expect(page.get_by_role("option", name=name)).to_be_visible()
    page.get_by_role("option", name="one.jpg").click()
    settled(page)
    expect(page.get_by_text("one.jpg: 320 × 240 pixels")).to_be_visible()
