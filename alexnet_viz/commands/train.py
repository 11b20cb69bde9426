"""``train`` and ``resume``: a run, followed until it ends."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from alexnet_viz.commands.common import print_lines
from alexnet_viz.display import one_line
from alexnet_viz.errors import RunError

if TYPE_CHECKING:
    from alexnet_viz.commands.common import Commands


def add(commands: Commands) -> None:
    """The two commands and their options."""
    train = commands.add_parser("train", help="train a network; the run is seen by the app's pages")
    train.add_argument(
        "--preset", default="quick", help="quick (minutes on a laptop, the default) or another; a wrong one lists all"
    )
    train.add_argument("--data", help="textures, folder:PATH, cifar10[:ROOT], imagenette[:ROOT] or imagenet:ROOT")
    train.add_argument("--download", action="store_true", help="fetch cifar10 or imagenette if it is missing")
    train.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="change one of its settings")
    train.add_argument("--id", metavar="RUN", help="what to call the run (default: time, preset and data)")
    train.add_argument("--runs", type=Path, metavar="DIR", help="where runs are kept (default: ./runs)")
    train.set_defaults(run=_train)

    resume = commands.add_parser("resume", help="go on with a run from its last good checkpoint")
    resume.add_argument("id", metavar="RUN", help="its id or its directory")
    resume.add_argument("--data", metavar="PLACE", help="where its photos are now, if they moved")
    resume.add_argument("--runs", type=Path, metavar="DIR")
    resume.set_defaults(run=_resume)


def _train(options: argparse.Namespace) -> int:
    from alexnet_viz.training import data
    from alexnet_viz.training.launcher import check
    from alexnet_viz.training.recipe import preset
    from alexnet_viz.training.runs import create_run

    given = [f"data={options.data}"] if options.data else []
    recipe = preset(options.preset).with_changes(*given, *options.set)
    if options.download and recipe.data.partition(":")[0] in data.DOWNLOADS:
        data.fetch(recipe)
    if summary := check(recipe, options.runs):
        print_lines(summary.lines())
    return _follow(create_run(recipe, options.runs, options.id))


def _resume(options: argparse.Namespace) -> int:
    from alexnet_viz.training.data_place import move
    from alexnet_viz.training.runs import find_run

    run = find_run(options.id, options.runs)
    if options.data and (summary := move(run, options.data)):
        print_lines(summary.lines())
    return _follow(run)


def _follow(run: Path) -> int:
    """Start a run's worker and show its progress until it ends; Ctrl+C asks it to write a checkpoint and stop."""
    from tqdm import tqdm

    from alexnet_viz.training.launcher import ask_to_stop, machines_command, start
    from alexnet_viz.training.runs import read_run

    recipe = read_run(run).recipe
    if recipe.machines > 1:
        command = machines_command(run, recipe)
        print_lines([f"{run} is made. Type on each machine, with the first one's name in it:", command])
        return 0
    start(run)
    with tqdm(total=0, unit="step", desc=one_line(run.name), file=sys.stderr) as bar:
        while True:
            try:
                seen = read_run(run)
                bar.total = seen.status.steps
                bar.n = seen.status.step
                speed = seen.status.images_per_second
                bar.set_postfix_str(seen.status.activity or (f"{speed:.0f} images/s" if speed else ""))
                if seen.state in ("finished", "stopped", "failed"):
                    break
                time.sleep(0.5)
            except KeyboardInterrupt:
                ask_to_stop(run)
    if seen.state == "failed":
        raise RunError(f"The run {run.name} failed: {seen.status.error or _died(run)}")
    best = f", best validation top-1 {seen.status.best_top1:.1%}" if seen.status.best_top1 is not None else ""
    print_lines([f"{seen.state}: {run}{best}"])
    if seen.state == "stopped":
        print_lines([f"Go on with: {_resume_command(run)}"])
    return 0


def _resume_command(run: Path) -> str:
    return f"python -m alexnet_viz resume {shlex.quote(str(run))}"


def _died(run: Path) -> str:
    """What there is to say of a worker that said nothing itself."""
    return (
        "its process ended without a word: killed, perhaps for want of memory, or the disk is full. "
        f"See {run / 'log.txt'}; go on from the last good checkpoint with: {_resume_command(run)}"
    )
