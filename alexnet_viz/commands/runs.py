"""``runs`` and ``bundle``: the runs there are, and one of them as the weights that ship with the app."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alexnet_viz.commands.common import print_lines
from alexnet_viz.display import json_text, one_line

if TYPE_CHECKING:
    from alexnet_viz.commands.common import Commands
    from alexnet_viz.training.runs import Run, UnreadableRun


def add(commands: Commands) -> None:
    """The two commands and their options."""
    runs = commands.add_parser("runs", help="the runs there are")
    runs.add_argument("--runs", type=Path, metavar="DIR")
    runs.add_argument("--json", action="store_true", help="a JSON list instead of a table")
    runs.set_defaults(run=_runs)

    bundle = commands.add_parser("bundle", help="make a run's last checkpoint the weights that ship with the app")
    bundle.add_argument("id", metavar="RUN", help="its id or its directory")
    bundle.add_argument("--runs", type=Path, metavar="DIR")
    bundle.add_argument("--out", type=Path, metavar="DIR", help="where to (default: assets/weights)")
    bundle.set_defaults(run=_bundle)


def _runs(options: argparse.Namespace) -> int:
    from alexnet_viz.disk import runs_folder
    from alexnet_viz.training.runs import list_runs

    rows = [_run_row(run) for run in list_runs(options.runs)]
    if options.json:
        print(json_text(rows, indent=2))
        return 0
    if not rows:
        print(f"There are no runs in {options.runs or runs_folder()}: `train` makes one.", file=sys.stderr)
    for row in rows:
        line = f"{one_line(row['id']):44} {row['state']:10}"
        if row["steps"] is not None:
            best = "" if row["best_top1"] is None else f"{row['best_top1']:.1%}"
            line += f" step {row['step']:>7} of {row['steps']:>7}  best top-1 {best}"
        print_lines([line, *(f"  {problem}" for problem in row["problems"])])
    return 0


def _run_row(run: Run | UnreadableRun) -> dict[str, Any]:
    """A run for the list; None for all that cannot be read, and what is wrong with it under ``problems``."""
    from alexnet_viz.training.runs import UnreadableRun

    names = ("preset", "data", "epoch", "step", "steps", "best_top1")
    values: dict[str, Any] = dict.fromkeys(names)
    if not isinstance(run, UnreadableRun):
        values |= {name: getattr(run.recipe, name) for name in names[:2]}
        if run.state != "unreadable":
            values |= {name: getattr(run.status, name) for name in names[2:]}
    return {"id": run.id, "state": run.state, **values, "problems": list(run.problems)}


def _bundle(options: argparse.Namespace) -> int:
    from alexnet_viz.figures.filters import kernel_sheet
    from alexnet_viz.network.sources import BUNDLED
    from alexnet_viz.network.weights import load
    from alexnet_viz.training.bundle import bundle
    from alexnet_viz.training.runs import find_run

    folder = options.out or BUNDLED.parent
    card = bundle(find_run(options.id, options.runs), folder, lambda done: print(done, file=sys.stderr, end="\r"))
    kernels = load(str(folder / card["file"]))[0].get_parameter("conv1.weight").numpy()
    kernel_sheet(kernels).save(folder / "conv1.png")
    noise = len(card["conv1_noise_like"])
    print(one_line(f"{folder / card['file']}: {card['bytes'] / 1e6:.1f} MB, SHA-256 {card['sha256']}"))
    print(f"top-1 {card['top1']:.1%}, top-5 {card['top5']:.1%}; {noise} of {len(kernels)} conv1 kernels like noise")
    return 0
