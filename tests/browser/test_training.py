"""A run in the browser from Start to the use of its weights."""

import re
import time

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from alexnet_viz.training import launcher, runs
from alexnet_viz.training.recipe import preset
from alexnet_viz.training.snapshots import snapshot_steps, write_photo
from alexnet_viz.training.textures import CLASS_NAMES
from tests.browser.conftest import settled
from tests.browser.visitor import BARS
from tests.kept_weights import keep
from tests.waiting import PATIENCE

pytestmark = pytest.mark.browser
CURVE = ".chart .curve:not(.faint)"  # of the loss, the first there is


@pytest.fixture
def runs_there(own_server):
    """The server's folder of runs; whatever was started in it is ended."""
    folder = own_server.log.parent / "runs"
    yield folder
    for run in runs.list_runs(folder):
        launcher.kill(run.path)


def set_number(page, label, value):
    box = page.get_by_label(label, exact=True)
    box.fill(str(value))
    box.press("Enter")
    settled(page)


def grown(page, points):
    """Wait until the training curve has so many points; how many there are."""
    line = page.locator(CURVE).first
    expect(line).to_be_attached(timeout=1000 * PATIENCE)
    end = time.monotonic() + PATIENCE
    while (found := line.get_attribute("d").count("L") + 1) < points:
        assert time.monotonic() < end, f"the curve stays at {found} points"
        page.wait_for_timeout(300)
    return found


def test_a_run_is_launched_watched_stopped_resumed_and_used(own_server, open_page, runs_there):
    page = open_page(f"{own_server.address}/train?weights=random")
    expect(page.get_by_text("No runs yet")).to_be_visible()
    page.get_by_text("Settings", exact=True).click()
    set_number(page, "Number of classes", 4)
    set_number(page, "Input side (pixels)", 64)
    set_number(page, "Width of fc6 and fc7", 64)
    page.get_by_role("tab", name="Optimisation").click()
    set_number(page, "Epochs", 40)
    page.get_by_text("Settings", exact=True).click()
    expect(page.get_by_text("4 settings changed")).to_be_visible()
    page.get_by_role("button", name="Start", exact=True).click()

    first = grown(page, 2)
    # The form has folded: both curves and the filters are whole on the first screen of an old projector.
    for part in (*page.locator(".chart svg").all()[:2], page.locator(".film .filters")):
        box = part.bounding_box()
        assert box["y"] > 0
        assert box["y"] + box["height"] <= 720
    page.locator(".chart figcaption").first.evaluate("caption => { caption.style.height = '130px' }")
    first_axis, second_axis = (svg.bounding_box()["y"] for svg in page.locator(".chart svg").all()[:2])
    assert first_axis == second_axis  # a legend of more lines than the other leaves the axes level
    page.locator(".chart figcaption").first.evaluate("caption => { caption.style.height = '' }")
    chart = page.locator(".chart svg").first
    chart.evaluate("svg => { svg.mine = true }")
    assert grown(page, first + 2) > first
    assert chart.evaluate("svg => svg.mine")  # it grew in place: nothing flickers
    expect(page.get_by_text("images/s ·").or_(page.get_by_text("images/s")).first).to_be_visible()
    slider, step = page.locator(".film .slider"), page.locator(".film .step")
    slider.press("Home")
    expect(step).to_have_text("step 0")
    slider.press("ArrowRight")
    expect(step).not_to_have_text("step 0")
    slider.press("Home")
    page.get_by_role("button", name="Play the film of learning").click()
    expect(step).not_to_have_text("step 0")

    page.reload()
    settled(page)
    before = grown(page, first + 2)
    expect(page.locator(".film .top li").first).to_be_visible()
    # The newest came, the others when asked for.
    assert not page.locator(".film").evaluate("film => film.getRootNode().film.frames[0]")
    slider.press("Home")
    for _ in range(100):
        if there := page.locator(".film").evaluate("film => [0, 1].every((i) => film.getRootNode().film.frames[i])"):
            break
        page.wait_for_timeout(300)
    assert there

    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Yes, stop it").click()
    expect(page.get_by_text("stopped ·")).to_be_visible(timeout=1000 * PATIENCE)
    (run,) = runs.list_runs(runs_there)
    assert run.state == "stopped"
    last = len(snapshot_steps(run.path)) - 1
    expect(slider).to_have_attribute("max", str(last))  # the last picture too, after which nothing is asked
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.locator(".run .detail").get_by_text("running")).to_be_visible(timeout=1000 * PATIENCE)
    grown(page, before + 1)
    assert runs.read_run(run.path).status.attempt == 2

    page.route("**/feed/**", lambda route: route.fulfill(status=404))
    seen = grown(page, 1)
    assert grown(page, seen + 2) > seen  # where this door is shut the page runs anew
    page.unroute("**/feed/**")
    page.set_viewport_size({"width": 390, "height": 844})
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 720})

    page.get_by_role("button", name="Use it", exact=True).click()
    page.get_by_test_id("stPopoverBody").get_by_role("link", name="Classify").click()
    settled(page)
    expect(page.get_by_role("heading", name="What does AlexNet see?")).to_be_visible()
    assert run.id in page.url
    bars = page.locator(BARS)
    expect(bars).to_have_count(4)
    assert {bar.locator("span").first.text_content() for bar in bars.all()} == set(CLASS_NAMES[:4])


def test_a_run_that_was_deleted_in_another_tab_says_so_and_no_other_takes_its_place(own_server, open_page, runs_there):
    for name in ("other", "mine"):
        path = runs.create_run(preset("quick"), runs_there, name)
        for step in range(1, 6):
            measures = {"loss": 1 / step, "top1": step / 5, "top5": 1.0}
            runs.append_metrics(path, {"split": "val", "step": step, "epoch": step - 1, "attempt": 1, **measures})
        runs.write_status(path, runs.Status("stopped", step=5, steps=9, attempt=1))
    (runs_there / "other" / "config.json").write_text("{")
    page, another = (open_page(f"{own_server.address}/train?weights=random&run=mine") for _ in range(2))
    expect(page.locator(".chart svg")).not_to_have_count(0)
    charts = page.locator(".chart svg").count()
    another.get_by_role("button", name="Files", exact=True).click()
    another.get_by_text("Delete this run for good").click()
    another.get_by_role("button", name="Delete", exact=True).click()
    expect(another.get_by_role("button", name="Delete", exact=True)).to_have_count(0)
    another.goto(f"{own_server.address}/train?weights=random&run=other")
    expect(another.get_by_text("The run other cannot be read: config.json is no valid JSON")).to_be_visible()
    page.get_by_role("button", name="Resume", exact=True).click()
    gone = "The run mine is gone: it was deleted, or its folder was moved."
    expect(page.get_by_text(gone, exact=True)).to_be_visible()
    expect(page.get_by_text("What you see of it is what this page read last.")).to_be_visible()
    expect(page.locator(".chart svg")).to_have_count(charts)
    assert "run=mine" in page.url


def test_one_slider_moves_all_pictures_through_the_training_and_plays(own_server, open_page, runs_there):
    path = runs.create_run(preset("quick").changed(input_size=64, fc_width=16), runs_there, "along")
    runs.write_class_names(path, CLASS_NAMES)
    runs.write_status(path, runs.Status("finished", step=100, steps=100))
    write_photo(path, np.full((64, 64, 3), 90, np.uint8), 3)
    keep(path, 0, 30, 100)
    page = open_page(f"{own_server.address}/train?weights=random&run=along&along=True&layer=conv1&channel=5")
    slider = page.get_by_role("slider", name="Step of the training")
    expect(slider).to_have_attribute("aria-valuetext", "step 100, moment 3 of 3")
    pictures = {title: page.locator(f".scrubber figure:has-text('{title}') img") for title in ("Filter", "Map", "Grad")}
    last = {title: picture.get_attribute("src") for title, picture in pictures.items()}
    slider.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "step 30, moment 2 of 3")
    for title, picture in pictures.items():
        assert picture.get_attribute("src") != last[title]
        expect(picture).to_have_attribute("alt", re.compile("after step 30$"))
    expect(page.locator(".scrubber .top li")).to_have_count(5)
    page.get_by_role("button", name="Play the training").click()
    expect(slider).to_have_attribute("aria-valuetext", "step 100, moment 3 of 3")
    expect(page.get_by_role("button", name="Play the training")).to_be_visible()  # at its end it stands still
    with page.expect_download() as download:
        page.get_by_role("button", name="GIF").click()
    with Image.open(download.value.path()) as played:
        assert (played.format, played.n_frames) == ("GIF", 3)
    page.get_by_text("Optimised pictures", exact=True).click()
    page.wait_for_url(re.compile("along_images=True"))
    made = page.locator(".scrubber figure:has-text('Optimised') img")
    expect(made).to_have_attribute("alt", "A picture that drives conv1, channel 5 up, after step 100")
