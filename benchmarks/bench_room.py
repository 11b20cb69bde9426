"""A room of visitors on one server: how long an action takes when many act, and what that costs the server.

Each visitor is a websocket that speaks Streamlit's own protocol and fetches the page's pictures, as a browser does;
they run beside the server on the same cores. In ``sliders`` each uploads a photo of its own and then moves a slider of
the classify page every ten seconds; in ``lecture`` they do what a class does on its own: another photo, a layer's maps,
why this class, a look at the run. They are the audience. ``--train`` lets a run on the textures go on beside them, and
its speed is told as a share of that of the minute before they come. The memory's growth is that from the middle third
of the time to the last.

    python -m benchmarks.bench_room [VISITORS ...] [--seconds 60] [--train] [--only lecture]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import torch

from alexnet_viz.images.samples import SAMPLES
from alexnet_viz.training import launcher
from benchmarks.visitor import Visitor
from tests.browser.conftest import Server
from tests.browser.visitor import photo

PAUSE = 10.0  # seconds between a visitor's actions
LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5")
Act = Callable[[Visitor, random.Random], Awaitable[None]]


async def move_slider(visitor: Visitor, chance: random.Random) -> None:
    await visitor.set("top", double_array_value=[chance.randint(1, 20)])


async def look_at_layer(visitor: Visitor, chance: random.Random) -> None:
    visitor.page, visitor.query = "activations", f"layer={chance.choice(LAYERS)}&photo={chance.choice(SAMPLES).key}"
    await visitor.run()


async def ask_why(visitor: Visitor, chance: random.Random) -> None:
    visitor.page, visitor.query = "attribution", f"photo={chance.choice(SAMPLES).key}"
    await visitor.run()


async def watch_run(visitor: Visitor, chance: random.Random) -> None:
    visitor.page, visitor.query = "train", ""
    await visitor.run()


async def choose_photo(visitor: Visitor, chance: random.Random) -> None:
    visitor.page, visitor.query = "classify", f"photo={chance.choice(SAMPLES).key}"
    await visitor.run()


ROOMS: dict[str, tuple[Act, ...]] = {
    "sliders": (move_slider,),
    "lecture": (choose_photo, look_at_layer, look_at_layer, ask_why, watch_run),
}


async def visit(
    visitor: Visitor, number: int, acts: tuple[Act, ...], end: float, taken: dict[str, list[float]]
) -> None:
    """Come, upload a photo, act until the end."""
    chance = random.Random(number)
    await asyncio.sleep(chance.uniform(0, PAUSE))
    async with visitor:
        await timed(taken["arrival"], visitor.run())
        await timed(taken["upload"], visitor.upload("uploads", f"{number}.jpg", photo(number, (640, 480))))
        while time.monotonic() < end:
            await asyncio.sleep(chance.uniform(0.5, 1.5) * PAUSE)
            await timed(taken["action"], chance.choice(acts)(visitor, chance))


async def timed(taken: list[float], work: Awaitable[None]) -> None:
    start = time.monotonic()
    await work
    taken.append(time.monotonic() - start)


class Training:
    """A run on the textures beside the server, in its folder of runs."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "alexnet_viz", "train", "--preset", "quick", "--id", "beside"]
        environment = os.environ | {"ALEXNET_VIZ_RUNS": str(folder)}
        self._run = folder / "beside"
        self._rows = self._run / "metrics.jsonl"
        self._process = subprocess.Popen(
            [*command, "--set", "epochs=500"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def rows(self) -> list[dict]:
        """What it noted of its training so far."""
        lines = self._rows.read_text().splitlines() if self._rows.exists() else []
        rows = [json.loads(line) for line in lines if line.endswith("}")]
        return [row for row in rows if row["split"] == "train"]

    def speed(self, since: int) -> float:
        """Photos a second, the median of the rows after the first so many."""
        speeds = [row["timing"]["images_per_second"] for row in self.rows()[since:]]
        return statistics.median(speeds) if speeds else float("nan")

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(60)
        launcher.end(self._run)  # its worker would go on


async def watch_memory(process: psutil.Process, sizes: list[tuple[float, float]]) -> None:
    """(seconds, MiB) of a process, each second until it is cancelled."""
    while True:
        sizes.append((time.monotonic(), process.memory_info().rss / 2**20))
        await asyncio.sleep(1)


def growth(sizes: list[tuple[float, float]]) -> float:
    """By what share the memory grew from the middle third's mean to the last third's."""
    third = len(sizes) // 3
    middle, last = (statistics.mean(size for _, size in part) for part in (sizes[third : 2 * third], sizes[-third:]))
    return last / middle - 1


async def fill(server: Server, visitors: int, acts: tuple[Act, ...], seconds: float, training: Training | None) -> str:
    """A row of the table: one room, from the first visitor to the last."""
    process = psutil.Process(server.process.pid)
    alone = 0.0
    if training:
        since = len(training.rows())
        await asyncio.sleep(60)
        alone = training.speed(since)
    begun = len(training.rows()) if training else 0
    sizes: list[tuple[float, float]] = []
    watching = asyncio.create_task(watch_memory(process, sizes))
    taken: dict[str, list[float]] = {"arrival": [], "upload": [], "action": []}
    start, busy = time.monotonic(), sum(process.cpu_times()[:2])
    end = start + PAUSE + seconds
    room = [Visitor(server.port, "classify") for _ in range(visitors)]
    outcomes = await asyncio.gather(
        *(visit(visitor, number, acts, end, taken) for number, visitor in enumerate(room)), return_exceptions=True
    )
    broken = sum(isinstance(outcome, BaseException) for outcome in outcomes)
    errors = sum(len(visitor.errors) for visitor in room)
    cells = [
        f"{statistics.median(times):.2f} / {percentile(times, 95):.2f}" if times else "–" for times in taken.values()
    ]
    runs = sum(map(len, taken.values()))
    cost = (sum(process.cpu_times()[:2]) - busy) / max(runs, 1) * 1000
    watching.cancel()
    memory = f"{max(size for _, size in sizes):.0f} ({growth(sizes):+.1%})"
    kept = f"{training.speed(begun) / alone:.2f} of {alone:.0f}" if training else "–"
    return f"{visitors} | {runs} | {' | '.join(cells)} | {broken}, {errors} | {cost:.0f} | {memory} | {kept}"


def percentile(values: list[float], share: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * share // 100)]


async def measure(server: Server, options: argparse.Namespace, training: Training | None) -> None:
    async with Visitor(server.port, "classify") as first:
        await first.run()
    await asyncio.sleep(15)  # what loads in the background is loaded
    for name in options.only or ROOMS:
        print(f"\n{name}, {options.seconds:.0f} s: median / 95th percentile in seconds\n")
        print(
            "| visitors | runs | arrival | upload | action | broken, errors | ms of processor time a run "
            "| MiB at most (growth) | photos/s of the training run |"
        )
        print("|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
        for visitors in options.visitors:
            print(f"| {await fill(server, visitors, ROOMS[name], options.seconds, training)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("visitors", nargs="*", type=int, default=[1, 10, 30, 100, 200])
    parser.add_argument("--seconds", type=float, default=60.0, help="for which each room acts")
    parser.add_argument("--train", action="store_true", help="beside a training run")
    parser.add_argument("--only", action="append", choices=ROOMS, help="one kind of room alone")
    options = parser.parse_args()
    print(f"{psutil.cpu_count()} cores, PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}")
    folder = Path(tempfile.mkdtemp())
    server = Server(folder, options=("--server.allowedHosts", "room.example"))
    training = Training(folder / "runs") if options.train else None
    try:
        asyncio.run(measure(server, options, training))
    finally:
        server.end()
        if training:
            training.end()


if __name__ == "__main__":
    main()
