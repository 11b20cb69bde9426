"""The app beside the bare work and beside the libraries that people use, in one run: the first table in README.md.

    python -m benchmarks.comparison [NAME ...] [--write]
    ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 python -m benchmarks.comparison --write

Without names all groups, some six minutes on two cores. The two of a pair take turns; a ratio is ours over the other's,
so that below 1 is quicker, its median, and in brackets the smallest and the largest of all rounds. ``--write`` puts the
table into README.md, each instruction set in its own place. torch-cam's own Streamlit demo is not among them: it is not
part of its package, and fetches class names and weights when it starts.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch

from alexnet_viz.inspection.model import get
from alexnet_viz.inspection.predictions import classify
from benchmarks import bench_attribution, bench_classify, bench_see, bench_start, bench_training
from benchmarks.report import machine, table, write_section
from benchmarks.side_by_side import Pairs, in_turn

ATTRIBUTIONS = {  # of bench_attribution: how often, and which of the group's pairs
    "captum": (15, 0),
    "torch-cam": (15, 0),
    "grad-cam": (15, 0),
    "classes": (15, 0),
    "integrated": (5, 1),
    "occlusion": (3, 0),
}


def classifying() -> Iterator[tuple[str, Pairs]]:
    model = get("bundled", device="cpu")
    bare = bench_classify.bare_of(model)
    for title, size in (("of 640 × 480", (640, 480)), ("of 12 megapixels", (4000, 3000))):
        data = bench_classify.jpeg("raccoon", size)
        pairs = in_turn(partial(classify, model, data, "x"), partial(bare, data), 15)
        yield f"A JPEG {title} to its classes, against Pillow, torchvision's transforms and the bare network", pairs


def attributing() -> Iterator[tuple[str, Pairs]]:
    contests = bench_attribution.contests()
    for name, (rounds, which) in ATTRIBUTIONS.items():
        title, ours, other, _ = contests[name][which]
        yield title, in_turn(ours, other, rounds)


def maps() -> Iterator[tuple[str, Pairs]]:
    times, _ = bench_see.grids(7)
    for kind, title in (("simple", "one st.image a channel"), ("plain", "one plain picture")):
        pairs = Pairs(*([ms / 1000 for ms in times[name]] for name in ("grid", kind)))
        yield f"conv5's 256 maps in the browser, another layer chosen, against {title}", pairs


def starting() -> Iterator[tuple[str, Pairs]]:
    yield (
        "First page from the start of the process, against an empty app's and importing torch",
        bench_start.first_page(),
    )
    yield "Page switch, Classify and Activations, against an empty app's", bench_start.page_switch()


def training() -> Iterator[tuple[str, Pairs]]:
    """32 photos a step on torchvision's network at 224 pixels; seconds a photo."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        bench_training.photo_folder(root)
        before = os.environ.get("ALEXNET_VIZ_CACHE")
        os.environ["ALEXNET_VIZ_CACHE"] = str(root / "cache")
        try:
            found = bench_training.rates(root, 5)
        finally:
            os.environ.pop("ALEXNET_VIZ_CACHE")
            if before is not None:
                os.environ["ALEXNET_VIZ_CACHE"] = before
    plain, step, cached, synthetic = found.values()
    for title, ours, other in (
        ("Training step, a photo, against torchvision's network and SGD in float32", synthetic, step),
        ("Training from JPEG files, a photo, against the textbook's loop with a DataLoader", cached, plain),
    ):
        seconds = ([1 / rate for rate, _ in rates] for rates in (ours, other))
        busy = [b / a for (_, a), (_, b) in zip(ours, other, strict=True)]
        yield title, Pairs(*seconds, busy)


GROUPS: dict[str, Callable[[], Iterator[tuple[str, Pairs]]]] = {
    "classify": classifying,
    "attribution": attributing,
    "maps": maps,
    "start": starting,
    "training": training,
}


def row(title: str, pairs: Pairs) -> list[str]:
    ratios, (ours, other) = pairs.ratios, pairs.medians
    busy = f"{statistics.median(pairs.processor):.2f}" if pairs.processor else "–"
    spread = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})"
    return [title, milliseconds(ours), milliseconds(other), spread, busy, str(len(ratios))]


def milliseconds(seconds: float) -> str:
    """Three digits of it."""
    return f"{float(f'{1000 * seconds:.3g}'):,.{0 if seconds >= 0.1 else 1}f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(GROUPS)}; without any, all")
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    options = parser.parse_args()
    about = machine("torchvision", "captum", "torchcam", "grad-cam", "streamlit")
    rows = []
    for name in options.names or GROUPS:
        for title, pairs in GROUPS[name]():
            rows.append(row(title, pairs))
            print(" | ".join(rows[-1]), flush=True)
    head = ("what, against what", "ms here", "ms there", "ratio", "of processor time", "rounds")
    text = f"{about}\n\n{table(head, rows)}"
    if options.write:
        write_section(f"comparison {torch.backends.cpu.get_cpu_capability()}", text)


if __name__ == "__main__":
    main()
