"""The app as a visitor meets it: a real server, a real browser, real files."""

import re
import xml.etree.ElementTree as ET

import pytest
from PIL import Image
from playwright.sync_api import expect

from alexnet_viz.inspection.model import get
from alexnet_viz.inspection.predictions import classify
from tests.browser.conftest import settled
from tests.browser.visitor import BARS, go, photo, upload
from tests.waiting import wait_until

pytestmark = pytest.mark.browser
PAGES = {
    "/classify": "What does AlexNet see?",
    "/architecture": "The architecture, to scale",
    "/filters": "What each filter looks for",
    "/activations": "What every layer makes of the photo",
    "/attribution": "Why this class?",
}


def answer(page):
    """The labels and probabilities as the bars show them."""
    expect(page.locator(BARS).first).to_be_visible()
    return [tuple(bar.locator("span").all_text_contents()) for bar in page.locator(BARS).all()]


@pytest.mark.parametrize("width", [1024, 1280])
def test_every_page_is_in_the_bar(server, open_page, width):
    """On an old projector, or at 125 %, half of them were behind "4 more"."""
    page = open_page(f"{server.address}/classify?weights=bundled", width, 768)
    for name in ("Classify", "Architecture", "Network", "Filters", "Activations", "Attribution", "Playground", "Train"):
        expect(page.get_by_test_id("stTopNav").get_by_role("link", name=name)).to_be_in_viewport()
    assert page.get_by_text(re.compile(r"^\d more$")).count() == 0


def test_a_page_entered_with_the_parameters_of_the_last_is_one_step_back(server, open_page):
    """As Streamlit enters it where a page's own parameters come late, on a loaded machine."""
    page = open_page(f"{server.address}/playground")
    steps = page.evaluate("history.length")
    page.evaluate("history.pushState({}, '', '/filters' + location.search)")
    page.evaluate("history.pushState({}, '', '/filters?layer=conv2')")
    assert page.evaluate("history.length") == steps + 1
    page.evaluate("history.pushState({}, '', '/filters?layer=conv3')")
    assert page.evaluate("history.length") == steps + 2


def test_the_first_visit_is_light(server, chromium):
    """Megabytes are minutes on a phone in a full lecture hall: no chart library, and text compressed."""
    page = chromium.new_context().new_page()
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    sizes = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(f"{server.address}/classify?weights=bundled")
    assert answer(page)[0][0] == "espresso"
    settled(page)
    page.context.close()
    assert 0.3e6 < sum(sizes) < 2e6


@pytest.mark.parametrize("path", ["/", "/activations"])
def test_a_deep_link_opens_its_page_on_a_fresh_server(fresh_server, open_page, path):
    page = open_page(f"{fresh_server.address}{path}")
    assert_is_open(page, "/classify" if path == "/" else path)
    assert f"The app is open at {fresh_server.address}/" in fresh_server.log.read_text()


@pytest.mark.parametrize("path", PAGES)
def test_a_deep_link_opens_its_page(server, open_page, path):
    assert_is_open(open_page(f"{server.address}{path}"), path)


def assert_is_open(page, path):
    expect(page.get_by_role("heading", name=PAGES[path])).to_be_visible()
    expect(page.get_by_test_id("stSidebar").get_by_text("Photo", exact=True)).to_be_attached()
    assert page.get_by_text("Page not found").count() == 0
    assert path in page.url


def test_an_uploaded_photo_is_answered_and_its_link_opens_elsewhere(server, open_page):
    page = open_page(server.address)
    data = photo(1)
    upload(page, ("mine.jpg", data))
    expect(page.get_by_text("mine.jpg: 320 × 240 pixels")).to_be_visible()
    expected = classify(get("bundled"), data, "mine.jpg")[2].predictions
    found = answer(page)
    assert [label for label, _ in found] == [p.label for p in expected]
    assert [text for _, text in found] == [f"{p.probability:.1%}" for p in expected]
    assert "photo=upload-" in page.url
    elsewhere = open_page(page.url)
    assert answer(elsewhere) == found
    expect(elsewhere.get_by_text("mine.jpg: 320 × 240 pixels")).to_be_visible()


PRESS_SHUTTER = """() => {
    const shutter = [...document.querySelectorAll("[data-testid=stCameraInput] button")]
        .find((button) => button.textContent.includes("Take Photo"));
    shutter?.click();
    return !shutter; // the picture was taken
}"""


def test_a_still_of_the_webcam_becomes_the_photo(server, open_page):
    page = open_page(f"{server.address}/classify?photo=coffee")
    page.get_by_role("button", name="Use the webcam").click()
    shutter = page.get_by_role("button", name="Take Photo")
    expect(shutter).to_be_enabled()
    # Streamlit starts the camera again a second later, when the dialog's width is known, and takes nothing meanwhile.
    wait_until(lambda: page.evaluate(PRESS_SHUTTER), pause=1)
    expect(page.get_by_text("webcam.jpg: ")).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.wait_for_url(re.compile("photo=upload-"))


def test_bad_files_get_a_sentence_and_the_photo_stays(server, open_page):
    page = open_page(f"{server.address}/classify?photo=coffee")
    before = answer(page)
    upload(page, ("empty.jpg", b""), ("cut.jpg", photo(2)[:900]), ("text.jpg", b"hello, this is no photo" * 9))
    for name in ("empty.jpg", "cut.jpg", "text.jpg"):
        expect(page.get_by_test_id("stAlert").filter(has_text=name)).to_be_visible()
    assert answer(page) == before
    assert "Traceback" not in page.content()


def test_choices_go_into_the_address_and_the_page_change_keeps_them(server, open_page):
    page = open_page(server.address)
    page.get_by_role("option", name="A rocket at dusk").click()
    settled(page)
    assert "photo=rocket" in page.url
    page.get_by_role("link", name="Architecture").click()
    settled(page)
    assert "photo=rocket" in page.url
    page.go_back()
    settled(page)
    expect(page.get_by_role("heading", name="What does AlexNet see?")).to_be_visible()
    expect(page.get_by_text("A rocket at dusk:")).to_be_visible()


def test_a_picture_is_pasted(server, open_page):
    page = open_page(server.address)
    expect(page.get_by_role("button", name="Paste from clipboard")).to_be_visible()
    page.evaluate(
        """bytes => {
            const file = new File([new Uint8Array(bytes)], "image.png", {type: "image/png"});
            const data = new DataTransfer();
            data.items.add(file);
            document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true}));
        }""",
        list(photo(3, (200, 100), "PNG")),
    )
    settled(page)
    expect(page.get_by_text("pasted.png: 200 × 100 pixels")).to_be_visible()


def test_the_drawing_answers_to_mouse_and_keyboard_and_can_be_saved(server, open_page, tmp_path):
    page = open_page(f"{server.address}/architecture?weights=random")
    page.locator('.layer[data-layer="conv1"] polygon').first.click()
    settled(page)
    expect(page.get_by_text("⌊(224 + 2·2 − 11)/4⌋ + 1 = 55")).to_be_visible()
    page.locator('.layer[data-layer="conv1"]').focus()
    for _ in range(3):  # relu1, pool1, conv2
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    settled(page)
    assert "layer=conv2" in page.url
    expect(page.get_by_text("parameters = 192·(64·5·5 + 1) = 307,392")).to_be_visible()
    saved = {}
    for kind in ("SVG", "PNG", "HTML"):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind, exact=True).click()
        saved[kind] = tmp_path / download.value.suggested_filename
        download.value.save_as(saved[kind])
    assert ET.parse(saved["SVG"]).getroot().tag.endswith("svg")
    with Image.open(saved["PNG"]) as picture:
        assert picture.width > 1500
        assert len(picture.convert("RGB").getcolors(1 << 24)) > 20
    assert "<svg" in saved["HTML"].read_text("utf-8")


def test_several_photos_and_their_downloads(server, open_page):
    page = open_page(server.address)
    upload(page, ("one.jpg", photo(4)), ("two.jpg", photo(5)))
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    rows = download.value.path().read_text("utf-8").splitlines()
    assert rows[0].startswith("file,truth,rank,label,index,probability,logit")
    assert {row.split(",")[0] for row in rows[1:]} == {"one.jpg", "two.jpg"}


@pytest.mark.parametrize(("width", "height", "scheme"), [(1280, 720, "light"), (390, 844, "dark")])
def test_no_page_scrolls_sideways_and_every_picture_has_a_text_alternative(server, open_page, width, height, scheme):
    page = open_page(server.address, width, height, scheme)
    for path, title in PAGES.items():
        go(page, path)
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        bare = page.locator('[data-testid="stMain"] img').evaluate_all("all => all.filter(i => !i.alt).length")
        assert bare == 0, path
        assert not re.search("Traceback|bug in the app", page.content()), path
