"""What other visitors feel of a slow map: /classify rerun while RISE is being made in the same server, against idle.

Two visitors of one real server, speaking Streamlit's own protocol. The first asks for a RISE map that is never done in
time; the second reruns its classify page, in turn with the job on and off.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.visitor import Visitor
from tests.browser.conftest import Server


def _work(server: Server) -> float:
    """The processor time of all threads of the server, in seconds (Linux)."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(server: Server, rounds: int, reruns: int) -> None:
    async with Visitor(server.port, "attribution") as slow, Visitor(server.port, "classify") as other:
        await other.run()
        await asyncio.sleep(15)  # what loads in the background is loaded and frozen
        times: dict[str, list[float]] = {"idle": [], "busy": []}
        cores: dict[str, list[float]] = {"idle": [], "busy": []}  # that the server kept busy
        for turn in range(rounds):
            for state in ("idle", "busy")[:: 1 if turn % 2 else -1]:
                method = "saliency" if state == "idle" else f"rise&why_knobs=samples:4000;seed:{turn}"
                slow.query = f"photo=cat&why_method={method}"
                await slow.run()
                await asyncio.sleep(1)
                began, busy = time.perf_counter(), _work(server)
                for _ in range(reruns):
                    start = time.perf_counter()
                    await other.run()
                    times[state].append((time.perf_counter() - start) * 1000)
                cores[state].append((_work(server) - busy) / (time.perf_counter() - began))
        for state, found in times.items():
            found.sort()
            middle, high = statistics.median(found), found[int(0.95 * len(found))]
            print(
                f"/classify rerun, {state}: median {middle:.0f} ms, 95th percentile {high:.0f} ms, n {len(found)}, "
                f"the server on {statistics.median(cores[state]):.1f} cores"
            )
        print(f"ratio of the medians {statistics.median(times['busy']) / statistics.median(times['idle']):.2f}")


def main(rounds: int = 4, reruns: int = 12) -> None:
    server = Server(Path(tempfile.mkdtemp()))
    try:
        asyncio.run(measure(server, rounds, reruns))
    finally:
        server.end()


if __name__ == "__main__":
    main()
