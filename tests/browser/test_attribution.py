"""Why this class, as a visitor asks it: upload, choose, compare, read off, paint, take home."""

import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from alexnet_viz.attribution.session import Session
from alexnet_viz.attribution.targets import Target
from alexnet_viz.figures.attribution import MapStyle, overlay, panel
from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.inspection.model import get
from tests.browser.conftest import settled
from tests.browser.visitor import choose, photo, upload

pytestmark = pytest.mark.browser


def download(page, title):
    with page.expect_download() as found:
        page.get_by_role("button", name=title, exact=True).click()
    return found.value.path().read_bytes()


def test_a_photo_is_asked_why_and_its_maps_are_compared_and_taken_home(server, open_page):
    page = open_page(f"{server.address}/attribution?weights=random")
    data = photo(11, (300, 420))
    upload(page, ("mine.jpg", data))
    choose(page, "Why this class", "class 7")
    choose(page, "Method", "Input × gradient")
    picture = page.get_by_role("img", name=re.compile("Why “class 7”: the map over the photo"))
    expect(picture).to_be_visible()

    model = get("random")
    one = decode(data, "mine.jpg")
    seen = preprocess(one, model.info.preprocessing)
    found = Session(model, seen.tensor).attribute("input-x-gradient", Target.of_class(7)).values
    drawn = panel("", "", one, seen.geometry, found, MapStyle())

    # the legend's numbers, and the value under the pointer
    legend = page.locator("figure .ends").first.locator("span").all_text_contents()
    numbers = [float(text.replace("−", "-")) for text in legend]
    np.testing.assert_allclose(numbers, [-drawn.top, 0, drawn.top], rtol=0.06)  # two digits, or three
    box = picture.bounding_box()
    left, top, right, bottom = seen.geometry.box
    at = [
        (a + share * (b - a)) / side
        for a, b, side, share in ((left, right, one.size[0], 100.5 / 224), (top, bottom, one.size[1], 60.5 / 224))
    ]
    page.mouse.move(box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"])
    shown = page.locator("figure .value").first
    expect(shown).to_be_visible()
    near = found[59:63, 99:103]
    value = float(shown.text_content().replace("−", "-"))
    assert near.min() - 0.06 * abs(near.min()) <= value <= near.max() + 0.06 * abs(near.max())

    # the overlay at the photo's own size, pixel by pixel
    with Image.open(io.BytesIO(download(page, "Overlay PNG"))) as image:
        assert image.size == (300, 420)
        np.testing.assert_array_equal(np.asarray(image), np.asarray(overlay(drawn, MapStyle())))
    np.testing.assert_array_equal(np.load(io.BytesIO(download(page, "Raw map .npy"))), found)
    settings = json.loads(download(page, "Settings JSON"))
    assert settings["maps"][0]["target_index"]["index"] == 7
    assert Image.open(io.BytesIO(download(page, "Slide PNG"))).width == 1920

    # three methods side by side
    page.get_by_role("radio", name="Compare").click()
    settled(page)
    page.goto(re.sub(r"&?why_methods=[^&]*", "", page.url) + "&why_methods=saliency,grad-cam")
    settled(page)
    expect(page.locator("figure figcaption span")).to_have_text(["Input × gradient", "Saliency", "Grad-CAM"])
    page.locator("figure").nth(2).get_by_role("button", name="Enlarge").click()
    settled(page)
    assert "why_method=grad-cam" in page.url
    assert "why_view=map" in page.url


def test_nothing_jumps_sideways_from_view_to_view_and_four_methods_are_one_row(server, open_page):
    page = open_page(f"{server.address}/attribution?weights=random&why_methods=saliency,layer-cam,input-x-gradient")
    seen = {}
    for view in ("One map", "Compare", "Put to the test", "By hand"):
        page.get_by_role("radio", name=view).click()
        settled(page)
        radios = page.get_by_role("radio", name="One map").bounding_box()
        choice = page.get_by_role("combobox", name=re.compile("Why this class")).bounding_box()
        seen[view] = radios["x"], radios["y"], choice["x"], choice["width"]
        if view == "Compare":
            tiles = [figure.bounding_box() for figure in page.locator("figure").all()]
            assert len(tiles) == 4
            assert len({tile["y"] for tile in tiles}) == 1
    assert len(set(seen.values())) == 1, seen


def test_painting_moves_the_answer_and_a_box_is_judged(server, open_page):
    page = open_page(f"{server.address}/attribution?photo=coffee&why_view=hand")
    expect(page.get_by_text("Paint over what you believe it sees")).to_be_visible()
    canvas = page.locator(".stage canvas")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6, steps=8)
    page.mouse.up()
    settled(page)  # a long stroke reports on its way, too
    page.wait_for_timeout(1000)
    settled(page)
    moved = page.get_by_text(re.compile(r"of its input is painted"))
    expect(moved).to_be_visible()
    by_mouse = int(re.search(r"(\d+)% of its input", moved.text_content())[1])
    assert 2 <= by_mouse <= 40
    canvas.focus()
    for _ in range(8):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    expect(page.get_by_text(f"{by_mouse}% of its input")).to_have_count(0)
    page.keyboard.press("u")
    expect(page.get_by_text(f"{by_mouse}% of its input")).to_be_visible()
    expect(page).to_have_url(re.compile("why_paint=[^&]{20}"))
    page.reload()  # as anybody would open the link
    settled(page)
    expect(page.get_by_text(f"{by_mouse}% of its input")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Paint over what you believe it sees")).to_be_visible()

    page.goto(f"{server.address}/attribution?photo=coffee&why_view=test&why_tested=none&why_steps=8")
    settled(page)
    expect(page.get_by_text("Draw a box around")).to_be_visible()
    page.locator(".stage canvas").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("Draw a box around")).to_have_count(0)
    expect(page).to_have_url(re.compile("why_box=8"))
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Draw a box around")).to_be_visible()


def test_compared_maps_are_on_the_first_screen_in_large_type_too(server, open_page):
    methods = "saliency,layer-cam,input-x-gradient"
    page = open_page(f"{server.address}/attribution?weights=random&why_view=compare&why_methods={methods}")
    page.keyboard.press("f")
    settled(page)
    boxes = [picture.bounding_box() for picture in page.locator("figure .picture").all()]
    assert len({box["y"] for box in boxes}) == 1
    assert len(boxes) == 4
    assert all(box["y"] + box["height"] / 2 < 720 for box in boxes)
    page.get_by_role("button", name="Which methods").click()
    choose(page, "Compared with Grad-CAM", "Grad-CAM++")
    expect(page.locator("figure figcaption span")).to_have_count(5)
