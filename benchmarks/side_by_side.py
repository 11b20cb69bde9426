"""Paired timing: the two in turn within one process, so that a drifting machine slows both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pairs:
    """What two works took in turn: seconds by the clock and of processor time (None where nobody took it)."""

    ours: Sequence[float]
    bare: Sequence[float]
    processor: Sequence[float] | None = None  # ours / bare, of all threads

    @property
    def ratios(self) -> list[float]:
        """Ours / bare of each pair, the smallest first."""
        return sorted(a / b for a, b in zip(self.ours, self.bare, strict=True))

    @property
    def medians(self) -> tuple[float, float]:
        return statistics.median(self.ours), statistics.median(self.bare)


def in_turn(ours: Callable[[], object], bare: Callable[[], object], rounds: int = 15) -> Pairs:
    """Both once for nothing, then in turn, which of them goes first changing from round to round."""
    ours(), bare()
    times: dict[str, list[float]] = {"ours": [], "bare": []}
    processor: dict[str, list[float]] = {"ours": [], "bare": []}
    for turn in range(rounds):
        for name, work in (("ours", ours), ("bare", bare))[:: 1 if turn % 2 else -1]:
            start, busy = time.perf_counter(), time.process_time()
            work()
            times[name].append(time.perf_counter() - start)
            processor[name].append(time.process_time() - busy)
    ratios = [a / max(b, 1e-6) for a, b in zip(processor["ours"], processor["bare"], strict=True)]
    return Pairs(times["ours"], times["bare"], ratios)


def side_by_side(title: str, ours: Callable[[], object], bare: Callable[[], object], rounds: int = 15) -> None:
    """Print the medians in ms, and the median and spread of the pairwise ratios ours / bare.

    The last ratio is that of the processor time of all threads, which other programs disturb less.
    """
    pairs = in_turn(ours, bare, rounds)
    ratios, (ours_s, bare_s) = pairs.ratios, pairs.medians
    spread = f"{ratios[len(ratios) // 10]:.2f}–{ratios[-1 - len(ratios) // 10]:.2f}"
    ratio = f"ratio {statistics.median(ratios):.2f} ({spread}), processor time {statistics.median(pairs.processor):.2f}"
    print(f"{title}: ours {1000 * ours_s:.1f} ms, bare {1000 * bare_s:.1f} ms, {ratio}", flush=True)
