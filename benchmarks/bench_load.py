"""Opening the bundled weights beside importing torch, each time in a new interpreter."""

import statistics
import subprocess
import sys

CODE = """
import time
begun = time.perf_counter()
import torch
imported = time.perf_counter()
from alexnet_viz.network import weights
ready = time.perf_counter()
weights.load("bundled")
print(imported - begun, time.perf_counter() - ready)
"""


def main(rounds: int = 7) -> None:
    pairs = []
    for _ in range(rounds):
        done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
        pairs.append(tuple(map(float, done.stdout.split())))
    torch, load = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
    ratios = sorted(b / a for a, b in pairs)
    print(f"importing torch {torch:.2f} s, opening the bundled weights {load:.2f} s")
    print(f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})")


if __name__ == "__main__":
    main()
