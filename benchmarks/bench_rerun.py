"""What a rerun that changes nothing costs on each page, its answers cached, and an empty Streamlit page beside them.

Real servers, one visitor each, who speaks Streamlit's own protocol without a browser. The time is from asking for a
rerun to its end; the garbage collection after the rerun before counts, since the next one has to wait for it.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.visitor import Visitor
from tests.browser.conftest import Server

PAGES = {
    "classify": "",
    "architecture": "",
    "network": "depth=unit&layer=conv3&channel=5",
    "filters": "",
    "activations": "layer=conv5",
    "units": "",
    "attribution": "",
    "attribution, compared": "why_view=compare",
    "playground": "",
    "train": "",
}
RERUNS = 20


async def cost_of(server: Server, page: str = "", query: str = "") -> str:
    """A row of the table."""
    process = psutil.Process(server.process.pid)
    async with Visitor(server.port, page, query) as visitor:
        for _ in range(8):  # until all is cached, made in the background and frozen
            await visitor.run()
            await asyncio.sleep(0.5)
        start, busy, before = time.perf_counter(), sum(process.cpu_times()[:2]), visitor.received
        for _ in range(RERUNS):
            await visitor.run()
        spent = sum(process.cpu_times()[:2]) - busy, time.perf_counter() - start
    work, wall = (seconds / RERUNS * 1000 for seconds in spent)
    return f"{work:.0f} | {wall:.0f} | {(visitor.received - before) / RERUNS / 1000:.0f}"


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    (folder / "empty.py").write_text("import streamlit as st\nst.title('empty')\n")
    ours, empty = Server(folder), Server(folder, script=str(folder / "empty.py"))
    try:
        print(f"{psutil.cpu_count()} cores\n\n| page | ms of processor time | ms | kB sent |\n|:--|--:|--:|--:|")
        print(f"| an empty page | {asyncio.run(cost_of(empty))} |", flush=True)
        for name, query in PAGES.items():
            print(f"| {name} | {asyncio.run(cost_of(ours, name.partition(',')[0], query))} |", flush=True)
    finally:
        ours.end()
        empty.end()


if __name__ == "__main__":
    main()
