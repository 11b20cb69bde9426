"""The process that trains one run, or resumes it: ``python -m alexnet_viz.training.worker RUN``.

It needs no parent and no terminal. SIGTERM, SIGINT and the file ``stop`` make it write a checkpoint and end. Exit code
0: finished or stopped; 2: failed for a reason that status.json states; 1: failed by a bug (traceback in the log).
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import signal
import sys
import traceback
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from alexnet_viz.errors import DataError, RunError, Stopped, UserError, ran_out_of_memory
from alexnet_viz.training import runs
from alexnet_viz.training.data_place import current_recipe, remember
from alexnet_viz.training.launcher import TORCHRUN_ENVIRONMENT, machines_command, torchrun_command
from alexnet_viz.training.process_tuning import keep_freed_memory, set_passive_waiting, set_threads
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.training.run_queue import Ticket, turn

if TYPE_CHECKING:  # torch comes only once the process is tuned
    from alexnet_viz.training.data import Splits
    from alexnet_viz.training.distributed import ProcessGroup
    from alexnet_viz.training.monitor import Monitor


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m alexnet_viz.training.worker", description="Train or resume one run."
    )
    parser.add_argument("run", help="its id, or its directory")
    parser.add_argument(
        "--ticket", nargs=2, type=int, metavar=("NUMBER", "DESCRIPTOR"), help="wait for its turn (run_queue.py)"
    )
    options = parser.parse_args(arguments)
    set_passive_waiting()
    keep_freed_memory()
    try:
        path = runs.find_run(options.run)
        recipe = runs.read_run(path).recipe
        if "RANK" not in os.environ:
            return _begin(path, recipe, Ticket(*options.ticket) if options.ticket else None)
        if os.environ["RANK"] != "0":
            return _run(path, recipe, writes=False)
        with runs.locked(path):
            return _run(path, recipe, writes=True)
    except UserError as error:
        print(f"alexnet_viz: {error}", file=sys.stderr)
        return 2


def _begin(path: Path, recipe: Recipe, ticket: Ticket | None) -> int:
    """Train alone, or become torchrun with the recipe's processes (same pid); with a ticket first wait for the turn."""
    if recipe.machines > 1:
        command = machines_command(path, recipe)
        raise RunError(f"This run needs {recipe.machines} machines: type on each, with the first one's name: {command}")
    with runs.locked(path), turn(path, ticket) as came:
        if runs.read_status(path).state == "finished":
            raise RunError(f"The run {path.name} is finished: start a new one to train longer.")
        (path / "stop").unlink(missing_ok=True)
        if not came:
            runs.write_status(path, replace(runs.read_status(path), state="stopped", activity=""))
            return 0
        if recipe.processes > 1:
            torchrun = torchrun_command(path, recipe)
            os.execve(torchrun[0], torchrun, os.environ | TORCHRUN_ENVIRONMENT)
        return _run(path, recipe, writes=True)


def _run(path: Path, recipe: Recipe, *, writes: bool) -> int:
    from alexnet_viz.training.monitor import Monitor

    monitor = Monitor(path, writes=writes)
    if "RANK" not in os.environ:
        _listen(monitor)
    with monitor:
        try:
            done = _train(path, recipe, monitor)
            if monitor.run_is_gone:
                raise FileNotFoundError(path)
            monitor.update(state="finished" if done else "stopped", activity="", seconds_left=None)
            return 0
        except Exception as error:
            if monitor.run_is_gone:
                print(f"The folder of the run {path.name} was moved or deleted: its training ended.", file=sys.stderr)
                return 2
            reason = _reason(error)
            monitor.update(state="failed", error=reason, seconds_left=None)
            with suppress(OSError):  # the log lies on the same disk, which may be full
                if not isinstance(error, (UserError, OSError)):
                    traceback.print_exc()
                print(f"Failed: {reason}", file=sys.stderr)
            # Beside others, a reason that stays must not make torchrun start everything again.
            return (0 if "RANK" in os.environ else 2) if isinstance(error, UserError) else 1
        finally:
            (path / "stop").unlink(missing_ok=True)


def _listen(monitor: Monitor) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, monitor.ask_to_stop)


def _train(path: Path, recipe: Recipe, monitor: Monitor) -> bool:
    import torch

    from alexnet_viz.network.device import pick
    from alexnet_viz.training.distributed import check_processes, join_process_group
    from alexnet_viz.training.loop import train

    name = pick(None if recipe.device == "auto" else recipe.device).name.partition(":")[0]
    check_processes(recipe.processes, name)
    set_threads(recipe.threads, recipe.processes)
    with join_process_group(name) as group:
        _listen(monitor)  # among others only now: who waits for them in vain must die of a SIGTERM
        device = torch.device(name, group.local_rank) if name == "cuda" else torch.device(name)
        try:
            splits = _load(current_recipe(path, recipe), group, monitor)
        except Stopped:
            return False
        except DataError as error:
            if not runs.read_index(path)["last"]:
                raise
            raise DataError(
                f"{error} Put the photos back, then resume: the last checkpoint is intact. If they moved, say where "
                f"they are now: resume {path.name} --data PLACE."
            ) from error
        if monitor.writes:
            remember(path, recipe, splits.summary)
            summary = splits.summary.lines() if splits.summary else []
            for line in (*summary, *(f"left out: {line}" for line in splits.skipped)):
                print(line)
        return train(path, recipe, splits, group, monitor, device)


def _load(recipe: Recipe, group: ProcessGroup, monitor: Monitor) -> Splits:
    """The data; on each machine the first process goes before the others, who then find its cache."""
    from alexnet_viz.training import data

    def progress(activity: str) -> None:
        monitor.update(activity=activity)
        if monitor.stop_asked:
            raise Stopped

    splits: Splits | None = None
    error: UserError | Stopped | None = None
    for leads in (True, False):
        if leads == (group.local_rank == 0):
            try:
                splits = data.load(recipe, progress)
            except (UserError, Stopped) as caught:
                error = caught
        errors = [e for e in group.all_gather(error) if e is not None]
        if errors:  # all end together, and none waits for the others
            raise errors[0]
    assert splits is not None  # each process goes once
    return splits


def _reason(error: Exception) -> str:
    """One sentence for the status."""
    if isinstance(error, UserError):
        return str(error)
    if ran_out_of_memory(error):
        return "The memory is used up: choose a smaller batch_size, input_size or fc_width."
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        return "The disk is full: free some space and resume; the last checkpoint is intact."
    if isinstance(error, FileNotFoundError):
        return f"{error.filename} is gone: put it back and resume; the last checkpoint is intact."
    return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    cast(io.TextIOWrapper, sys.stdout).reconfigure(line_buffering=True)
    code = main()
    # All is written. Taking itself apart takes half a second, and beside others gloo now and then aborts: torchrun
    # would start all again.
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
