"""Training against the plain loop as textbooks print it, against its own synthetic rate, and what watching costs.

The plain loop: fp32, contiguous, a DataLoader that decodes JPEG files at each use, torchvision's AlexNet, batch 32.
Give ``quick`` as an argument to measure too how long the preset ``quick`` needs to 90 % on the textures.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import torch
import torch.nn.functional as F
import torchvision
from PIL import Image
from torchvision.transforms import v2

from alexnet_viz.images.samples import SAMPLES
from alexnet_viz.network.device import pick
from alexnet_viz.training import data, loop, runs
from alexnet_viz.training.launcher import ask_to_stop, start
from alexnet_viz.training.monitor import Monitor
from alexnet_viz.training.recipe import Recipe, preset
from alexnet_viz.training.schedule import order
from alexnet_viz.training.team import Team

CLASSES, PHOTOS, SIZE = 10, 64, (500, 375)  # an ordinary ImageNet photo's size
STEPS = 6  # a measured stretch
ROUNDS = 5


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


def plain_loop(root: Path, device: torch.device) -> Callable[[], None]:
    """A stretch of steps of the textbook's loop."""
    transform = v2.Compose([
        v2.Resize(256),
        v2.CenterCrop(224),
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ])  # fmt: skip
    photos = torchvision.datasets.ImageFolder(str(root / "train"), transform)
    loader = torch.utils.data.DataLoader(
        photos, 32, shuffle=True, drop_last=True, num_workers=os.cpu_count(), persistent_workers=True
    )
    network = torchvision.models.alexnet(num_classes=CLASSES).to(device)
    optimizer = torch.optim.SGD(network.parameters(), 0.01, 0.9)
    batches = forever(lambda _: iter(loader))

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
    training = loop._prepare(path, recipe, splits, Team(), Monitor(path, writes=False), device)
    training.network.train()

    def batches(epoch: int) -> Iterator:
        photos = order(recipe.seed, epoch, len(splits.train))
        shares = [photos[i : i + 32] for i in range(0, len(photos) - 31, 32)]
        return loop._ahead(lambda rows: loop._train_batch(training, rows, epoch), shares, recipe.workers)

    source = forever(batches)
    if synthetic:
        one = next(source)
        source = forever(lambda _: iter([one]))

    def stretch() -> None:
        for _ in range(STEPS):
            x, labels = next(source)
            loop._step(training, x, labels, measure=False)
        training.bad.item()  # waits for the device

    return stretch


def rates(works: dict[str, Callable[[], None]]) -> dict[str, list[float]]:
    """Photos a second of each, in turn, so that a drifting machine slows all alike."""
    for work in works.values():
        work()
    found: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(ROUNDS):
        for name, work in list(works.items())[:: 1 if turn % 2 else -1]:
            begun = time.perf_counter()
            work()
            found[name].append(32 * STEPS / (time.perf_counter() - begun))
    return found


def ratio(one: list[float], other: list[float]) -> str:
    pairs = sorted(a / b for a, b in zip(one, other, strict=True))
    return f"{statistics.median(pairs):.2f} ({pairs[0]:.2f}–{pairs[-1]:.2f})"


def watching(recipe: Recipe, root: Path, watchers: int = 10, seconds: float = 30.0) -> None:
    """The processor time that so many watchers take, who each read what is new once a second."""
    path = runs.create_run(recipe, root / "watched")
    start(path)
    while runs.read_run(path).status.step < 20:
        time.sleep(0.5)
    offsets, process = [0] * watchers, psutil.Process()
    before, begun = sum(process.cpu_times()[:2]), time.perf_counter()
    while time.perf_counter() - begun < seconds:
        for watcher in range(watchers):
            runs.read_run(path)
            _, offsets[watcher] = runs.read_metrics(path, offsets[watcher])
        time.sleep(1)
    spent = sum(process.cpu_times()[:2]) - before
    share = spent / (time.perf_counter() - begun) / os.cpu_count()
    print(f"{watchers} watchers reading the run directory each second: {share:.2%} of the machine's processor time")
    ask_to_stop(path)
    while runs.read_run(path).state not in runs.ENDED:
        time.sleep(0.5)


def quick(root: Path) -> None:
    """The preset ``quick`` on the textures, as the page starts it."""
    os.environ["ALEXNET_VIZ_RUNS"] = str(root / "quick")
    begun = time.time()
    subprocess.run([sys.executable, "-m", "alexnet_viz", "train", "--preset", "quick"], check=True, capture_output=True)
    run = runs.list_runs(root / "quick")[0]
    top1 = [f"{row['top1']:.1%}" for row in runs.read_metrics(run.path)[0] if row["split"] == "val"]
    print(f"quick on textures: top-1 {', '.join(top1)} after each epoch, {time.time() - begun:.0f} s in all")


def main() -> None:
    device = torch.device(pick().name)
    print(f"{pick().title}; photos a second, torchvision's variant at 224, batch 32")
    with tempfile.TemporaryDirectory() as folder:
        root = photo_folder(Path(folder))
        os.environ["ALEXNET_VIZ_CACHE"] = str(root / "cache")
        works = {
            "plain loop": plain_loop(root, device),
            "engine, JPEG files cached": engine(root, device, synthetic=False),
            "engine, synthetic": engine(root, device, synthetic=True),
        }
        found = rates(works)
        for name, values in found.items():
            print(f"  {name}: {statistics.median(values):.0f} ({min(values):.0f}–{max(values):.0f})")
        plain, cached, synthetic = found.values()
        print(f"engine against the plain loop: {ratio(cached, plain)}")
        print(f"engine from JPEG files against its synthetic rate: {ratio(cached, synthetic)}")
        if device.type == "cuda":
            print(f"peak memory: {torch.cuda.max_memory_allocated() / 2**30:.2f} GiB")
        watching(preset("quick").changed(epochs=30), root)
        if "quick" in sys.argv:
            quick(root)


if __name__ == "__main__":
    main()
