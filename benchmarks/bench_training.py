"""Training against the plain loop as textbooks print it, against its own synthetic rate, and what watching costs.

The plain loop: fp32, contiguous, a DataLoader that decodes JPEG files at each use, torchvision's AlexNet, batch 32.
Each contestant is a process of its own, as it would be, and they take turns. Give ``watching`` as an argument to
measure what a run's page costs the server with real browsers on it, ``quick`` to measure how long the preset ``quick``
needs to 90 % on the textures; with either, only that.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import torch
import torch.nn.functional as F
import torchvision
from PIL import Image
from playwright.sync_api import sync_playwright
from torchvision.transforms import v2

from alexnet_viz.images.samples import SAMPLES
from alexnet_viz.network.device import pick
from alexnet_viz.training import data, runs
from alexnet_viz.training.distributed import ProcessGroup
from alexnet_viz.training.launcher import kill, start
from alexnet_viz.training.loader import train_loader
from alexnet_viz.training.loop import train_step
from alexnet_viz.training.monitor import Monitor
from alexnet_viz.training.process_tuning import keep_freed_memory, set_passive_waiting
from alexnet_viz.training.recipe import preset
from alexnet_viz.training.setup import set_up
from tests.browser.conftest import QUIET, Server

CLASSES, PHOTOS, SIZE = 10, 64, (500, 375)  # an ordinary ImageNet photo's size
STEPS = 6  # a measured stretch
ROUNDS = 9
WATCHERS = (0, 1) * 4
CHROMIUM = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None


def photo_folder(root: Path) -> Path:
    """Classes of JPEGs cut at random out of the sample photos."""
    draw = np.random.default_rng(0)
    samples = [Image.open(one.file).convert("RGB") for one in SAMPLES]
    for number in range(CLASSES * PHOTOS):
        image = samples[number % len(samples)]
        share = draw.uniform(0.5, 0.9)
        box = np.array([0, 0, image.width * share, image.height * share]) + np.tile(
            draw.uniform(0, 1 - share, 2) * image.size, 2
        )
        file = root / "train" / f"class-{number % CLASSES}" / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        image.resize(SIZE, box=tuple(box)).save(file, "JPEG", quality=90)
    for folder in (root / "train").iterdir():
        (root / "val" / folder.name).mkdir(parents=True)
        next(folder.iterdir()).rename(root / "val" / folder.name / "0.jpg")
    return root


def forever(make: Callable[[int], Iterator]) -> Iterator:
    epoch = 0
    while True:
        yield from make(epoch)
        epoch += 1


def plain_loop(root: Path, device: torch.device, *, synthetic: bool = False) -> Callable[[], None]:
    """A stretch of steps of the textbook's loop, or of its step on one batch given again and again."""
    transform = v2.Compose(
        [
            v2.Resize(256),
            v2.CenterCrop(224),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    photos = torchvision.datasets.ImageFolder(str(root / "train"), transform)
    loader = torch.utils.data.DataLoader(
        photos, 32, shuffle=True, drop_last=True, num_workers=os.cpu_count(), persistent_workers=True
    )
    network = torchvision.models.alexnet(num_classes=CLASSES).to(device)
    optimizer = torch.optim.SGD(network.parameters(), 0.01, 0.9)
    batches = forever(lambda _: iter(loader))
    if synthetic:
        batch = torch.randn(32, 3, 224, 224), torch.randint(CLASSES, (32,))
        batches = forever(lambda _: iter([batch]))

    def stretch() -> None:
        for _ in range(STEPS):
            x, labels = next(batches)
            loss = F.cross_entropy(network(x.to(device)), labels.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()

    return stretch


def engine(root: Path, device: torch.device, *, synthetic: bool) -> Callable[[], None]:
    """The same steps by the app's engine, over its cache of the same files or over one batch given again and again."""
    recipe = preset("textbook").changed(data=f"folder:{root}", snapshots=0)
    splits = data.load(recipe)
    path = runs.create_run(recipe, root / "runs")
    context, state = set_up(path, recipe, splits, ProcessGroup(), Monitor(path, writes=False), device)
    state.network.train()
    source = forever(partial(train_loader, context))
    if synthetic:
        batch = next(source)
        source = forever(lambda _: iter([batch]))

    def stretch() -> None:
        for _ in range(STEPS):
            x, labels = next(source)
            train_step(context, state, x, labels)
        state.metrics.synchronize()

    return stretch


WORKS = {
    "plain loop": plain_loop,
    "plain step, synthetic": partial(plain_loop, synthetic=True),
    "engine, JPEG files cached": partial(engine, synthetic=False),
    "engine, synthetic": partial(engine, synthetic=True),
}


def contestant(name: str, root: Path) -> None:
    """A process that works a stretch for each line on its standard input, and answers with seconds and peak memory."""
    if name.startswith("engine"):  # as the worker does
        set_passive_waiting()
        keep_freed_memory()
    device = torch.device(pick().name)
    work = WORKS[name](root, device)
    work()
    for _ in sys.stdin:
        begun, busy = time.perf_counter(), time.process_time()
        work()
        seconds, busy = time.perf_counter() - begun, time.process_time() - busy
        peak = torch.cuda.max_memory_allocated() if device.type == "cuda" else psutil.Process().memory_info().rss
        print(f"stretch {seconds} {busy} {peak}", flush=True)


def rates(root: Path, rounds: int = ROUNDS) -> dict[str, list[tuple[float, float]]]:
    """Photos a second, and a second of processor time, of each in turn: a drifting machine slows all alike."""
    command = [sys.executable, "-m", "benchmarks.bench_training", "contestant"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    processes = {name: subprocess.Popen([*command, name, str(root)], **pipes) for name in WORKS}

    def stretch(name: str) -> tuple[float, ...]:
        print(file=processes[name].stdin, flush=True)
        line = next(line for line in processes[name].stdout if line.startswith("stretch"))
        return tuple(map(float, line.split()[1:]))

    memory = {name: stretch(name)[2] / 2**30 for name in WORKS}  # nobody is measured while another one begins
    print("  memory, GiB: " + ", ".join(f"{name} {gib:.2f}" for name, gib in memory.items()))
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in WORKS}
    for turn in range(rounds):
        for name in list(WORKS)[:: 1 if turn % 2 else -1]:
            seconds, busy, _ = stretch(name)
            found[name].append((32 * STEPS / seconds, 32 * STEPS / busy))
    for process in processes.values():
        process.stdin.close()
        process.wait()
    return found


def spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def ratio(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> str:
    wall, busy = ([a[i] / b[i] for a, b in zip(one, other, strict=True)] for i in (0, 1))
    return f"{spread(wall)}, by processor time {statistics.median(busy):.2f}"


def watching(root: Path, seconds: float = 20.0) -> None:
    """The server's and the browser's processor time while 0, 1 and 10 pages watch a run, and what the run gets done."""
    server = Server(root)
    process = psutil.Process(server.process.pid)

    def spent() -> np.ndarray:
        browsers = [one for one in psutil.Process().children(recursive=True) if "chrom" in one.name()]
        return np.array([sum(sum(one.cpu_times()[:2]) for one in group) for group in ([process], browsers)])

    path = runs.create_run(preset("quick").changed(epochs=200, snapshots=200, sizes=((0, 96),)), root / "runs")
    start(path)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
            while runs.read_run(path).status.step < 20:
                time.sleep(0.5)
            pages, rates = [], []
            for watchers in (*WATCHERS, 10):
                while len(pages) > watchers:
                    pages.pop().close()
                while len(pages) < watchers:
                    pages.append(browser.new_page())
                    pages[-1].goto(f"{server.address}/train?weights=random")
                    pages[-1].locator(".film .top li").first.wait_for(timeout=120_000)
                time.sleep(5)
                step, busy, begun = runs.read_run(path).status.step, spent(), time.perf_counter()
                time.sleep(seconds)
                passed = time.perf_counter() - begun
                busy = (spent() - busy) / passed
                done = (runs.read_run(path).status.step - step) * 32 / passed
                print(
                    f"{watchers} watching: the server takes {1000 * busy[0]:.0f} ms of processor time a second, "
                    f"{busy[0] / os.cpu_count():.2%} of the machine, the browser {1000 * busy[1]:.0f} ms; "
                    f"the run {done:.0f} images/s",
                    flush=True,
                )
                rates.append(done)
            browser.close()
            pairs = zip(rates[:-1:2], rates[1:-1:2], strict=True)
            print(f"one page, browser and all, against none: {spread([one / none for none, one in pairs])}")
    finally:
        kill(path)
        server.end()


def quick(root: Path) -> None:
    """The preset ``quick`` on the textures, as the page starts it."""
    os.environ["ALEXNET_VIZ_RUNS"] = str(root / "quick")
    begun = time.time()
    subprocess.run([sys.executable, "-m", "alexnet_viz", "train", "--preset", "quick"], check=True, capture_output=True)
    run = runs.list_runs(root / "quick")[0]
    top1 = [f"{row['top1']:.1%}" for row in runs.read_metrics(run.path)[0] if row["split"] == "val"]
    print(f"quick on textures: top-1 {', '.join(top1)} after each epoch, {time.time() - begun:.0f} s in all")


def throughput(root: Path) -> None:
    photo_folder(root)
    os.environ["ALEXNET_VIZ_CACHE"] = str(root / "cache")
    print(f"{pick().title}; photos a second, torchvision's variant at 224, batch 32")
    found = rates(root)
    for name, values in found.items():
        wall, busy = zip(*values, strict=True)
        spread = f"{min(wall):.0f}–{max(wall):.0f}"
        print(f"  {name}: {statistics.median(wall):.0f} ({spread}); a core-second {statistics.median(busy):.1f}")
    plain, step, cached, synthetic = found.values()
    print(f"engine against the plain loop: {ratio(cached, plain)}")
    print(f"the step alone against the plain step: {ratio(synthetic, step)}")
    print(f"engine from JPEG files against its synthetic rate: {ratio(cached, synthetic)}")


def main() -> None:
    if sys.argv[1:2] == ["contestant"]:
        return contestant(sys.argv[2], Path(sys.argv[3]))
    with tempfile.TemporaryDirectory() as folder:
        chosen = [work for work in (watching, quick) if work.__name__ in sys.argv]
        for work in chosen or [throughput]:
            work(Path(folder))


if __name__ == "__main__":
    main()
