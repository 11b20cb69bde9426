"""What looking inside costs: a lesion against the bare later layers, a layer's grid against one plain picture.

The grid: the activations page in a real browser, from the choice of another layer (its trace is cached) to the
picture on the screen. Beside it the very same page with a plain picture of the same size in the grid's place, and
with the simple way, one st.image a channel.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import torch
from playwright.sync_api import Page, sync_playwright

from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.images.samples import sample
from alexnet_viz.inspection.lesion import Lesion, lesioned
from alexnet_viz.inspection.model import get
from alexnet_viz.inspection.predictions import strongest
from alexnet_viz.inspection.trace import trace
from benchmarks.side_by_side import side_by_side
from tests.browser.conftest import HOME, QUIET, settled

STAND_IN = """
import os, runpy
import streamlit as st
from PIL import Image
from alexnet_viz.ui.activations import layer_maps

def plain(sheets, order, **rest):
    tiles, colours = sheets[0].tiles[order], sheets[0].scale
    picture = Image.new("RGB", (524, 384))
    for at, tile in enumerate(tiles):
        row, column = divmod(at, 19)
        picture.paste(Image.fromarray(colours[tile]).resize((24, 24), 0), (column * 27, row * 27))
    st.image(picture, width="stretch", alt=sheets[0].alt)
    return 0

def simple(sheets, order, **rest):
    columns = st.columns(16)
    for at, tile in enumerate(sheets[0].tiles[order]):
        last = at == len(order) - 1
        columns[at % 16].image(sheets[0].scale[tile], width="stretch", alt=sheets[0].alt if last else "a channel")
    return 0

layer_maps.tile_grid = {"grid": layer_maps.tile_grid, "plain": plain, "simple": simple}[os.environ["STAND_IN"]]
runpy.run_path("SHELL")
"""
APP = """
from pathlib import Path
from streamlit.starlette import App
from alexnet_viz.components import mount

app = App(Path("SHELL"), routes=[*mount.routes()])
"""
WATCH = """layer => new Promise(done => {
    let start;
    const wanted = `of ${layer} for`;
    addEventListener("keydown", () => { start = performance.now(); }, { capture: true, once: true });
    const look = () => {
        const canvas = document.querySelector(".grid canvas")?.getAttribute("aria-label")?.includes(wanted);
        const image = [...document.images].some(one => one.alt.includes(wanted) && one.complete && one.naturalWidth);
        const inside = [...document.querySelectorAll("[data-testid=stBidiComponentRegular], [data-testid^=stBidi]")]
            .some(one => one.shadowRoot?.querySelector(".grid canvas")?.getAttribute("aria-label")?.includes(wanted));
        if (start && (canvas || image || inside)) requestAnimationFrame(() => done(performance.now() - start));
        else requestAnimationFrame(look);
    };
    look();
})"""


def lesions() -> None:
    """The new top-5 after silencing channels, against the bare layers after that one."""
    model = get("random")
    before = trace(model, preprocess(decode(*sample("coffee")), model.info.preprocessing).tensor)
    layers = dict(model.network.named_children())
    names = list(layers)
    for name in ("conv1", "relu2", "conv5", "relu6"):
        cut = Lesion(name, (3, 7))
        rest = [layers[one] for one in names[names.index(name) + 1 :]]
        x = torch.from_numpy(before.outputs[name][None].copy())

        def ours(cut: Lesion = cut) -> object:
            return strongest(lesioned(model, before, cut).outputs["fc8"], model.info.categories, 5)

        @torch.inference_mode()
        def bare(rest: list = rest, x: torch.Tensor = x) -> object:
            y = x
            for layer in rest:
                y = layer(y)
            return y[0].topk(5).indices.tolist()

        side_by_side(f"top-5 after a lesion at {name}, against the bare later layers", ours, bare, rounds=40)


def serve(kind: str, folder: Path, port: int) -> subprocess.Popen:
    """The app with the grid, or with what stands in for it."""
    shell, script = folder / f"{kind}_shell.py", folder / f"{kind}.py"
    shell.write_text(STAND_IN.replace("SHELL", str(HOME / "alexnet_viz" / "ui" / "shell.py")))
    script.write_text(APP.replace("SHELL", str(shell)))
    own = {"STAND_IN": kind, "PYTHONPATH": str(HOME), "ALEXNET_VIZ_CACHE": str(folder), "TORCH_HOME": str(folder)}
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless", "true"]
    options = ["--server.port", str(port), "--server.address", "127.0.0.1"]
    return subprocess.Popen([*command, *options], cwd=HOME, env=os.environ | own, stdout=subprocess.DEVNULL)


def to_layer(page: Page, layer: str) -> float:
    """Milliseconds from choosing another layer (Enter) to its picture on the screen."""
    box = page.get_by_test_id("stMain").get_by_role("combobox").first
    box.click()
    box.fill(layer)
    page.get_by_role("option", name=layer, exact=True).wait_for()
    page.evaluate(f"window.found = ({WATCH})('{layer}'); null")
    box.press("Enter")
    found = page.evaluate("window.found")
    settled(page)
    return found


def grids(rounds: int = 12) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Milliseconds until conv5's maps stand, in turn: by the grid, a plain picture, one st.image a channel; bytes."""
    folder = Path(tempfile.mkdtemp())
    kinds = {"grid": 8731, "plain": 8732, "simple": 8733}
    servers = [serve(kind, folder, port) for kind, port in kinds.items()]
    try:
        with sync_playwright() as playwright:
            path = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None
            browser = playwright.chromium.launch(executable_path=path, args=QUIET.split())
            pages, sent = {}, {}
            for kind, port in kinds.items():
                for _ in range(300):
                    try:
                        urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
                        break
                    except OSError:
                        time.sleep(0.2)
                page = pages[kind] = browser.new_page(viewport={"width": 1280, "height": 720})
                page.set_default_timeout(120_000)

                def count(frame: bytes | str, kind: str = kind) -> None:
                    sent[kind] = sent.get(kind, 0) + len(frame)

                page.on("websocket", lambda socket, count=count: socket.on("framereceived", count))
                page.goto(f"http://127.0.0.1:{port}/activations?weights=random&photo=coffee&layer=relu5&channel=3")
                settled(page)
                page.wait_for_timeout(6000)
                for layer in ("conv5", "relu5"):
                    to_layer(page, layer)
            times: dict[str, list[float]] = {kind: [] for kind in kinds}
            for turn in range(rounds):
                for kind in kinds if turn % 2 else reversed(kinds):
                    page, sent[kind] = pages[kind], 0
                    times[kind].append(to_layer(page, "conv5"))
                    weight = sent[kind]
                    to_layer(page, "relu5")
                    sent[kind] = weight
            browser.close()
    finally:
        for server in servers:
            server.terminate()
            server.wait(20)
    return times, sent


def main() -> None:
    lesions()
    times, sent = grids()
    for kind in ("grid", "simple"):
        ratios = sorted(a / b for a, b in zip(times[kind], times["plain"], strict=True))
        print(
            f"conv5's 256 maps, {kind}: {statistics.median(times[kind]):.0f} ms, one plain picture "
            f"{statistics.median(times['plain']):.0f} ms, ratio {statistics.median(ratios):.2f} "
            f"({ratios[1]:.2f}–{ratios[-2]:.2f})"
        )
    print(
        "a rerun seen before (Streamlit keeps its messages in the browser) sends "
        + ", ".join(f"{kind} {sent[kind] / 1000:.0f} kB" for kind in times)
    )


if __name__ == "__main__":
    main()
