"""Starting a run's worker as a process of its own, and ending it: by a stop file, SIGTERM or SIGKILL."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil

from alexnet_viz import permissions
from alexnet_viz.display import display_name
from alexnet_viz.errors import DamagedFile, RecipeError, RunError
from alexnet_viz.network import sources
from alexnet_viz.training import data, processes, run_queue, runs
from alexnet_viz.training.estimate import check_memory
from alexnet_viz.training.process_tuning import chosen_niceness, lower_priority
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.training.schedule import plan_training
from alexnet_viz.training.summary import DataSummary

# By default torchrun keeps one store over its restarts, where new processes would find the addresses of the dead.
TORCHRUN_ENVIRONMENT = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1", "OMP_NUM_THREADS": "1"}
RESTARTS = 3  # times that torchrun starts everything again from the last checkpoint
_ROOT = Path(__file__).parents[2]
_WORKER = "alexnet_viz.training.worker"


def check(recipe: Recipe, folder: Path | None = None) -> DataSummary | None:
    """Before a run is made in a folder: UserError where data, first weights or memory are not there, or cannot do.

    Returns what there is to say of the data before they are decoded.
    """
    permissions.require("runs")
    summary = data.examine(recipe)
    if summary:
        plan_training(recipe, sum(summary.train))
    waits = any(run.state in runs.ACTIVE for run in runs.list_runs(folder))
    check_memory(recipe, len(summary.class_names) if summary else recipe.classes or 1000, waits=waits)
    if recipe.start.startswith("run:"):
        sources.path_of(recipe.start, folder)
    elif recipe.start not in ("", "random", "imagenet"):
        path = sources.path_of(recipe.start)
        if path is None or not path.is_file():
            raise RecipeError(f"start={recipe.start}: there is no such file; use bundled, imagenet, run:ID or a path.")
    return summary


def start(run: Path, *, queue: bool = False) -> int:
    """Start or resume a run in a process that outlives this one; its pid. A run that is under way is left alone.

    With ``queue`` it waits until the runs before it in the same directory have ended. RunError if it is finished, its
    directory cannot be written to, or as many wait as may.
    """
    permissions.require("runs")
    with runs.changing(run, f"The run {run.name} cannot be started"):
        return _start(run.resolve(), queue=queue)


def _start(run: Path, *, queue: bool) -> int:
    with _launching(run):
        state = runs.read_run(run)
        if state.state == "finished":
            raise RunError(f"The run {display_name(run.name)} is finished: start a new one to train longer.")
        for process in (runs.read_launch(run), state.status.process):
            if runs.is_alive(*process) and state.state not in runs.ENDED:
                return process.pid
            while runs.is_alive(*process):  # it has ended the run and is about to end itself
                time.sleep(0.05)
        (run / "stop").unlink(missing_ok=True)
        child = _spawn(run, queue=queue)
    threading.Thread(target=child.wait, daemon=True).start()  # so that no zombie stays behind
    return child.pid


def _spawn(run: Path, *, queue: bool) -> subprocess.Popen:
    """The worker's process, written down in launch.json."""
    niceness = chosen_niceness()
    place = run_queue.new_ticket(run.parent) if queue else contextlib.nullcontext()
    with place as ticket, open(run / "log.txt", "ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", _WORKER, str(run), *(["--ticket", *map(str, ticket)] if ticket else [])],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[ticket.descriptor] if ticket else [],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])},
        )
    process = psutil.Process(child.pid)
    lower_priority(process, niceness)
    try:
        runs.write_launch(run, processes.identity(process))
    except OSError:  # nobody would know of it
        child.kill()
        child.wait()
        raise
    return child


def ask_to_stop(run: Path) -> None:
    """Ask the worker to write a checkpoint and end, at its next step. Raises RunError."""
    permissions.require("runs")
    with runs.changing(run, f"The run {run.name} cannot be asked to stop"):
        (run / "stop").touch()


def terminate(run: Path) -> None:
    """Tell the worker to write a checkpoint and end (SIGTERM)."""
    permissions.require("runs")
    for process in _processes(run):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()


def kill(run: Path) -> None:
    """End the worker at once (SIGKILL), and torchrun before it, lest it start another. Its checkpoints stay good."""
    permissions.require("runs")
    running = _processes(run)
    for process in running:
        with contextlib.suppress(psutil.NoSuchProcess):
            running = [*running, *process.children(recursive=True)]
    for process in running:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def end(run: Path, patience: float = 3.0) -> None:
    """End the worker with SIGTERM, and with SIGKILL where it still lives after ``patience`` seconds."""
    terminate(run)
    deadline = time.monotonic() + patience
    while _processes(run) and time.monotonic() < deadline:
        time.sleep(0.05)
    kill(run)


def delete(run: Path) -> None:
    """Remove a run's directory for good, also one that cannot be read; RunError while a process works on it."""
    permissions.require("runs")
    with runs.changing(run, f"The run {run.name} cannot be deleted"), _launching(run):
        if _under_way(run):
            raise RunError(f"The run {display_name(run.name)} is under way: stop it before you delete it.")
        if run.is_symlink():
            run.unlink()
            return
        gone = run.with_name(f".deleted-{uuid.uuid4().hex}")
        run.rename(gone)  # from here on it is no run any more
    try:
        shutil.rmtree(gone)
    except OSError as error:
        raise RunError(
            f"The run {display_name(run.name)} is deleted, but some of its files could not be removed "
            f"({error.strerror or error}): remove {display_name(gone)} by hand."
        ) from error


def _under_way(run: Path) -> bool:
    try:
        known = runs.read_run(run)
    except DamagedFile:
        return bool(_processes(run))
    if known.elsewhere and known.state in runs.ACTIVE and not known.stalled:
        return True  # its process cannot be seen from here
    return known.state not in runs.ENDED and bool(_processes(run))


@contextlib.contextmanager
def _launching(run: Path) -> Iterator[None]:
    """One launch of a run at a time. flock, unlike the worker's record lock, also holds between threads of a server."""
    with open(run / "launch.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _processes(run: Path) -> list[psutil.Process]:
    """The run's living processes, the outermost first; psutil checks again whom it hits."""
    status = runs.read_status(run)
    known = [runs.read_launch(run), status.agent_process, status.process]
    living = {process.pid: process for identity in known if (process := processes.living(*identity))}
    return list(living.values())


# --- several processes ---------------------------------------------------------------------------


def torchrun_command(run: Path, recipe: Recipe) -> list[str]:
    """What trains a run in several processes of this machine."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr=127.0.0.1"]
    counts = [f"--nproc-per-node={recipe.processes}", f"--max-restarts={RESTARTS}"]
    return [*torchrun, *counts, "-m", _WORKER, str(run)]


def machines_command(run: Path, recipe: Recipe, host: str = "FIRST_MACHINE") -> str:
    """The line to type on every one of several machines, which share the app's, the run's and the data's places."""
    return f"cd {shlex.quote(str(_ROOT))} && {_on_machines(run, recipe, host)}"


def _on_machines(run: Path, recipe: Recipe, host: str) -> str:
    environment = " ".join(f"{name}={value}" for name, value in TORCHRUN_ENVIRONMENT.items())
    return (
        f"env {environment} {shlex.quote(sys.executable)} -m torch.distributed.run --nnodes={recipe.machines} "
        f"--nproc-per-node={recipe.processes} --max-restarts={RESTARTS} --rdzv-id={run.name} --rdzv-backend=c10d "
        f"--rdzv-endpoint={host}:29500 -m {_WORKER} {shlex.quote(str(run.resolve()))}"
    )


def slurm_script(run: Path, recipe: Recipe) -> str:
    """The same as a batch script for ``sbatch``."""
    host = '"$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)"'
    gpus = [f"#SBATCH --gpus-per-node={recipe.processes}"] * (recipe.device != "cpu")
    # SLURM gives a task one core, if not asked, and a process needs one for each of its threads.
    cores = recipe.processes * max(4, recipe.threads, recipe.workers + 1)
    return "\n".join(
        [
            "#!/bin/bash",
            f"#SBATCH --job-name={run.name}",
            f"#SBATCH --nodes={recipe.machines}",
            "#SBATCH --ntasks-per-node=1",
            f"#SBATCH --cpus-per-task={cores}",
            *gpus,
            f"cd {shlex.quote(str(_ROOT))}",
            f'srun --cpus-per-task="$SLURM_CPUS_PER_TASK" {_on_machines(run, recipe, host)}',
            "",
        ]
    )
