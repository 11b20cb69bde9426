"""Text of others shows as it is written, on every page: no markup of it works, and no other host is asked.

Each hostile name holds a marker of its own, such as q0z. Wherever a page has the marker, in its text or in a label for
screen readers, it must have the whole name.
"""

import io
import json
import re
from dataclasses import asdict
from urllib.parse import parse_qsl, urlencode, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from alexnet_viz.display import display_name
from alexnet_viz.network.files import save_weights
from alexnet_viz.network.variants import build
from alexnet_viz.training import runs
from alexnet_viz.training.answers import Answers, write_answers
from alexnet_viz.training.recipe import preset
from alexnet_viz.training.snapshots import Snapshot, write_photo, write_snapshot
from alexnet_viz.values import NetworkSpec, Preprocessing
from tests.browser.conftest import Server, settled
from tests.browser.visitor import BARS, choose, go
from tests.browser.written import MIXED, SHOWN

pytestmark = pytest.mark.browser

HOST = "http:&#47;&#47;192.0.2.1&#47;"  # as Markdown reads an address; a name of a file cannot hold slashes
CLASSES = (
    "__q0z__ *a* **b**",
    "$q1z^2$ $$x$$",
    "![q2z](//192.0.2.1)",
    "<b>q3z</b> &lt;i",
    "[q4z](//192.0.2.1)",
    ":red[q5z] :tada:",
    ":material/q6z:",
    "a -> q7z -- b >= c",
    "# q8z #1",
    "1. q9z | x",
    "`qaz` ~~b~~ &amp;",
    "www.qbz.org a@b.cd",
    "%{y} {qcz} \\*",
    "=qdz+1 :streamlit:",
)
PHOTOS = (f"![q0p]({HOST}p.png) $x^2$ <b>__i__ :tada: &lt;.jpg", "- q1p <img src=x onerror=alert(1)> | a -> b.jpg")
WEIGHTS = f"q0w __w__ <b>$x^2$ :material_home: ![]({HOST}w)"
FILE = "q1w __w__ <b>$x^2$ *a*.safetensors"
RUN = f"q0r #1 __r__ <b>$x^2$ :tada: 50% a?b ![]({HOST}r)"
SENTENCE = f"q1r: <b>bad</b> __file__ ![](http://192.0.2.1/r) $x^2$ in 'a -> b' {HOST}"
NOTE = "q2r: 3 photos such as __x__.jpg, <b>y</b> and :red[z]"
OTHERS = "q3r: [x](http://192.0.2.1/n) <b>my notes</b>"
NAMES = (*CLASSES, *PHOTOS, WEIGHTS, FILE, RUN, SENTENCE, NOTE, OTHERS)
SEEN = """() => {
  const texts = [], links = [];
  const walk = (root) => {
    const copy = document.createElement("div");
    copy.append(...[...root.childNodes].map((child) => child.cloneNode(true)));
    // Streamlit's uploader shortens a long name in its middle
    copy.querySelectorAll("script, style, noscript, [data-testid=stFileUploader]").forEach((e) => e.remove());
    texts.push(copy.textContent);
    for (const e of root.querySelectorAll("*")) {
      texts.push(...["title", "alt", "aria-label", "placeholder"].map((name) => e.getAttribute(name)));
      if (typeof e.value === "string") texts.push(e.value);
      if (e.matches("a, img, script, iframe")) links.push(e.getAttribute("href") ?? e.getAttribute("src") ?? "");
      if (e.shadowRoot) walk(e.shadowRoot);
    }
  };
  walk(document.body);
  return [texts.filter(Boolean), links, document.querySelectorAll(".katex").length];
}"""


def one_space(text):
    return re.sub(r"\s+", " ", text)


def check(page, *wanted):
    """All that the page shows of hostile names is as they are written; the ``wanted`` ones are there."""
    settled(page)
    texts, links, formulas = page.evaluate(SEEN)
    texts = [re.sub(r"/feed/\S+", "", one_space(text)) for text in texts]  # an address is escaped by other rules
    for name in NAMES:
        changed = [around for text in texts for around in _changed(text, one_space(name))]
        assert not changed, f"{name} is shown on {page.url} as {changed}"
    for name in wanted:
        assert any(one_space(name) in text for text in texts), f"{name} is missing on {page.url}"
    assert not [link for link in links if re.match(r"(?!data:|blob:|http://127\.)([a-z]+:|//)", link)]
    assert formulas == 0


def _changed(text, name):
    """Where a text has a name's marker, and not the name around it, whole or as far as an ellipsis."""
    marker = re.search("q[0-9a-z][zpwr]", name)[0]
    for place in re.finditer(marker, text):
        start = place.start() - name.index(marker)
        shown, cut, _ = text[max(0, start) : start + len(name)].partition("…")
        if not name.startswith(shown) or (shown != name and not cut):
            yield text[max(0, start - 20) : start + len(name) + 20]


def picture(seed):
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((320, 240)).save(buffer, "JPEG")
    return buffer.getvalue()


def a_checkpoint(path, title):
    spec = NetworkSpec("torchvision", num_classes=len(CLASSES), fc_width=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_weights(
        path,
        build(spec, 3).state_dict(),
        spec=spec,
        categories=CLASSES,
        preprocessing=Preprocessing(),
        title=title,
        source=title,
    )
    return path


def a_run(folder):
    """A run as a worker leaves it, named as no worker of ours names one."""
    made = runs.create_run(preset("quick"), folder, "plain")
    path = made.rename(folder / RUN)
    config = json.loads((path / "config.json").read_text())
    config["recipe"]["data"] = "folder:/home/q4r/![](http://192.0.2.1/d)/<b>"
    (path / "config.json").write_text(json.dumps(config | {"id": RUN}))
    timing = {"images_per_second": 100.0, "data_share": 0.1, "memory": 2**30}
    for step in (10, 20):
        row = {"step": step, "epoch": 0, "attempt": 1, "loss": 3.0, "top1": 0.2, "top5": 1.0}
        own = {"grad_norm": {"conv1": 0.1}, "dead": {"relu1": 0.25}, "learning_rate": 0.01, "timing": timing}
        runs.append_metrics(path, {"split": "train", **row, **own})
    runs.append_metrics(path, {"split": "val", **row})
    count, rng = len(CLASSES), np.random.default_rng(0)
    for step in (0, 20):
        maps = {"relu1": rng.random((16, 5, 5))}
        write_snapshot(path, Snapshot(step, rng.normal(size=(64, 3, 11, 11)), {}, maps, np.eye(count)[3]))
    write_photo(path, np.zeros((8, 8, 3), np.uint8), 3)
    label = np.arange(count)
    top5 = np.stack([(label + i + 1) % count for i in range(5)], 1)
    write_answers(
        path,
        Answers(20, label, label, np.full(count, 0.1), top5, top5 / count, label, np.zeros((count, 8, 8, 3), np.uint8)),
    )
    runs.write_class_names(path, CLASSES)
    runs.write_notes(path, OTHERS)
    status = runs.Status("failed", step=20, steps=100, best_top1=0.2, attempt=1, error=SENTENCE)
    runs.write_status(path, runs.Status(**asdict(status) | {"about": {"notes": [NOTE]}}))
    a_checkpoint(path / "checkpoints" / "step-20.safetensors", RUN)
    (path / "checkpoints" / "index.json").write_text(json.dumps({"last": ["step-20"], "best": "step-20"}))
    return path


def hover(page, chart, x=0.5, y=0.5):
    """The text that Plotly shows over a point of a chart, given in shares of its plot."""
    plot = chart.locator(".nsewdrag").first
    box = plot.bounding_box()
    plot.hover(position={"x": x * box["width"], "y": y * box["height"]}, force=True)
    expect(chart.locator(".hoverlayer text").first).to_be_visible()
    text = one_space(" ".join(chart.locator(".hoverlayer text").all_text_contents()))
    page.mouse.move(0, 0)
    return text


@pytest.fixture
def doors(tmp_path):
    server = Server(tmp_path, script="tests/browser/doors.py")
    yield server.address
    server.end()


INSIDE = """prefix => Object.fromEntries([...document.querySelectorAll(`[class*=st-key-${prefix}-]`)].map((e) => [
  [...e.classList].find((name) => name.startsWith(`st-key-${prefix}-`)).split("-").at(-1),
  [e.textContent, ...[...e.querySelectorAll("*")].flatMap((one) => [one.alt, one.value, one.placeholder])]]))"""
MARKUP = "em, del, code, img, .katex, blockquote, hr, h6, script, [role=img], [data-testid=stMarkdownPre], li li"


def test_every_door_shows_text_as_it_is_written(doors, open_page):
    page = open_page(doors, height=3000)
    toast = page.get_by_test_id("stToast")
    expect(toast).to_be_visible()
    settled(page)
    inside = page.evaluate(INSIDE, "text")
    for number, shown in enumerate(SHOWN):
        assert one_space(inside[str(number)][0]).count(shown) >= 5, (shown, inside[str(number)][0])
        texts = page.locator(f".st-key-text-{number}")
        assert texts.locator(MARKUP).count() == 0, shown
        assert texts.locator("a, strong").count() == 1, shown
    mixed = one_space(display_name(MIXED))
    for name, texts in page.evaluate(INSIDE, "door").items():
        assert any(mixed in one_space(text or "") for text in texts), (name, texts)
    assert mixed in one_space(toast.text_content())
    page.get_by_text("helped").locator("..").locator("..").get_by_role("button").hover()
    expect(page.get_by_test_id("stTooltipContent").get_by_text(SHOWN[0])).to_be_visible()
    assert mixed in one_space(page.get_by_test_id("stTooltipContent").text_content())


@pytest.fixture(scope="module")
def hostile(own_server):
    """(address of the app, path of the checkpoint): the server's folder holds a run and weights of hostile names."""
    folder = own_server.log.parent
    (folder / "runs").mkdir(exist_ok=True)
    a_run(folder / "runs")
    return own_server.address, a_checkpoint(folder / FILE, WEIGHTS)


def at(path, weights, **more):
    return f"{path}?{urlencode({'weights': weights, **more})}"


SEEING = (  # path, what its address asks for, the names that it must show
    ("/architecture", {"classes": len(CLASSES), "width": 8}, [WEIGHTS, PHOTOS[0]]),
    ("/network", {"depth": "overview", "beside": "photo"}, [CLASSES[0], *PHOTOS]),
    ("/network", {"depth": "overview", "beside": "weights"}, [CLASSES[0], FILE]),
    ("/network", {"depth": "layer", "layer": "fc8"}, [FILE]),
    ("/network", {"depth": "unit", "layer": "softmax", "channel": 3}, [CLASSES[3]]),
    ("/network", {"depth": "value", "layer": "softmax", "channel": 11, "beside": "none"}, [CLASSES[11]]),
    ("/filters", {"layer": "fc8", "channel": 4}, [CLASSES[4], WEIGHTS, RUN]),
    ("/activations", {"layer": "fc8", "channel": 5, "beside": "weights"}, [CLASSES[5], WEIGHTS]),
    ("/activations", {"layer": "softmax", "channel": 6, "beside": "photo"}, [CLASSES[6], *PHOTOS]),
    ("/activations", {"layer": "softmax", "predict": True, "beside": "none"}, []),
    ("/activations", {"layer": "conv2", "predict": False, "beside": "photo"}, [*PHOTOS]),
    ("/attribution", {"why_view": "map", "why_class": 1, "why_not": 2}, [*CLASSES[1:3], PHOTOS[0]]),
    ("/attribution", {"why_view": "map", "why_not": "none", "why_layer": "conv5"}, [CLASSES[1], WEIGHTS]),
    ("/attribution", {"why_view": "compare", "why_kind": "classes"}, [CLASSES[1]]),
    ("/attribution", {"why_kind": "photos", "why_method": "grad-cam"}, [*PHOTOS]),
    ("/attribution", {"why_kind": "weights"}, [WEIGHTS, RUN]),
    ("/attribution", {"why_view": "hand"}, [CLASSES[1], PHOTOS[0]]),
    ("/attribution", {"why_view": "test", "why_steps": 8, "why_tested": "saliency"}, [CLASSES[1], PHOTOS[0]]),
    ("/playground", {}, [*PHOTOS]),
)


def test_hostile_names_on_every_page(hostile, open_page):
    address, weights = hostile
    page = open_page(f"{address}{at('/classify', weights, top=len(CLASSES), several=True)}")
    with page.expect_file_chooser() as chooser:
        page.get_by_test_id("stFileUploaderDropzone").first.locator("button").click()
    files = [{"name": name, "mimeType": "image/jpeg", "buffer": picture(i)} for i, name in enumerate(PHOTOS)]
    chooser.value.set_files(files)
    expect(page.get_by_text("320 × 240 pixels. The network sees")).to_be_visible()
    check(page, *CLASSES, *PHOTOS, WEIGHTS, FILE)
    assert page.locator(f"{BARS} > div > span").first.text_content() in CLASSES
    asked = dict(parse_qsl(urlsplit(page.url).query)) | {"beside_weights": f"run:{RUN}"}
    for path, query, wanted in SEEING:
        asked |= query
        go(page, at(path, **asked))
        check(page, *wanted)


def test_a_hostile_run_on_the_training_page(hostile, open_page):
    address, _ = hostile
    page = open_page(f"{address}/train?{urlencode({'run': RUN, 'weights': 'random'})}")
    charts = page.locator(".js-plotly-plot")
    expect(charts).to_have_count(2)
    expect(charts.first.locator(".annotation text").first).to_be_visible()
    page.get_by_role("button", name="Files").click()
    expect(page.get_by_role("textbox", name="Notes")).to_have_value(OTHERS)
    check(page, *CLASSES, RUN, SENTENCE, NOTE, OTHERS)
    page.keyboard.press("Escape")
    told = hover(page, charts.nth(0), 0.5 / len(CLASSES), 0.5 / len(CLASSES))
    assert "of the class" in told
    assert any(one_space(name) in told for name in CLASSES), told
    page.get_by_text("Start a new run").click()
    settled(page)  # a list that opens while the form still unfolds is closed by it
    choose(page, "Data", "A folder or zip of photos")
    place = f"/nosuch/q5r/![]({HOST}e)/<b>__x__ $x^2$"
    where = page.get_by_role("textbox", name="Where", exact=True)
    where.fill(place)
    where.press("Enter")
    expect(page.get_by_test_id("stAlert").filter(has_text=place)).to_be_visible()
    check(page)


def test_sentences_quote_what_a_link_says(server, open_page):
    page = open_page(f"{server.address}/classify?weights=random")
    for path, asked in (
        ("/classify", {"weights": "/nosuch/![](http:&#47;&#47;192.0.2.1)/<b>__x__ $x^2$ :tada:.pth"}),
        ("/classify", {"weights": "run:![](http:&#47;&#47;192.0.2.1) *x* a -> b"}),
        ("/attribution", {"why_class": "![x](http://192.0.2.1/c) <b>1</b> www.a.bc"}),
        ("/activations", {"beside": "lesion", "lesion_channels": "![x](http://192.0.2.1/l)"}),
    ):
        key = list(asked)[-1]
        go(page, f"{path}?{urlencode({'weights': 'random'} | asked)}")
        quoted = asked[key].removeprefix("run:")
        expect(page.get_by_test_id("stAlert").filter(has_text=quoted)).to_be_visible()
        check(page)
