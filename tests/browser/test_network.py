"""The network page in a browser: from the overview to a value, whose terms are read and added up; by keyboard alone."""

import base64
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from alexnet_viz.figures.network import unit_scene
from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.images.samples import sample
from alexnet_viz.inspection.arithmetic import contributions, output, unit, value, walk
from alexnet_viz.inspection.model import get
from alexnet_viz.inspection.trace import trace
from alexnet_viz.values import VARIANTS
from tests.browser.conftest import settled
from tests.browser.visitor import go
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

# Timers that the page has set and not cleared, by their delay.
COUNT_TIMERS = """
    window.timers = new Map();
    const [set, clear] = [window.setInterval, window.clearInterval];
    window.setInterval = (work, delay, ...rest) => {
        const id = set(work, delay, ...rest);
        window.timers.set(id, delay);
        return id;
    };
    window.clearInterval = (id) => { window.timers.delete(id); clear(id); };
"""

# What the components' modules observe and listen to outside their own elements, and have not released.
COUNT_HELD = """
    window.observers = new Set();
    window.listeners = [];
    const isOurs = () => new Error().stack.includes("component-modules");
    window.ResizeObserver = class extends window.ResizeObserver {
        observe(...target) {
            if (isOurs()) window.observers.add(this);
            super.observe(...target);
        }
        disconnect() {
            window.observers.delete(this);
            super.disconnect();
        }
    };
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    EventTarget.prototype.addEventListener = function (type, handler, ...rest) {
        if ((this === document || this === window) && isOurs()) window.listeners.push({ type, handler });
        return addEventListener.call(this, type, handler, ...rest);
    };
    EventTarget.prototype.removeEventListener = function (type, handler, ...rest) {
        window.listeners = window.listeners.filter((held) => held.type !== type || held.handler !== handler);
        return removeEventListener.call(this, type, handler, ...rest);
    };
"""


def seen(variant="torchvision", photo="coffee"):
    model = get("random", variant)
    inputs = preprocess(decode(*sample(photo)), model.info.preprocessing)
    return model, inputs, trace(model, inputs.tensor)


def opened(open_page, server, query, before="", **how):
    """The page with its timers counted."""
    address = f"{server.address}/network?weights=random&photo=coffee&{query}"
    page = open_page(address, before=COUNT_TIMERS + before, **how)
    expect(page.locator(".network")).to_be_visible()  # its modules come after Streamlit's script has run
    return page


def at(page):
    """What the address says."""
    return dict(re.findall(r"[?&](\w+)=([^&]*)", page.url))


def running(page):
    """The components' own timers."""
    return page.evaluate("[...window.timers.values()].filter(delay => [350, 1200, 600, 1500].includes(delay)).length")


def number(text):
    return float(text.replace("−", "-").replace(",", ""))


def over(canvas, y, x, side):
    """Where a cell of a map lies on its canvas."""
    box = canvas.bounding_box()
    return {"x": (x + 0.5) * box["width"] / side, "y": (y + 0.5) * box["height"] / side}


def test_from_the_overview_to_a_value_whose_terms_add_up_and_back(server, open_page):
    model, _, record = seen()
    page = opened(open_page, server, "rows=4")
    thumb = page.locator('.thumb[data-layer="conv2"]').nth(2)
    channel = int(thumb.get_attribute("data-channel"))
    thumb.hover()
    expect(page.locator(".tip")).to_contain_text(f"conv2 · {channel}")
    expect(page.locator(".tip")).to_contain_text("fed most by pool1")
    small = thumb.bounding_box()["width"]
    page.get_by_role("button", name="Full screen").click()
    expect(page.get_by_role("button", name="Leave full screen")).to_be_visible()
    wait_until(lambda: thumb.bounding_box()["width"] > 1.3 * small)
    page.get_by_role("button", name="Leave full screen").click()
    expect(page.get_by_role("button", name="Full screen", exact=True)).to_be_visible()
    thumb.click()
    settled(page)
    assert (at(page)["depth"], at(page)["layer"], at(page)["channel"]) == ("unit", "conv2", str(channel))
    found = contributions(unit(model.network, record, "conv2", channel), top=4)
    rows = page.locator(".row[data-channel]")
    here = [abs(number(row.locator(".adds").inner_text())) for row in rows.all()]
    assert here == sorted(here, reverse=True)  # what contributes most to this very value comes first
    page.get_by_label("rank by this place").uncheck()
    assert [int(row.get_attribute("data-channel")) for row in rows.all()] == found.channels.tolist()
    strengths = [float(row.get_attribute("data-strength")) for row in rows.all()]
    np.testing.assert_allclose(strengths, found.strengths, rtol=1e-4)
    expect(page.get_by_text("and 60 others")).to_be_visible()

    canvas = page.locator("canvas.out")
    canvas.click(position=over(canvas, 7, 9, 27))
    settled(page)
    assert (at(page)["depth"], at(page)["y"], at(page)["x"]) == ("value", "7", "9")
    torchs = float(record.outputs["conv2"][channel, 7, 9])
    one = value(unit(model.network, record, "conv2", channel), walk(model.info.spec)[3], 7, 9)
    rounding = 1e-6 * (np.abs(one.terms).sum() + 1)
    for line in (".total td", ".torch td"):
        assert abs(number(page.locator(f".sum-table {line}").inner_text().split()[0]) - torchs) < rounding
    parts = [number(text) for text in page.locator(".sum-table tbody tr:not([hidden]) .bars + td").all_inner_texts()]
    parts += [number(page.locator(f".sum-table .{line} td").inner_text()) for line in ("others", "bias")]
    assert abs(sum(parts) - torchs) < 0.002 * sum(map(abs, parts))  # the list shows three digits
    page.locator(".every summary").click()
    page.get_by_role("button", name="Show all").click()
    terms = page.locator(".every .term").evaluate_all("all => all.map(one => Number(one.dataset.term))")
    assert len(terms) == one.terms.size == 1600
    assert abs(sum(terms) + one.bias - torchs) < rounding
    np.testing.assert_allclose(sorted(terms), np.sort(one.terms.ravel()), rtol=1e-12)

    page.sent.clear()  # from here on the mouse moves, and the server hears nothing
    for x in range(20):
        canvas.hover(position=over(canvas, 11, x, 27))
    expect(page.locator("figure", has=canvas)).to_contain_text("row 11, column 19")
    shown = number(page.locator("figure", has=canvas).locator(".reading").inner_text().split(": ")[1])
    assert shown == pytest.approx(record.outputs["conv2"][channel, 11, 19], rel=1e-3)
    assert not page.sent

    page.keyboard.press("Escape")
    settled(page)
    assert at(page)["depth"] == "unit"
    page.keyboard.press("Escape")
    settled(page)
    assert at(page)["depth"] == "overview"
    expect(page.locator(".board")).to_be_visible()
    assert not page.complaints


def test_by_keyboard_alone_and_nothing_runs_on(server, open_page):
    _, _, record = seen()
    page = opened(open_page, server, "rows=3")
    page.locator('.thumb[tabindex="0"]').focus()
    for key in ("ArrowRight",) * 6 + ("ArrowDown", "Enter"):  # conv1 relu1 pool1 conv2 relu2 pool2 conv3
        page.keyboard.press(key)
    settled(page)
    assert (at(page)["depth"], at(page)["layer"]) == ("unit", "conv3")
    channel = int(at(page)["channel"])
    expect(page.locator("canvas.out")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    settled(page)
    assert [at(page)[key] for key in ("depth", "y", "x")] == ["value", "0", "1"]
    page.keyboard.press("ArrowDown")
    settled(page)
    assert [at(page)[key] for key in ("y", "x")] == ["1", "1"]
    said = page.locator(".network .announcement")
    expect(said).to_contain_text("row 1, column 1")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert running(page) == 1
    expect(page.locator("figure:has(canvas.out)")).not_to_contain_text("row 1, column 1:")
    page.keyboard.press("Space")
    settled(page)
    assert running(page) == 0
    y, x = int(at(page)["y"]), int(at(page)["x"])
    assert (y, x) > (1, 1)  # where it was paused is where the address leads
    total = number(page.locator(".sum-table .total td").inner_text())
    assert total == pytest.approx(record.outputs["conv3"][channel, y, x], rel=1e-4, abs=1e-6)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert running(page) == 1
    page.keyboard.press("Escape")  # closing the view ends what runs in it
    settled(page)
    assert running(page) == 0
    page.keyboard.press("Escape")
    settled(page)
    assert at(page)["depth"] == "overview"
    page.get_by_role("link", name="Classify").click()
    settled(page)
    assert running(page) == 0
    assert not page.complaints


def test_a_view_that_closes_releases_what_it_observed(server, open_page):
    page = opened(open_page, server, "rows=3&depth=value&layer=conv3&channel=5&y=4&x=5", before=COUNT_HELD)
    held = "[window.observers.size, window.listeners.map((held) => held.type).sort()]"
    shell = ["fullscreenchange", "keydown", "paste"]  # of large type and of the strip of photos, on every page
    for depth in ("value", "unit", "overview"):
        expect(page.locator(".network")).to_have_attribute("data-depth", depth)
        settled(page)
        assert page.evaluate(held) == [2, shell], depth  # the room around the view, and the view's own
        page.locator(".network").press("Escape")
    page.get_by_role("link", name="Classify").click()
    settled(page)
    expect(page.locator(".network")).to_have_count(0)
    assert page.evaluate(held) == [0, shell]


def test_by_finger_and_without_motion(server, open_page):
    _, _, record = seen()
    page = opened(open_page, server, "rows=3", has_touch=True, reduced_motion="reduce")
    page.locator('.thumb[data-layer="conv4"]').nth(1).tap()
    settled(page)
    assert (at(page)["depth"], at(page)["layer"]) == ("unit", "conv4")
    channel = int(at(page)["channel"])
    canvas = page.locator("canvas.out")
    canvas.tap(position=over(canvas, 4, 8, 13))
    settled(page)
    assert [at(page)[key] for key in ("depth", "y", "x")] == ["value", "4", "8"]
    place = page.locator("figure", has=canvas).locator(".reading")
    page.wait_for_timeout(1500)
    assert running(page) == 0  # nothing plays unless it is asked to
    expect(place).to_contain_text("row 4, column 8:")
    page.get_by_role("button", name="Play", exact=False).tap()
    delays = "[...window.timers.values()].filter(delay => [350, 1200].includes(delay))"
    assert page.evaluate(delays) == [1200]  # slow steps in place of a film
    expect(place).to_contain_text("row 4, column 9:")
    page.get_by_role("button", name="Pause").tap()
    settled(page)
    assert running(page) == 0
    total = number(page.locator(".sum-table .total td").inner_text())
    y, x = int(at(page)["y"]), int(at(page)["x"])
    assert total == pytest.approx(record.outputs["conv4"][channel, y, x], rel=1e-4, abs=1e-6)
    zoom = page.locator("canvas.zoom")
    zoom.tap(position=over(zoom, 2, 2, 5))
    expect(page.locator("figure", has=zoom).locator(".reading")).to_contain_text("×")
    assert not page.complaints


@pytest.mark.parametrize("layer", ["fc6", "fc8", "softmax"])
def test_the_voices_of_a_unit_add_up_and_lead_on(server, open_page, layer):
    model, _, record = seen()
    page = opened(open_page, server, f"rows=6&depth=unit&layer={layer}&channel=17")
    one = unit(model.network, record, layer, 17)
    terms = (
        value(one, walk(model.info.spec)[-1]).terms if layer == "softmax" else one.inputs.astype(float) * one.weights
    )
    sums = terms.reshape(256, -1).sum(axis=1) if layer == "fc6" else terms
    rows = page.locator(".row[data-channel]")
    channels = [int(row.get_attribute("data-channel")) for row in rows.all()]
    np.testing.assert_allclose([float(r.get_attribute("data-adds")) for r in rows.all()], sums[channels], rtol=1e-5)
    order = np.argsort(-sums, kind="stable")
    assert channels[:3] == order[:3].tolist()
    if layer != "softmax":
        assert channels[3:] == order[::-1][:3].tolist()  # and the strongest against it
        shown = number(page.locator("p.total").inner_text())
        assert shown == pytest.approx(record.outputs[layer][17], rel=1e-3, abs=1e-6)
    assert page.locator("canvas.places").count() == (layer == "fc6")  # on the photo, where there are places
    rows.first.locator("button").click()
    settled(page)
    below = {"fc6": "avgpool", "fc8": "fc7", "softmax": "fc8"}[layer]
    assert (at(page)["depth"], at(page)["layer"], int(at(page)["channel"])) == ("unit", below, channels[0])
    page.keyboard.press("Escape")
    settled(page)
    page.get_by_role("button", name="Every term").click()
    settled(page)
    assert at(page)["depth"] == "value"
    expect(page.locator(".path .cards li").last).to_contain_text("photo")
    assert not page.complaints


def test_the_playground_slides_by_keys_and_by_itself_and_numbers_can_be_typed(server, open_page):
    page = opened(open_page, server, "rows=3")
    go(page, "/playground?n=3&k=2&cells=1,2,3,4,5,6,7,8,9&weights_typed=1,0,0,-1")
    formula = page.locator(".formula")
    expect(formula).to_contain_text("1·1 + 2·0 + 4·0 + 5·(−1) = −4")
    page.locator(".out .cells").focus()
    page.keyboard.press("ArrowDown")
    expect(formula).to_contain_text("4·1 + 5·0 + 7·0 + 8·(−1) = −4 (PyTorch says the same)")
    page.get_by_role("textbox", name="input, row 2, column 1").fill("2.5")
    page.keyboard.press("Enter")
    settled(page)
    expect(formula).to_contain_text("4·1 + 5·0 + 7·0 + 2.5·(−1) = 1.5 (PyTorch says the same)")
    page.wait_for_url(lambda url: "4,5,6,7,2.5,9" in url.replace("%2C", ","))
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator(".where")).to_contain_text("window 4 of 4")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()  # at the end it stops by itself
    assert running(page) == 0
    page.get_by_role("button", name="Play", exact=True).click()
    assert running(page) == 1
    page.get_by_role("link", name="Classify").click()
    settled(page)
    assert running(page) == 0
    assert not page.complaints


@pytest.mark.parametrize("depth", ["overview", "value"])
def test_a_phone_holds_it_and_every_picture_has_a_text(server, open_page, depth):
    page = opened(open_page, server, f"depth={depth}&layer=conv3", width=390, height=844, scheme="dark")
    expect(page.locator(".network .trail")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    bare = page.locator(".network canvas:not([aria-hidden])").evaluate_all(
        "all => all.filter(one => !one.closest('[aria-label]') && !one.closest('button')?.textContent).length"
    )
    assert bare == 0
    unnamed = page.locator(".network button:visible").evaluate_all(
        "all => all.filter(one => !one.ariaLabel && !one.textContent.trim()).length"
    )
    assert unnamed == 0
    assert not page.complaints


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_browser_takes_every_layer_apart_as_pytorch_computed_it(module_page, variant):
    """The component's own arithmetic on seeded places of every layer, without the app around it."""
    model, inputs, record = seen(variant)
    rng = np.random.default_rng(3)
    page = module_page()
    chain = walk(model.info.spec)
    for step in chain:
        layer = step.layer.name
        one = unit(model.network, record, layer, int(rng.integers(step.output[0])))
        scene = unit_scene(one, inputs, model.info.categories, ("pool5", 6), (0, 32))
        side = step.output[-1] if len(step.output) == 3 else 1
        places = [(0, 0), (side - 1, side - 1), *(tuple(map(int, rng.integers(side, size=2))) for _ in range(3))]
        found = page.evaluate(
            """async ([index, block, places]) => {
                const { readUnit, takeApart } = await import("./network_view/arithmetic.js");
                const { reader } = await import("./network_view/scene.js");
                const bytes = Uint8Array.from(atob(block), (one) => one.charCodeAt(0));
                const unit = readUnit({ ...index, read: reader(bytes) });
                return places.map(([y, x]) => {
                    const { total, pytorch, terms } = takeApart(unit, y, x);
                    return { total, pytorch, terms: terms.length, size: terms.reduce((a, b) => a + Math.abs(b), 0) };
                });
            }""",
            [scene.index, base64.b64encode(scene.block.tobytes()).decode(), places],
        )
        for (y, x), told in zip(places, found, strict=True):
            computed = output(record, layer)[one.channel]
            torchs = float(computed[y, x] if computed.ndim else computed)
            mine = value(one, step, y, x)
            assert told["pytorch"] == torchs
            assert told["terms"] == mine.terms.size
            rounding = (
                1e-6 * (told["size"] + abs(one.bias)) if step.layer.kind in ("conv", "fc") else 3e-6 * abs(torchs)
            )
            assert abs(told["total"] - torchs) <= rounding, (layer, y, x)
            assert told["total"] == pytest.approx(mine.total, rel=1e-5, abs=1e-7)


def test_space_plays_also_right_after_full_screen_was_clicked_and_pictures_grow(server, open_page):
    page = opened(open_page, server, "depth=value&layer=conv3&channel=5&y=4&x=5")
    zoom = page.locator("canvas.zoom")
    before = zoom.bounding_box()["width"]
    page.get_by_role("button", name="Full screen", exact=True).click()
    expect(page.get_by_role("button", name="Leave full screen")).to_be_visible()
    expect(page.locator("canvas.out")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("button", name="Leave full screen")).to_be_visible()  # Space was not the button's
    page.keyboard.press("Space")
    width = "canvas => canvas.getBoundingClientRect().width"
    wait_until(lambda: zoom.evaluate(width) > 1.15 * before, pause=0.1)
    assert not page.complaints


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_the_numbers_of_a_window_can_be_read_without_asking(server, open_page, width, height):
    page = opened(open_page, server, "depth=value&layer=conv2", width=width, height=height)
    for layer in ("conv2", "conv5", "pool2", "relu3"):
        go(page, f"/network?weights=random&photo=coffee&depth=value&layer={layer}")
        expect(page.locator(".path .cards")).to_contain_text(layer)
        assert float(page.locator("canvas.zoom").get_attribute("data-type")) >= 9, layer


CUT_TEXTS = """row => [...row.querySelectorAll("*")]
    .filter((one) => one.clientWidth && one.textContent.trim() && getComputedStyle(one).overflowX !== "visible")
    .filter((one) => one.scrollWidth > one.clientWidth + 1)
    .map((one) => one.textContent)"""


@pytest.mark.parametrize("width", [1024, 1280])
def test_no_drawing_or_label_is_cut(server, open_page, width):
    page = opened(open_page, server, "", width=width, height=768)
    scroller = page.locator(".network .scroller")
    assert scroller.evaluate("element => element.scrollWidth - element.clientWidth") <= 0
    upright = "all => all.filter(one => getComputedStyle(one).writingMode !== 'horizontal-tb').length"
    assert page.locator(".network .board *").evaluate_all(upright) == 0
    for scale in ("unit", "network"):  # the longest titles of this choice
        go(page, f"/network?weights=random&photo=coffee&range={scale}")
        assert not page.locator(".st-key-choices").evaluate(CUT_TEXTS), scale
    go(page, "/architecture?weights=bundled")
    assert page.locator(".drawing").evaluate("element => element.scrollWidth - element.clientWidth") <= 0
    assert not page.complaints


def test_a_softmax_is_its_classes_by_name(server, open_page):
    _, _, record = seen()
    page = opened(open_page, server, "depth=layer&layer=softmax")
    probabilities = output(record, "softmax")
    order = np.argsort(-probabilities, kind="stable")
    buttons = page.locator(".classes button")
    assert [int(one) for one in buttons.evaluate_all("all => all.map(one => one.dataset.channel)")] == order[
        :24
    ].tolist()
    expect(page.locator(".network .others")).to_contain_text(f"{len(order) - 24:,} other classes")
    buttons.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    settled(page)
    assert (at(page)["depth"], int(at(page)["channel"])) == ("unit", order[1])
    assert not page.complaints


@pytest.mark.parametrize("name", ["network", "activations", "filters"])
def test_maps_are_true_cells_until_smooth_ones_are_asked_for(server, open_page, name):
    page = open_page(f"{server.address}/{name}?layer=conv5")
    expect(page.get_by_text("true cells")).to_be_visible()
    page.get_by_test_id("stCheckbox").filter(has_text="Smooth maps").locator("label").click()
    expect(page.get_by_text("smoothed between")).to_be_visible()
    page.wait_for_url("**smooth=True**")
