"""A room of visitors on one server: how long an action takes when many act, and what that costs the server.

Each visitor is a websocket that speaks Streamlit's own protocol and fetches the page's pictures, as a browser does;
they run beside the server on the same cores. In ``sliders`` each uploads a photo of its own and then moves a slider of
the classify page every ten seconds; in ``lecture`` they do what a class does on its own: another photo, a layer's maps,
why this class.

    python -m benchmarks.bench_room [VISITORS ...]
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import torch

from alexnet_viz.images.samples import SAMPLES
from benchmarks.visitor import Visitor
from tests.browser.conftest import Server
from tests.browser.visitor import photo

PAUSE = 10.0  # seconds between a visitor's actions
SECONDS = 60.0  # for which the room acts
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


async def choose_photo(visitor: Visitor, chance: random.Random) -> None:
    visitor.page, visitor.query = "classify", f"photo={chance.choice(SAMPLES).key}"
    await visitor.run()


ROOMS: dict[str, tuple[Act, ...]] = {
    "sliders": (move_slider,),
    "lecture": (choose_photo, look_at_layer, look_at_layer, ask_why),
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


async def fill(server: Server, visitors: int, acts: tuple[Act, ...]) -> str:
    """A row of the table: one room, from the first visitor to the last."""
    process = psutil.Process(server.process.pid)
    taken: dict[str, list[float]] = {"arrival": [], "upload": [], "action": []}
    start, busy = time.monotonic(), sum(process.cpu_times()[:2])
    end = start + PAUSE + SECONDS
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
    memory = process.memory_info().rss / 2**20
    return f"{visitors} | {runs} | {' | '.join(cells)} | {broken}, {errors} | {cost:.0f} | {memory:.0f}"


def percentile(values: list[float], share: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * share // 100)]


async def measure(server: Server, counts: list[int]) -> None:
    async with Visitor(server.port, "classify") as first:
        await first.run()
    await asyncio.sleep(15)  # what loads in the background is loaded
    for name, acts in ROOMS.items():
        print(f"\n{name}: median / 95th percentile in seconds\n")
        print("| visitors | runs | arrival | upload | action | broken, errors | ms of processor time a run | MiB |")
        print("|--:|--:|--:|--:|--:|--:|--:|--:|")
        for visitors in counts:
            print(f"| {await fill(server, visitors, acts)} |", flush=True)


def main() -> None:
    print(f"{psutil.cpu_count()} cores, PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}")
    server = Server(Path(tempfile.mkdtemp()))
    try:
        asyncio.run(measure(server, [int(count) for count in sys.argv[1:]] or [1, 10, 30, 100, 200]))
    finally:
        server.end()


if __name__ == "__main__":
    main()
