"""Paired timing: the two in turn within one process, so that a drifting machine slows both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def side_by_side(title: str, ours: Callable[[], object], bare: Callable[[], object], rounds: int = 15) -> None:
    """Print the medians in ms, and the median and spread of the pairwise ratios ours / bare.

    The last ratio is that of the processor time of all threads, which other programs disturb less.
    """
    ours(), bare()
    pairs, work_done = [], []
    for turn in range(rounds):
        times, processor = {}, {}
        for name, work in (("ours", ours), ("bare", bare))[:: 1 if turn % 2 else -1]:
            start, busy = time.perf_counter(), time.process_time()
            work()
            times[name], processor[name] = (time.perf_counter() - start) * 1000, time.process_time() - busy
        pairs.append((times["ours"], times["bare"]))
        work_done.append(processor["ours"] / max(processor["bare"], 1e-6))
    ratios = sorted(a / b for a, b in pairs)
    ours_ms, bare_ms = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
    spread = f"{ratios[len(ratios) // 10]:.2f}–{ratios[-1 - len(ratios) // 10]:.2f}"
    ratio = f"ratio {statistics.median(ratios):.2f} ({spread}), processor time {statistics.median(work_done):.2f}"
    print(f"{title}: ours {ours_ms:.1f} ms, bare {bare_ms:.1f} ms, {ratio}", flush=True)
