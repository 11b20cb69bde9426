"""Filters and activations as a visitor meets them: by mouse, by keyboard, through a link, as files."""

import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from alexnet_viz.figures.palette import levels, scale
from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.images.samples import sample
from alexnet_viz.inspection.fields import placement
from alexnet_viz.inspection.model import get
from alexnet_viz.inspection.trace import trace
from tests.browser.conftest import settled
from tests.browser.visitor import photo, upload

pytestmark = pytest.mark.browser
VIEW = "/activations?weights=random&photo=coffee&layer=conv5&channel=5&range=layer"


@pytest.fixture(scope="module")
def seen():
    model = get("random")
    photo = decode(*sample("coffee"))
    inputs = preprocess(photo, model.info.preprocessing)
    return model.info.spec, photo, inputs.geometry, trace(model, inputs.tensor)


def grid(page):
    canvas = page.locator(".grid canvas").first
    expect(canvas).to_have_attribute("data-columns", re.compile(r"\d+"))
    return canvas


def middle_of(canvas, tile):
    """Where a tile's middle lies on the canvas, in CSS pixels, with the tiles in the order of their numbers."""
    facts = canvas.evaluate("canvas => ({...canvas.dataset})")
    columns, step = int(facts["columns"]), float(facts["side"]) + float(facts["gap"])
    row, column = divmod(tile, columns)
    return {"x": column * step + float(facts["side"]) / 2, "y": row * step + float(facts["side"]) / 2}


# Of 13 × 13 maps, in the middle of cells [tile, row, column]; at once, for the grid may be laid out anew in between.
COLOURS_AT = """(canvas, cells) => cells.map(([tile, row, column]) => {
    const [columns, side, gap] = ["columns", "side", "gap"].map((name) => Number(canvas.dataset[name]));
    const x = (tile % columns) * (side + gap) + ((column + 0.5) * side) / 13;
    const y = Math.floor(tile / columns) * (side + gap) + ((row + 0.5) * side) / 13;
    return [...canvas.getContext("2d").getImageData(x, y, 1, 1).data];
})"""


def test_a_channel_and_a_position_by_mouse_and_by_keyboard_and_they_stay(server, open_page, seen):
    spec, photo, geometry, _ = seen
    page = open_page(server.address + VIEW)
    canvas = grid(page)
    canvas.hover(position=middle_of(canvas, 37))
    expect(page.locator(".grid .tip")).to_contain_text("channel 37")
    canvas.click(position=middle_of(canvas, 37))
    page.wait_for_url(re.compile("channel=37"))
    settled(page)
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".grid .announcement")).to_contain_text("channel 39")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("channel=39"))
    settled(page)

    large = page.locator(".maps canvas").first
    left, step = placement(spec, "conv5")
    x, y = geometry.to_photo(left + 9.5 * step, left + 4.5 * step)
    shown = large.bounding_box()["width"] / photo.size[0]
    large.click(position={"x": x * shown, "y": y * shown})
    page.wait_for_url(re.compile("y=4&x=9"))
    settled(page)
    large.focus()
    for key in ("ArrowDown", "ArrowLeft", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(re.compile("y=5&x=7"))
    settled(page)

    page.get_by_role("option", name="A rocket at dusk").click()
    page.wait_for_url(re.compile("photo=rocket"))
    settled(page)
    for part in ("layer=conv5", "channel=39", "y=5", "x=7"):
        assert part in page.url
    elsewhere = open_page(page.url)
    expect(elsewhere.get_by_text("conv5, channel 39, row 5, column 7")).to_be_visible()


def test_the_grids_pixels_are_the_tensors_and_so_are_the_files(server, open_page, seen):
    output = seen[3].outputs["conv5"]
    page = open_page(server.address + VIEW)
    canvas = grid(page)
    colours = scale(signed=True)[levels(output, float(np.abs(output).max()), True)]
    cells = ((0, 0, 0), (17, 6, 6), (100, 12, 3), (255, 4, 11))
    for (tile, row, column), drawn in zip(cells, canvas.evaluate(COLOURS_AT, cells), strict=True):
        assert drawn[:3] == colours[tile, row, column].tolist()
    with page.expect_download() as download:
        page.get_by_role("button", name="NPZ", exact=True).click()
    with np.load(download.value.path()) as saved:
        np.testing.assert_array_equal(saved["conv5"], output)
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG", exact=True).click()
    with Image.open(download.value.path()) as picture:
        assert min(picture.size) > 400


def test_the_link_is_copied_and_kernels_are_chosen(server, open_page):
    page = open_page(server.address + "/filters?weights=random&channel=3&sort_kernels=index")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.address)
    canvas = grid(page)
    canvas.click(position=middle_of(canvas, 12))
    page.wait_for_url(re.compile("channel=12"))
    settled(page)
    expect(page.get_by_text("Kernel 12", exact=True)).to_be_visible()
    page.get_by_role("button", name="Copy a link to this view").click()
    expect(page.get_by_text("Link copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    expect(page.get_by_text("Link copied")).to_be_hidden()


def test_why_does_unit_37_of_conv5_fire_here_is_answered_by_clicking(server, open_page):
    page = open_page(server.address + "/activations")
    upload(page, ("mine.jpg", photo(7, (240, 480))))
    layer = page.get_by_test_id("stMain").get_by_role("combobox").first
    layer.click()
    layer.fill("conv5")
    page.get_by_role("option", name="conv5", exact=True).click()
    page.wait_for_url(re.compile("layer=conv5"))
    settled(page)
    unit = page.get_by_label("Channel", exact=True)
    unit.fill("37")
    unit.press("Enter")
    sentence = page.get_by_text(re.compile(r"^conv5, channel 37, row \d+, column \d+"))
    y, x = re.findall(r"row (\d+), column (\d+)", sentence.text_content())[0]
    settled(page)
    expect(
        page.get_by_role("img", name=f"The part of the photo that the value in row {y}, column {x} sees")
    ).to_be_visible()
    page.get_by_role("link", name="Take it apart").click()
    page.wait_for_url(re.compile("/network.*photo=upload.*depth=value"))
    settled(page)
    assert {"layer=conv5", "channel=37", f"y={y}", f"x={x}"} <= set(page.url.partition("?")[2].split("&"))
    page.go_back()  # one press leaves the page
    expect(sentence).to_be_visible()


def test_the_truth_of_several_photos_is_typed_and_kept_when_names_are_forgotten(server, open_page):
    page = open_page(f"{server.address}/classify?weights=bundled")
    upload(page, *((f"{name}.jpg", sample(key)[0] + bytes(9)) for name, key in (("tabby", "cat"), ("tea", "coffee"))))
    expect(page.get_by_text("Of 1 with a known truth")).to_be_visible()
    forget = page.get_by_role("button", name=re.compile("Forget the truth taken from"))
    table = page.get_by_test_id("stDataFrame").first
    table.click(position={"x": 30, "y": 70})  # the first row's picture, from where the arrow keys lead on
    expect(table.get_by_test_id("glide-cell-0-0")).to_have_attribute("aria-selected", "true")
    for column in (1, 2):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_test_id(f"glide-cell-{column}-0")).to_be_focused()
    for row, truth in enumerate(("espresso", "lemon")):
        expect(page.get_by_test_id(f"glide-cell-2-{row}")).to_be_focused()  # what was typed leads to the next row
        page.keyboard.press("Enter")
        expect(page.locator("#portal input")).to_be_focused()
        page.keyboard.type(truth)
        expect(page.get_by_text(f"result available for search term {truth}")).to_be_attached()
        page.keyboard.press("Enter")
        settled(page)
    expect(page.get_by_text("Of 2 with a known truth")).to_be_visible()
    expect(forget).to_have_count(0)  # both are the visitor's own now
