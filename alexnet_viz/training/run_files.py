"""Every file of a run's directory, read and checked into a value: the one place that decides what can be read.

Anything may have happened to such a file: a full disk, a power failure, an editor, a newer version of the app. Each
function here returns a value of the right type within its bounds, or raises DamagedFile, whose text says which file it
is, what is wrong with it and what to do; or FileNotFoundError where the file is not there. No torch here.
"""

from __future__ import annotations

import dataclasses
import io
import math
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import numpy as np

from alexnet_viz.disk import Malformed, parse_json, read_bytes, wrong_with
from alexnet_viz.display import display_name
from alexnet_viz.errors import DamagedFile, RecipeError
from alexnet_viz.training.processes import ProcessId
from alexnet_viz.training.recipe import Recipe

STATES = ("queued", "running", "stopping", "stopped", "finished", "failed")
_SMALL = 4 << 20  # bytes of config, status, launch and notes
_NAMES = 16 << 20  # bytes of classes.json
_METRICS = 256 << 20
_ARRAYS = 256 << 20  # of an .npz, also unpacked
_TEXT = 4000  # characters of a status's text that are kept
_NAME = 1000  # characters of a class's name
_LATE = 1e11  # seconds since 1970: the year 5138

_AGAIN = "Resume goes on from the last checkpoint and writes it anew"
MEND = {
    "config.json": "put it back from a copy, or delete the run",
    "status.json": _AGAIN,
    "launch.json": _AGAIN,
    "classes.json": "classes go by their numbers; it is written anew when the run is resumed",
    "checkpoints/index.json": "the newest checkpoint takes the place of the best; the next one writes it anew",
    "metrics.jsonl": "the curves show what can be read",
    "answers.npz": "the next best epoch writes it anew; all else about the run stands",
    "snapshots": "the film lacks this picture",
    "notes.txt": "put it right by hand, or delete it",
    "log.txt": "delete it, the next attempt begins another",
}


@contextmanager
def _reading(file: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, Malformed) as error:
        raise damaged(file, wrong_with(error)) from error


def damaged(file: str, what: str) -> DamagedFile:
    """The error for a file of a run, by its place in the run's directory, with what is wrong with it."""
    return DamagedFile(f"{file} {what}: {MEND[file if file in MEND else file.partition('/')[0]]}.")


# --- config.json ---------------------------------------------------------------------------------


def read_config(run: Path) -> tuple[Recipe, float]:
    """(recipe, when the run was made, in seconds since 1970)."""
    with _reading("config.json"):
        return _config(read_bytes(run / "config.json", _SMALL))


@lru_cache(maxsize=256)
def _config(data: bytes) -> tuple[Recipe, float]:
    config = parse_json(data)
    if not isinstance(config, dict) or not isinstance(config.get("recipe"), dict):
        raise Malformed("holds no recipe")
    created = config.get("created")
    if created is None or not _is_number(created) or not 0 <= created < _LATE:
        raise Malformed("does not say when the run was made")
    known = {setting.name for setting in dataclasses.fields(Recipe)}
    if newer := [name for name in config["recipe"] if name not in known]:
        raise DamagedFile(
            f"config.json has the setting {display_name(newer[0])[:40]!r}, which this version does not know: the run "
            "was made by a newer version of the app, open it with that one."
        )
    try:
        return Recipe.from_dict(config["recipe"]), float(created)
    except (RecipeError, OverflowError) as error:  # a whole number beyond all floats
        raise Malformed(f"holds a recipe that cannot work ({display_name(error).rstrip('.')[:400]})") from error


# --- status.json, launch.json --------------------------------------------------------------------


def _setting(default: Any, high: float = 2**53) -> Any:
    return field(default=default, metadata={"high": high})


@dataclass(frozen=True)
class Status:
    """Where a run stands, as its worker last wrote it. Times are seconds since 1970; steps are counted from 0.

    ``state``: queued, running, stopping, stopped, finished, failed. ``pid``, ``started`` and ``birth`` name the process
    (see ``ProcessId``), ``heartbeat`` is its sign of life, ``heartbeat_monotonic`` the same by the machine's clock
    that nobody sets, and ``progressed`` when it last got on. ``activity`` says what it does. ``agent`` is the torchrun
    above it, if any.
    """

    state: str = "queued"
    pid: int = _setting(0, 2**31 - 1)
    started: float = 0.0
    agent: int = _setting(0, 2**31 - 1)
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
    best_top1: float | None = _setting(None, 1)
    error: str = ""
    about: dict[str, Any] = field(default_factory=dict)  # device, precision, threads, versions, data
    birth: str = ""
    agent_birth: str = ""
    heartbeat_monotonic: float = 0.0

    @property
    def process(self) -> ProcessId:
        return ProcessId(self.pid, self.started, self.birth)

    @property
    def agent_process(self) -> ProcessId:
        return ProcessId(self.agent, self.agent_started, self.agent_birth)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the worker has to say about its choices."""
        return tuple(self.about.get("notes", ()))


_KINDS = get_type_hints(Status)


def read_status(run: Path) -> Status:
    """What status.json says; fields that it lacks have their defaults, those of newer versions are passed over."""
    with _reading("status.json"):
        return _status(read_bytes(run / "status.json", _SMALL))


@lru_cache(maxsize=256)
def _status(data: bytes) -> Status:
    values = parse_json(data)
    if not isinstance(values, dict):
        raise Malformed("holds no status")
    known = {f.name: f for f in dataclasses.fields(Status)}
    status = Status(**{name: _checked(known[name], value) for name, value in values.items() if name in known})
    if status.state not in STATES:
        raise Malformed(f"names the state {status.state[:40]!r}, which there is not")
    return status


def _checked(setting: dataclasses.Field, value: Any) -> Any:
    """A status's value in its field's type and bounds."""
    kind, name = _KINDS[setting.name], setting.name
    if kind is str and isinstance(value, str):
        text = display_name(value)
        return text if len(text) <= _TEXT else text[:_TEXT] + " …"
    if kind is int and type(value) is int and 0 <= value <= setting.metadata.get("high", 2**53):
        return value
    if kind in (float, float | None) and _is_number(value) and 0 <= value <= setting.metadata.get("high", 1e15):
        return float(value)
    if kind == (float | None) and value is None:
        return None
    if name == "about" and isinstance(value, dict):
        notes = value.get("notes", [])
        if isinstance(notes, list) and all(isinstance(note, str) for note in notes):
            return value | {"notes": [display_name(note)[:_TEXT] for note in notes[:100]]}
    raise Malformed(f"holds for {name} {display_name(repr(value))[:40]}, which it cannot be")


def read_launch(run: Path) -> ProcessId:
    """The process that was launched for the run."""
    with _reading("launch.json"):
        return _launch(read_bytes(run / "launch.json", _SMALL))


@lru_cache(maxsize=256)
def _launch(data: bytes) -> ProcessId:
    value = parse_json(data)
    if not isinstance(value, dict):
        raise Malformed("names no process")
    pid, started, birth = value.get("pid"), value.get("started"), value.get("birth", "")
    if (
        not isinstance(pid, int)
        or isinstance(pid, bool)
        or not 0 < pid < 2**31
        or started is None
        or not _is_number(started)
        or not isinstance(birth, str)
    ):
        raise Malformed("names no process")
    return ProcessId(pid, float(started), birth)


# --- classes.json, notes.txt, log.txt ------------------------------------------------------------


def read_class_names(run: Path) -> tuple[str, ...]:
    """The names of the run's classes, in order."""
    with _reading("classes.json"):
        return _names(read_bytes(run / "classes.json", _NAMES))


@lru_cache(maxsize=64)
def _names(data: bytes) -> tuple[str, ...]:
    names = parse_json(data)
    if not isinstance(names, list) or not all(isinstance(name, str) and 0 < len(name) <= _NAME for name in names):
        raise Malformed("is no list of class names")
    return tuple(map(display_name, names))


def read_notes(run: Path) -> str:
    """What people wrote about the run."""
    with _reading("notes.txt"):
        return read_bytes(run / "notes.txt", _SMALL).decode("utf-8", "replace")


def read_log_tail(run: Path, lines: int) -> str:
    """The last lines that the worker printed."""
    with _reading("log.txt"):
        end = read_bytes(run / "log.txt", _SMALL, offset=-200 * lines)
    return "\n".join(end.decode(errors="replace").splitlines()[-lines:])


# --- metrics.jsonl -------------------------------------------------------------------------------


_PLAIN = {float, type(None)}  # of a row's numbers: the figures leave out what is infinite


class Metrics(NamedTuple):
    """Rows, the byte offset to go on from, and what is wrong with the lines that are none ("" for nothing)."""

    rows: list[dict]
    offset: int
    problem: str = ""


def read_metrics(run: Path, offset: int) -> Metrics:
    """The rows from a byte offset on; a torn last line waits for its end, other lines that are no rows are left out."""
    with _reading("metrics.jsonl"):
        data = read_bytes(run / "metrics.jsonl", _METRICS, offset)
    whole = data[: data.rfind(b"\n") + 1]
    rows, wrong = [], []
    for read in _parsed(whole.splitlines()):
        try:
            rows.append(_row(read()))
        except Malformed as error:
            wrong.append(str(error))
    problem = f"holds {len(wrong):,} {'lines that are no rows' if len(wrong) > 1 else 'line that is no row'}"
    problem = str(damaged("metrics.jsonl", f"{problem} (it {wrong[0]})")) if wrong else ""
    return Metrics(rows, offset + len(whole), problem)


def _parsed(lines: list[bytes]) -> Iterator[Callable[[], Any]]:
    """What gives each line's value, or raises Malformed; all parsed at once, in half the time, if all are JSON."""
    try:
        values = parse_json(b"[" + b",".join(lines) + b"]")
    except Malformed:
        values = []
    if len(values) == len(lines):
        return (partial(_same, value) for value in values)
    return (partial(parse_json, line) for line in lines)


def _same(value: Any) -> Any:
    return value


def _row(row: Any) -> dict:
    if not isinstance(row, dict) or row.get("split") not in ("train", "val"):
        raise Malformed("belongs to no split")
    for name, low in (("step", 1), ("epoch", 0), ("attempt", 1)):
        if type(row.get(name)) is not int or not low <= row[name] <= 2**53:
            raise Malformed(f"has no {name}")
    try:
        measures = [row["loss"], row["top1"], row["top5"]]
        if row["split"] == "train":
            timing = row["timing"]
            measures += [row["learning_rate"], timing["images_per_second"], timing["data_share"], timing["memory"] + 0]
            measures += [*row["grad_norm"].values(), *row["dead"].values()]
    except (KeyError, TypeError, AttributeError) as error:
        raise Malformed("lacks some of its measures") from error
    if set(map(type, measures)) - _PLAIN and not all(value is None or _is_number(value) for value in measures):
        raise Malformed("holds for a measure what is no number")
    return row


# --- answers.npz, snapshots ----------------------------------------------------------------------


def read_arrays(run: Path, file: str) -> dict[str, np.ndarray]:
    """The arrays of an .npz file, all finite numbers; nothing in it is run (no pickles)."""
    with _reading(file):
        data = read_bytes(run / file, _ARRAYS)
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as members:
                size = sum(member.file_size for member in members.infolist())
            if size > _ARRAYS:
                raise Malformed(f"unpacks to more than {_ARRAYS:,} bytes")
            with np.load(io.BytesIO(data), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
        except Malformed:
            raise
        except Exception as error:  # zipfile, zlib and numpy raise nearly anything
            raise Malformed("is damaged") from error
        for name, array in arrays.items():
            if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
                raise Malformed(f"holds values of {display_name(name)[:40]} that are no numbers")
        return arrays


def check_arrays(file: str, right: bool, what: str = "holds arrays that do not fit together") -> None:
    """Raise DamagedFile for arrays that were read from a file of the run, unless they are ``right``."""
    if not right:
        raise damaged(file, what)


def _is_number(value: Any) -> bool:
    """A finite number, small enough for a float."""
    return type(value) in (int, float) and (type(value) is float or abs(value) < 2**63) and math.isfinite(value)
