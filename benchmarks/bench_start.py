"""The first page and a change of page, beside an empty Streamlit app of two pages, and beside importing torch.

Real servers and a visitor without a browser. The first page counts from the start of the server's process to the end
of the page's first run, with its answer.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.side_by_side import Pairs
from benchmarks.visitor import Visitor
from tests.browser.conftest import Server

EMPTY = """
import streamlit as st

pages = [st.Page(lambda: st.title("one"), title="one", url_path="one", default=True),
         st.Page(lambda: st.title("two"), title="two", url_path="two")]
st.navigation(pages).run()
"""


def empty_app(folder: Path) -> str:
    """The script of an app with two pages of a line each."""
    script = folder / "empty.py"
    script.write_text(EMPTY, "utf-8")
    return str(script)


def first_page(rounds: int = 5) -> Pairs:
    """Seconds until the first page stands, against an empty app's and those that importing torch takes."""
    ours, bare = [], []
    for _ in range(rounds):
        folder = Path(tempfile.mkdtemp())
        ours.append(_until_first_page(folder, "app.py"))
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch"], check=True)
        torch = time.perf_counter() - start
        bare.append(torch + _until_first_page(folder, empty_app(folder)))
    return Pairs(ours, bare)


def _until_first_page(folder: Path, script: str) -> float:
    start = time.perf_counter()
    server = Server(folder, script=script)

    async def look() -> None:
        async with Visitor(server.port) as visitor:
            await visitor.run()

    try:
        asyncio.run(look())
        return time.perf_counter() - start
    finally:
        server.end()


def page_switch(rounds: int = 20) -> Pairs:
    """Seconds from one page to another whose answer is cached, against an empty app's."""
    folder = Path(tempfile.mkdtemp())
    servers = Server(folder), Server(folder, script=empty_app(folder))
    try:
        ours, bare = asyncio.run(_switches(servers, rounds))
    finally:
        for server in servers:
            server.end()
    return Pairs(ours, bare)


async def _switches(servers: Sequence[Server], rounds: int) -> tuple[list[float], list[float]]:
    async with Visitor(servers[0].port) as ours, Visitor(servers[1].port) as empty:
        visitors = (ours, ("classify", "activations")), (empty, ("one", "two"))
        taken: tuple[list[float], list[float]] = ([], [])
        for turn in range(-8, rounds):  # at first until all is cached, made in the background and frozen
            for (visitor, pages), times in zip(visitors, taken, strict=True):
                visitor.page, visitor.query = pages[turn % 2], ""
                start = time.perf_counter()
                await visitor.run()
                if turn >= 0:
                    times.append(time.perf_counter() - start)
                await asyncio.sleep(0.3)  # what the server does behind a run is done
    return taken


def main() -> None:
    for title, pairs in (
        ("first page, against an empty app and importing torch", first_page()),
        ("page switch, against an empty app", page_switch()),
    ):
        ratios, (ours, bare) = pairs.ratios, pairs.medians
        print(
            f"{title}: {ours:.3f} s and {bare:.3f} s, ratio {statistics.median(ratios):.2f} "
            f"({ratios[0]:.2f}–{ratios[-1]:.2f})"
        )


if __name__ == "__main__":
    main()
