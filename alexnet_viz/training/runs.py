"""The run directory, which is the truth about a run: its files, who may write them, and how to read them.

    runs/<id>/config.json      the recipe; never changes
              status.json      where the run stands; replaced by its worker alone
              metrics.jsonl    one row a line, appended by its worker alone
              checkpoints/     index.json names the good ones
              snapshots/       the film of learning
              kept/            whole weights along the way, in half precision, spread over the run
              classes.json     the names of the classes, in order
              log.txt          what the worker printed
              data.json        which photos it trains on, and where they are now (data_place.py)
              answers.npz      what the best epoch said of every validation photo
              stop             there while somebody asks the worker to stop
              lock             held by the worker while it lives
              launch.json      the process that was launched for it
              launch.lock      held while somebody launches or deletes it
              notes.txt        what people wrote about it

The worker that holds the lock writes all but stop, launch.* and notes.txt; everybody else reads, and what is read
run_files.py checks. Nothing here needs torch.
"""

from __future__ import annotations

import dataclasses
import errno
import fcntl
import json
import os
import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeVar

from alexnet_viz import permissions
from alexnet_viz.disk import entry_named, runs_folder, write_atomically
from alexnet_viz.display import display_name, json_text
from alexnet_viz.errors import DamagedFile, RunError
from alexnet_viz.network import checkpoint_index
from alexnet_viz.network.checkpoint_index import Index
from alexnet_viz.training import run_files
from alexnet_viz.training.processes import ProcessId, is_alive
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.training.run_files import Metrics, Status

T = TypeVar("T")

ACTIVE = ("queued", "running", "stopping")
ENDED = ("stopped", "finished", "failed")
STALLED_AFTER = 20.0  # seconds without a heartbeat, which comes each second


@dataclass(frozen=True)
class Run:
    """A run as read at one moment.

    ``id`` names it on pages and in addresses: its folder's name, whose bytes may be no text. ``state`` is the status's,
    corrected by whether its process is really there, or "unreadable" where neither can be told. ``weights`` is the file
    of its best checkpoint, else of its last. ``problems`` says what is wrong with its smaller files, one sentence each.
    """

    id: str
    path: Path
    recipe: Recipe
    created: float
    status: Status
    state: str
    stalled: bool
    class_names: tuple[str, ...] = ()
    weights: Path | None = None
    problems: tuple[str, ...] = ()

    @property
    def elsewhere(self) -> str:
        """The other machine on which its process was last, which alone can end it; "" for this one, or none yet."""
        return "" if self.status.host == socket.gethostname() else self.status.host


@dataclass(frozen=True)
class UnreadableRun:
    """A run whose recipe cannot be read: ``problems`` holds the one sentence that says why and what to do."""

    id: str
    path: Path
    created: float  # when its folder was last changed, in seconds since 1970
    problems: tuple[str, ...]
    state: ClassVar[str] = "unreadable"


# --- making and finding runs ---------------------------------------------------------------------


def new_run_id(recipe: Recipe) -> str:
    """Readable and sortable: 20261124-001530-quick-textures."""
    source, _, where = recipe.data.partition(":")
    data = Path(where).stem if source == "folder" else source
    name = re.sub(r"[^A-Za-z0-9]+", "-", data).strip("-")[:80]
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{recipe.preset}-{name or 'photos'}"


def create_run(recipe: Recipe, runs: Path | None = None, run_id: str | None = None) -> Path:
    """A new run's directory. With a ``run_id`` a second call raises RunError: a double click makes one run."""
    permissions.require("runs")
    runs = Path(runs or runs_folder())
    first = run_id or new_run_id(recipe)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", first):
        raise RunError(f"{display_name(first)!r} cannot name a run: use letters, digits, dots and dashes.")
    name, number = first, 1
    while True:
        path = runs / name
        try:
            path.mkdir(parents=True)
            break
        except FileExistsError:
            if run_id:
                raise RunError(f"There is a run {run_id!r} already: choose another name, or resume it.") from None
            number += 1
            name = f"{first}-{number}"
        except OSError as error:
            raise _no_room(runs, error) from error
    config = {"id": name, "created": time.time(), "recipe": recipe.as_dict()}
    try:
        (path / "checkpoints").mkdir()
        (path / "snapshots").mkdir()
        (path / "launch.lock").touch()  # to delete a run must need no space
        write_atomically(path / "config.json", _encoded(config))
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)
        raise _no_room(runs, error) from error
    return path


def _no_room(folder: Path, error: OSError) -> RunError:
    return RunError(
        f"No run can be made in {display_name(folder)} ({error.strerror}): free some space or choose another folder."
    )


def find_run(name: str | Path, runs: Path | None = None) -> Path:
    """The directory of a run by its id or its path; RunError if there is none."""
    folder = Path(runs or runs_folder())
    for path in (entry_named(folder, str(name)), Path(name)):
        if path is not None and _is_run(path):
            return path
    raise RunError(f"There is no run {display_name(name)!r}: `runs` lists those there are.")


def run_named(run_id: str, runs: Path | None = None) -> Path:
    """The directory of a run by its id alone, as an address gives it, never by a path; RunError if there is none."""
    path = entry_named(Path(runs or runs_folder()), run_id)
    if path is None or not _is_run(path):
        raise RunError(f"The run {display_name(run_id)[:100]!r} is not there: it was deleted, or its folder was moved.")
    return path


def _is_run(path: Path) -> bool:
    """Whether a folder is a run's, also one that has lost its recipe."""
    return any(os.path.lexists(path / name) for name in ("config.json", "status.json", "metrics.jsonl"))


def read_run(path: Path) -> Run:
    """A run's recipe and state at this moment. Raises DamagedFile if its recipe cannot be read, RunError for none."""
    try:
        recipe, created = run_files.read_config(path)
    except FileNotFoundError as error:
        if _is_run(path):
            raise run_files.damaged("config.json", "is missing") from error
        raise RunError(f"{display_name(path)} is no run: it was deleted, or its folder was moved.") from error
    problems: list[str] = []
    status = _kept(run_files.read_status, path, problems)
    unreadable = bool(problems)
    launched = _kept(run_files.read_launch, path, problems) or ProcessId()
    names = _kept(run_files.read_class_names, path, problems) or ()
    index, wrong = checkpoint_index.read_index(path / "checkpoints")
    if wrong:
        problems.append(str(run_files.damaged("checkpoints/index.json", wrong)))
    state, stalled = _judge(status or Status(), launched)
    if unreadable and state in ("queued", "failed") and not is_alive(*launched):
        state = "unreadable"
    if state in ("queued", "running") and (path / "stop").exists():
        state = "stopping"
    weights = checkpoint_index.weights_file(path / "checkpoints", index)
    return Run(
        display_name(path.name),
        path,
        recipe,
        created,
        status or Status(),
        state,
        stalled,
        names,
        weights,
        tuple(problems),
    )


def _kept(read: Callable[[Path], T], path: Path, problems: list[str]) -> T | None:
    """What a file of a run says; None where it is not there, or damaged, which is put down as a problem."""
    try:
        return read(path)
    except FileNotFoundError:
        return None
    except DamagedFile as error:
        problems.append(str(error))
        return None


def list_runs(runs: Path | None = None) -> tuple[Run | UnreadableRun, ...]:
    """All runs of a directory, the newest first, also those that cannot be read; what is no run is left out."""
    folder = Path(runs or runs_folder())
    try:
        names = [name for name in os.listdir(folder) if not name.startswith(".")]
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise RunError(
            f"The folder of runs {display_name(folder)} cannot be read ({error.strerror}): change its rights, or "
            "choose another in ALEXNET_VIZ_RUNS."
        ) from error
    readable = [run for name in names if (run := _read_any(folder / name)) is not None]
    return tuple(sorted(readable, key=lambda run: (run.created, run.id), reverse=True))


def _read_any(path: Path) -> Run | UnreadableRun | None:
    """A run, readable or not; None for what is no run."""
    try:
        return read_run(path) if _is_run(path) else None
    except DamagedFile as error:
        return UnreadableRun(display_name(path.name), path, _changed(path), (str(error),))
    except RunError:  # deleted at this moment
        return None


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def read_status(path: Path) -> Status:
    """The status last written; a queued one if there is none yet, or it is damaged, with the attempt that rows name."""
    problems: list[str] = []
    status = _kept(run_files.read_status, path, problems)
    if status is None and problems:  # such as when the power failed before it reached the disk
        return Status(attempt=max((row["attempt"] for row in read_metrics(path).rows), default=0))
    return status or Status()


def class_names(path: Path) -> tuple[str, ...]:
    """The names of a run's classes, in order; none before its worker has read the data."""
    return _kept(run_files.read_class_names, path, []) or ()


def read_notes(path: Path) -> str:
    """What people wrote about a run. Raises DamagedFile."""
    try:
        return run_files.read_notes(path)
    except FileNotFoundError:
        return ""


def write_notes(path: Path, text: str) -> None:
    """Keep the notes on a run; nothing leaves no file behind. Raises RunError."""
    permissions.require("runs")
    with changing(path, "The notes cannot be kept"):
        if text.strip():
            write_atomically(path / "notes.txt", text.encode("utf-8", "replace"))
        else:
            (path / "notes.txt").unlink(missing_ok=True)


@contextmanager
def changing(run: Path, what: str) -> Iterator[None]:
    """Around what writes into a run's directory: RunError for a run that is gone; OSError becomes one with ``what``."""
    gone = RunError(f"The run {display_name(run.name)} is gone: it was deleted, or its folder was moved.")
    if not _is_run(run):
        raise gone
    try:
        yield
    except OSError as error:
        if not _is_run(run):
            raise gone from error
        raise RunError(
            f"{display_name(what)} ({error.strerror or error}): free some space, or change the rights of "
            f"{display_name(run)}."
        ) from error


def read_index(path: Path) -> Index:
    """The good checkpoints by name: ``last`` (the newest first) and ``best`` (or None)."""
    return checkpoint_index.read_index(path / "checkpoints")[0]


# --- is it alive? --------------------------------------------------------------------------------


def read_launch(path: Path) -> ProcessId:
    """The process that was launched for a run; none if none was, or its file is damaged."""
    return _kept(run_files.read_launch, path, []) or ProcessId()


def write_launch(path: Path, process: ProcessId) -> None:
    replace_json(path / "launch.json", process._asdict())


def _judge(status: Status, launched: ProcessId) -> tuple[str, bool]:
    """(state, stalled) of a run: a process that is not there cannot be running, whatever the status says."""
    if launched.pid not in (0, status.pid, status.agent) and is_alive(*launched):
        return "queued", False  # a new attempt, which has not said anything yet
    if status.state in ENDED:
        return status.state, False
    if status.host not in ("", socket.gethostname()):
        # Another machine's processes cannot be seen from here, and only the clocks on the wall can be compared.
        return status.state, time.time() - status.heartbeat > STALLED_AFTER
    if is_alive(*status.process):
        return status.state, _is_silent(status)
    if is_alive(*status.agent_process) or is_alive(*launched):
        return status.state, False  # torchrun is about to start it again
    return ("failed" if status.pid or launched.pid else "queued"), False


def _is_silent(status: Status) -> bool:
    """Whether a living process of this machine has not written its status for long, by the monotonic clock."""
    if status.heartbeat_monotonic:  # one clock for all processes of a machine, on Linux and macOS
        return time.monotonic() - status.heartbeat_monotonic > STALLED_AFTER
    return time.time() - status.heartbeat > STALLED_AFTER


def log_tail(path: Path, lines: int = 20) -> str:
    """The last lines that the worker printed. Raises DamagedFile."""
    try:
        return run_files.read_log_tail(path, lines)
    except FileNotFoundError:
        return ""


# --- metrics -------------------------------------------------------------------------------------


def read_metrics(path: Path, offset: int = 0) -> Metrics:
    """The rows from a byte offset on, the offset to go on from, and what is wrong with the rest, in one sentence.

    A torn last line waits for its end.
    """
    try:
        return run_files.read_metrics(path, offset)
    except FileNotFoundError:
        return Metrics([], 0)
    except DamagedFile as error:
        return Metrics([], offset, str(error))


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
            raise RunError(
                f"The run {display_name(path.name)} is being trained by another process: wait, or stop it."
            ) from error
        yield


def append_metrics(path: Path, row: dict) -> None:
    """Add one row, in one write."""
    line = json.dumps(row, allow_nan=False) + "\n"
    with open(path / "metrics.jsonl", "ab", buffering=0) as file:
        file.write(line.encode())


def cut_torn_line(path: Path) -> None:
    """Remove what a killed worker left of its last row."""
    rows = path / "metrics.jsonl"
    if rows.exists():
        with changing(path, "metrics.jsonl cannot be written to"), open(rows, "r+b") as file:
            file.truncate(file.read().rfind(b"\n") + 1)


def write_class_names(path: Path, names: tuple[str, ...]) -> None:
    """Written once and flushed to the disk: nothing else tells what the classes are called."""
    write_atomically(path / "classes.json", _encoded(list(names)))


def write_status(path: Path, status: Status) -> None:
    """Replace the status; on a full disk, where a worker must still be able to say so, the old one is written over."""
    values = dataclasses.asdict(status)
    try:
        replace_json(path / "status.json", values)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _write_over(path / "status.json", _encoded(values))


def _write_over(path: Path, data: bytes) -> None:
    """Write a JSON file in the room that it has, in one write; blanks behind a value are as good as none."""
    with open(path, "r+b", buffering=0) as file:
        file.write(data.ljust(os.fstat(file.fileno()).st_size))


def replace_json(path: Path, value: dict | list) -> None:
    """Replace a small file so that readers see the old or the new one. Not forced to the disk: it comes each second."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(_encoded(value))
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _encoded(value: dict | list) -> bytes:
    return json_text(value, indent=1).encode()
