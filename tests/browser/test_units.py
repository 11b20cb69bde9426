"""The units page in a browser: what is left of the photo forms as one watches."""

import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import settled
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


def test_the_strip_forms_and_under_each_layers_picture_stands_its_error(server, open_page):
    page = open_page(f"{server.address}/units?weights=bundled&photo=coffee&invert=steps:2")
    page.get_by_role("radio", name="Inversion").click()
    page.wait_for_url(re.compile("view=photo"))
    pictures = page.locator(".st-key-photo_strip").get_by_test_id("stImage")
    expect(pictures).to_have_count(9)
    expect(page.locator(".st-key-job_stop")).to_have_count(0)
    layers = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8")
    for number, layer in enumerate(layers, 1):
        picture = pictures.nth(number)
        expect(picture).to_have_text(re.compile(rf"^{layer}: error \d+\.\d%$"))
        error = picture.inner_text().split("error ")[1]
        shown = picture.get_by_role("img", name=re.compile(rf"What {layer} still knows of the photo .+: error {error}"))
        expect(shown).to_be_visible()
        assert shown.evaluate("image => image.complete && image.naturalWidth > 0")


def test_a_photo_that_drives_a_unit_becomes_the_photo_at_hand(server, open_page, tmp_path):
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (90, 70, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"noise {number}.png")
    place = f"view=exemplars&collection=folder&folder={tmp_path}&layer=conv3&channel=5"
    page = open_page(f"{server.address}/units?weights=bundled&photo=coffee&{place}")
    grid = page.get_by_role("listbox", name=re.compile("What channel 5 of conv3 sees of 3 photos"))
    expect(grid).to_be_visible()
    settled(page)
    grid.click(position={"x": 20, "y": 20})
    page.wait_for_url(re.compile("photo=upload-"))
    settled(page)
    page.get_by_role("link", name="Classify").click()
    expect(page.get_by_text(re.compile(r"noise \d\.png")).first).to_be_visible()


def test_a_map_of_photos_is_pointed_at_walked_zoomed_and_chosen_from(server, open_page, tmp_path):
    for number in range(8):
        place = tmp_path / "photos" / ("cat" if number % 2 else "dog")
        place.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 70 + 25 * number, (90, 70, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"noise {number}.png")
    place = f"view=map&collection=folder&folder={tmp_path / 'photos'}"
    page = open_page(f"{server.address}/units?weights=bundled&photo=coffee&{place}")
    canvas = page.get_by_role("listbox", name=re.compile("Map of 8 photos by fc7"))
    expect(page.locator(".map[data-photos=drawn]")).to_be_visible()
    settled(page)
    canvas.focus()
    page.keyboard.press("ArrowRight")
    tip = page.locator(".map .tip")
    expect(tip).to_have_text(re.compile(r"noise \d\.png\s+(cat|dog)"))
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    page.keyboard.press("+")
    wait_until(lambda: canvas.evaluate("canvas => canvas.toDataURL()") != before)
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.get_by_role("button", name="Show all photos").click()
    page.get_by_role("button", name="dog 4").click()
    page.wait_for_url(re.compile("stand_out=dog"))
    settled(page)
    expect(page.get_by_role("button", name="dog 4")).to_have_attribute("aria-pressed", "true")
    canvas.focus()
    page.keyboard.press("ArrowLeft")
    expect(tip).to_be_visible()
    name = tip.locator("b").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("photo=upload-"))
    settled(page)
    page.get_by_role("link", name="Classify").click()
    expect(page.get_by_text(name.rpartition("/")[2]).first).to_be_visible()


def test_photos_of_a_map_come_from_addresses_that_refuse_what_is_not_theirs(server, open_page):
    page = open_page(f"{server.address}/units?weights=bundled&photo=coffee&view=map")
    expect(page.locator(".map[data-photos=drawn]")).to_be_visible()
    asked = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    (sheet,) = [address for address in asked if address.endswith("/sheet")]
    place = sheet.removesuffix("sheet")
    photo = page.request.get(f"{place}0")
    assert (photo.status, photo.headers["content-type"]) == (200, "image/jpeg")
    assert photo.headers["cache-control"] == "no-store"  # such photos may be visitors' own
    for what in ("99999", "-1", "x", "0" * 400):
        answer = page.request.get(f"{place}{what}")
        assert (answer.status, "no such photo" in answer.text()) == (404, True)
    assert "load the page again" in page.request.get(f"{server.address}/map-photos/{'0' * 32}/sheet").text()


def test_a_question_of_the_quiz_is_one_screen_with_its_answer(server, open_page, tmp_path):
    place = tmp_path / "photos"
    place.mkdir()
    for number in range(12):
        pixels = np.random.default_rng(number).integers(0, 30 + 15 * number, (90, 70, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{number}.png")
    page = open_page(f"{server.address}/units?weights=bundled&view=quiz&layer=conv2&collection=folder&folder={place}")
    expect(page.get_by_role("img", name="A picture made to drive the unit of question 1")).to_be_visible()
    expect(page.locator(".st-key-job_stop")).to_have_count(0)
    settled(page)
    on_screen = [page.get_by_text("Question 1 of 20"), page.get_by_role("listbox", name="What drives the unit")]
    on_screen += [page.get_by_role("img", name=f"Choice {letter}") for letter in "AB"]
    on_screen += [page.locator(f".st-key-quiz_{number} button") for number in range(2)]
    assert all(bottom(one) <= 720 for one in on_screen)
    on_screen[-1].click()
    expect(page.get_by_role("button", name="Next", exact=True)).to_be_visible()
    settled(page)
    assert bottom(page.get_by_role("button", name="Next", exact=True)) <= 720


def bottom(locator):
    box = locator.bounding_box()
    return box["y"] + box["height"]
