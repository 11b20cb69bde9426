"""The run directory, which is the truth about a run: its files, who may write them, and how to read them.

    runs/<id>/config.json      the recipe; never changes
              status.json      where the run stands; replaced by its worker alone
              metrics.jsonl    one row a line, appended by its worker alone
              checkpoints/     index.json names the good ones
              snapshots/       the film of learning
              classes.json     the names of the classes, in order
              log.txt          what the worker printed
              answers.npz      what the best epoch said of every validation photo
              stop             there while somebody asks the worker to stop
              lock             held by the worker while it lives
              launch.json      the process that was launched for it
              notes.txt        what people wrote about it

The worker that holds the lock writes all but the last three; everybody else reads. Nothing here needs torch.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil

from alexnet_viz.disk import runs_folder, write_atomically
from alexnet_viz.errors import RunError
from alexnet_viz.training.recipe import Recipe

ACTIVE = ("queued", "running", "stopping")
ENDED = ("stopped", "finished", "failed")
STALLED_AFTER = 20.0  # seconds without a heartbeat, which comes each second


@dataclass(frozen=True)
class Status:
    """Where a run stands, as its worker last wrote it. Times are seconds since 1970; steps are counted from 0.

    ``state``: queued, running, stopping, stopped, finished, failed. ``pid`` and ``started`` name the process,
    ``heartbeat`` is its sign of life and ``progressed`` when it last got on. ``activity`` says what it does. ``agent``
    is the torchrun above it, if any.
    """

    state: str = "queued"
    pid: int = 0
    started: float = 0.0
    agent: int = 0
    agent_started: float = 0.0
    host: str = ""
    attempt: int = 0
    heartbeat: float = 0.0
    progressed: float = 0.0
    activity: str = ""
    epoch: int = 0
    step: int = 0
    steps: int = 0
    images_per_second: float | None = None
    seconds_left: float | None = None
    best_top1: float | None = None
    error: str = ""
    about: dict[str, Any] = field(default_factory=dict)  # device, precision, threads, versions, data


@dataclass(frozen=True)
class Run:
    """A run as read at one moment. ``state`` is the status's, corrected by whether its process is really there."""

    id: str
    path: Path
    recipe: Recipe
    created: float
    status: Status
    state: str
    stalled: bool


# --- making and finding runs ---------------------------------------------------------------------


def new_run_id(recipe: Recipe) -> str:
    """Readable and sortable: 20261124-001530-quick-textures."""
    source, _, where = recipe.data.partition(":")
    data = Path(where).stem if source == "folder" else source
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{recipe.preset}-{re.sub(r'[^A-Za-z0-9]+', '-', data).strip('-')}"


def create_run(recipe: Recipe, runs: Path | None = None, run_id: str | None = None) -> Path:
    """A new run's directory. With a ``run_id`` a second call raises RunError: a double click makes one run."""
    runs = Path(runs or runs_folder())
    wanted = run_id or new_run_id(recipe)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", wanted):
        raise RunError(f"{wanted!r} cannot name a run: use letters, digits, dots and dashes.")
    name, number = wanted, 1
    while True:
        path = runs / name
        try:
            path.mkdir(parents=True)
            break
        except FileExistsError:
            if run_id:
                raise RunError(f"There is a run {run_id!r} already: choose another name, or resume it.") from None
            number += 1
            name = f"{wanted}-{number}"
        except OSError as error:
            raise RunError(
                f"No run can be made in {runs} ({error.strerror}): free some space or choose another folder."
            ) from error
    config = {"id": name, "created": time.time(), "recipe": recipe.as_dict()}
    try:
        (path / "checkpoints").mkdir()
        (path / "snapshots").mkdir()
        replace_json(path / "config.json", config)
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)
        raise RunError(
            f"No run can be made in {runs} ({error.strerror}): free some space or choose another folder."
        ) from error
    return path


def find_run(name: str | Path, runs: Path | None = None) -> Path:
    """The directory of a run by its id or its path; RunError if there is none."""
    for path in (Path(runs or runs_folder()) / name, Path(name)):
        if os.path.isfile(path / "config.json"):  # unlike Path's, False where a folder may not be read
            return path
    raise RunError(f"There is no run {str(name)!r}: `runs` lists those there are.")


def read_run(path: Path) -> Run:
    """A run's recipe and state at this moment; RunError if the directory is none."""
    try:
        recipe, created = _config((path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"{path} is no run: it has no readable config.json.") from error
    status = read_status(path)
    state, stalled = _judge(status, path)
    if state in ("queued", "running") and (path / "stop").exists():
        state = "stopping"
    return Run(path.name, path, recipe, created, status, state, stalled)


@lru_cache(maxsize=256)
def _config(text: str) -> tuple[Recipe, float]:
    config = json.loads(text)
    return Recipe.from_dict(config["recipe"]), config["created"]


def list_runs(runs: Path | None = None) -> tuple[Run, ...]:
    """All runs of a directory, the newest first; what is no run is left out."""
    found = []
    for config in Path(runs or runs_folder()).glob("*/config.json"):
        try:
            found.append(read_run(config.parent))
        except RunError:
            continue
    return tuple(sorted(found, key=lambda run: run.created, reverse=True))


def read_status(path: Path) -> Status:
    """The status last written; a queued one if there is none yet, or what is there is no JSON."""
    try:
        values = json.loads((path / "status.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Status()
    except ValueError:  # the power failed before it reached the disk
        return Status(attempt=max((row["attempt"] for row in read_metrics(path)[0]), default=0))
    known = {f.name for f in dataclasses.fields(Status)}
    return Status(**{key: value for key, value in values.items() if key in known})


def class_names(path: Path) -> tuple[str, ...]:
    """The names of a run's classes, in order; none before its worker has read the data."""
    try:
        return tuple(json.loads((path / "classes.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ()


def read_notes(path: Path) -> str:
    try:
        return (path / "notes.txt").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def write_notes(path: Path, text: str) -> None:
    """Keep what somebody wrote about a run; nothing leaves no file behind."""
    if text.strip():
        write_atomically(path / "notes.txt", text.encode())
    else:
        (path / "notes.txt").unlink(missing_ok=True)


def weights_path(path: Path) -> Path | None:
    """The weights of the best checkpoint, else of the last; None while there is none."""
    index = read_index(path)
    name = index["best"] or next(iter(index["last"]), None)
    return path / "checkpoints" / f"{name}.safetensors" if name else None


def read_index(path: Path) -> dict[str, Any]:
    """The good checkpoints by name: ``last`` (the newest first) and ``best`` (or None)."""
    try:
        return json.loads((path / "checkpoints" / "index.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"last": [], "best": None}


# --- is it alive? --------------------------------------------------------------------------------


def living(pid: int, started: float) -> psutil.Process | None:
    """That very process if it lives: same pid, same start time, and no zombie; else None."""
    try:
        process = psutil.Process(pid)
        # A start time comes in clock ticks, and its offset, the boot time, may be corrected by a little.
        same = pid != 0 and abs(process.create_time() - started) < 2.0
        return process if same and process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD) else None
    except psutil.NoSuchProcess:
        return None


def is_alive(pid: int, started: float) -> bool:
    return living(pid, started) is not None


def read_launch(path: Path) -> tuple[int, float]:
    """(pid, start time) of the process that was launched for a run; (0, 0) if none was."""
    try:
        launch = json.loads((path / "launch.json").read_text(encoding="utf-8"))
        return launch["pid"], launch["started"]
    except (FileNotFoundError, ValueError, KeyError):
        return 0, 0.0


def _judge(status: Status, path: Path) -> tuple[str, bool]:
    """(state, stalled) of a run: a process that is not there cannot be running, whatever the status says."""
    launched = read_launch(path)
    if launched[0] not in (0, status.pid, status.agent) and is_alive(*launched):
        return "queued", False  # a new attempt, which has not said anything yet
    if status.state in ENDED:
        return status.state, False
    silent = time.time() - status.heartbeat > STALLED_AFTER
    if status.host not in ("", socket.gethostname()):
        return status.state, silent  # another machine's processes cannot be seen from here
    if is_alive(status.pid, status.started):
        return status.state, silent
    if is_alive(status.agent, status.agent_started) or is_alive(*launched):
        return status.state, False  # torchrun is about to start it again
    return ("failed" if status.pid or launched[0] else "queued"), False


def log_tail(path: Path, lines: int = 20) -> str:
    """The last lines that the worker printed."""
    try:
        with open(path / "log.txt", "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 200 * lines))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


# --- metrics -------------------------------------------------------------------------------------


def read_metrics(path: Path, offset: int = 0) -> tuple[list[dict], int]:
    """The rows from a byte offset on, and the offset to go on from; a torn last line waits for its end."""
    try:
        with open(path / "metrics.jsonl", "rb") as file:
            file.seek(offset)
            data = file.read()
    except FileNotFoundError:
        return [], 0
    whole = data[: data.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines()], offset + len(whole)


def latest(rows: list[dict]) -> list[dict]:
    """The rows that count: what a later attempt did again replaces what an earlier one had written."""

    def place(row: dict) -> tuple[int, bool]:
        return row["step"], row["split"] == "val"  # an epoch's last training row comes before its validation

    kept: list[dict] = []
    for row in rows:
        while kept and kept[-1]["attempt"] < row["attempt"] and place(kept[-1]) >= place(row):
            kept.pop()
        kept.append(row)
    return kept


# --- the worker's side ---------------------------------------------------------------------------


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the run; RunError if a living process does. A record lock, which no forked child inherits."""
    with open(path / "lock", "a") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunError(f"The run {path.name} is being trained by another process: wait, or stop it.") from error
        yield


def append_metrics(path: Path, row: dict) -> None:
    """Add one row, in one write."""
    line = json.dumps(row, allow_nan=False) + "\n"
    with open(path / "metrics.jsonl", "ab", buffering=0) as file:
        file.write(line.encode())


def cut_torn_line(path: Path) -> None:
    """Remove what a killed worker left of its last row."""
    try:
        with open(path / "metrics.jsonl", "r+b") as file:
            data = file.read()
            file.truncate(data.rfind(b"\n") + 1)
    except FileNotFoundError:
        pass


def write_class_names(path: Path, names: tuple[str, ...]) -> None:
    replace_json(path / "classes.json", list(names))


def write_status(path: Path, status: Status) -> None:
    replace_json(path / "status.json", dataclasses.asdict(status))


def replace_json(path: Path, value: dict | list) -> None:
    """Replace a small file so that readers see the old or the new one. Not forced to the disk: it comes each second."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
