"""Sections of benchmarks/README.md that a command writes, between two comments, and the machine they hold for."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import torch

from alexnet_viz.network.device import devices

README = Path(__file__).with_name("README.md")


def machine(*packages: str) -> str:
    """Date, processor, instruction set that PyTorch uses, cores, versions of Python, PyTorch and other packages."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", *packages))
    return (
        f"{time.strftime('%Y-%m-%d')}, {devices()[-1].title.partition(',')[0]}, {cores} cores, "
        f"{torch.backends.cpu.get_cpu_capability()}, Python {platform.python_version()}, {versions}; load averages at "
        f"the beginning {load}."
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = [head, [":--"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def write_section(name: str, text: str) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->`` in the README; ValueError without those."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = README.read_text("utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{README} has no place for {name}")
    README.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")
