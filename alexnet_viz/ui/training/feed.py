"""What the browser asks for while a run goes on, over HTTP: a rerun would make it render the whole page, 50 ms a time.

The page draws the same values itself at first, so that only the film is missing where this door is shut.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from alexnet_viz.components.line_charts import encoded
from alexnet_viz.errors import RunError
from alexnet_viz.figures import training as figures
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.training import runs
from alexnet_viz.ui.hosts import app_path
from alexnet_viz.ui.training import duration, film

_FEED = "feed"  # what all its addresses begin with
_EARLY = 60.0  # seconds: later a second adds less to a curve than can be seen
SMOOTHEST = 0.95  # weight of the past in a smoothed curve; 1 would never move
_SLOWLY = 5.0  # seconds between two pictures of what goes on inside


class _Followed:
    """A run's rows, read once for all who watch: only what is new is read at each look.

    ``problem`` says what is wrong with lines that could not be read.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._guard = path, threading.Lock()
        self._offset = 0
        self._all: list[dict] = []
        self._latest: list[dict] = []
        self.problem = ""

    def rows(self) -> list[dict]:
        with self._guard:
            fresh, offset, problem = runs.read_metrics(self._path, self._offset)
            self._offset = max(offset, self._offset)  # what was read stays, also when the file is gone
            self.problem = self.problem or problem
            if fresh:
                self._all += fresh
                self._latest = runs.latest(self._all)
            return self._latest


_followed: LRUCache[_Followed] = LRUCache(16)
_charts: LRUCache[str] = LRUCache(4 << 20, len)


def _following(run: runs.Run) -> _Followed:
    return _followed.get((run.path, run.created), lambda: _Followed(run.path))


def rows_of(run: runs.Run) -> list[dict]:
    """The rows of a run that count so far; those that were read once stay when the run is gone."""
    return _following(run).rows()


def problem_of_rows(run: runs.Run) -> str:
    """What is wrong with its metrics.jsonl, in a sentence; "" for nothing."""
    return _following(run).problem


def marks(run: runs.Run) -> str:
    """What the rest of the page depends on: it runs anew when this changes."""
    ready, rows = run.weights is not None, bool(rows_of(run))
    wrong = [*run.problems, problem_of_rows(run)]
    return json.dumps([run.state, run.stalled, run.status.best_top1, ready, rows, run.status.notes, wrong])


def progress(run: runs.Run) -> dict[str, Any]:
    """How far a run is: its state, the share that is done, and all that in words."""
    status, parts = run.status, []
    if run.state in runs.ACTIVE and status.activity:
        parts.append(status.activity)
    if status.steps:
        epochs = run.recipe.epochs
        parts.append(f"epoch {min(epochs, status.epoch + 1)} of {epochs}")
        parts.append(f"step {status.step:,} of {status.steps:,}")
    if run.state == "running" and status.seconds_left:
        parts.append(f"{duration(status.seconds_left)} left")
    if run.state in runs.ACTIVE and status.images_per_second:
        parts.append(f"{status.images_per_second:.0f} images/s")
    if status.best_top1 is not None:
        parts.append(f"best top\N{NON-BREAKING HYPHEN}1 {status.best_top1:.1%}")
    share = min(1.0, status.step / status.steps) if status.steps else 0.0
    detail = " · ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts)
    return {"state": run.state, "detail": detail, "share": share, "marks": marks(run)}


def curves(run: runs.Run, accuracy: str = "top1", smooth: float = 0.6, log: bool = False) -> str:
    """Loss and accuracy over the steps, encoded for the browser; drawn once for all who look."""
    rows, shown = rows_of(run), ("loss", accuracy)
    steps = run.status.steps if run.state in runs.ACTIVE else 0
    key = (*_stand(run, rows), accuracy, smooth, log, steps)
    return _charts.get(
        key, lambda: encoded([figures.curves(rows, measure, smooth=smooth, log=log, steps=steps) for measure in shown])
    )


def inside(run: runs.Run) -> str:
    """What goes on inside, encoded for the browser; of a run that goes on, every few seconds is enough."""
    rows = [row for row in rows_of(run) if row["split"] == "train"]
    active = run.state in runs.ACTIVE and rows
    key = (run.path, run.created, int(time.monotonic() / _SLOWLY)) if active else _stand(run, rows)
    return _charts.get((*key, "inside"), lambda: encoded(figures.inside(rows)))


def _stand(run: runs.Run, rows: list[dict]) -> tuple:
    return run.path, run.created, len(rows), rows[-1]["attempt"] if rows else 0


# --- over HTTP -----------------------------------------------------------------------------------


def source(run: runs.Run, what: str, **how: Any) -> str:
    """The address of a run's ``progress``, ``curves``, ``inside`` or ``film``.

    It is relative to the page: only the browser knows under which prefix a proxy shows the app, and every page lies
    directly under that.
    """
    return f"{_FEED}/{quote(run.id, safe='')}/{what}" + (f"?{urlencode(how)}" if how else "")


def pace(run: runs.Run, seconds: float) -> float:
    """How often to ask while a run goes on: so often in its first minute, then half as often; else never, 0."""
    return (seconds if time.time() - run.created < _EARLY else 2 * seconds) if run.state in runs.ACTIVE else 0


def routes() -> list[Route]:
    """The route that the app serves."""
    return [Route(app_path(_FEED, "{run}", "{what}"), _answer)]


def _answer(request: Request) -> Response:
    """The response to a browser; 404 with a sentence where there is no such run or part, or where it cannot be read."""
    try:
        answer = _responder(request.path_params["what"], request.query_params)
        return answer(runs.read_run(runs.run_named(request.path_params["run"])))
    except (RunError, FileNotFoundError) as error:  # a run's file may be deleted at this moment
        return PlainTextResponse(str(error) if isinstance(error, RunError) else "The run is gone.", 404)


def _responder(what: str, how: Mapping[str, str]) -> Callable[[runs.Run], Response]:
    """The function that responds; RunError if there is none."""
    accuracy, log = how.get("accuracy", "top1"), how.get("log") == "True"
    smooth = _number(how.get("smooth", "0.6"), float, 0, SMOOTHEST)
    first = _number(how["first"], int, 0, 2**31) if "first" in how else None
    if accuracy not in figures.MEASURES:
        raise RunError(f"There is no such measure: ask for {', '.join(figures.MEASURES)}.")
    answers = {
        "progress": lambda run: JSONResponse(progress(run)),
        "curves": lambda run: PlainTextResponse(curves(run, accuracy, smooth, log)),
        "inside": lambda run: PlainTextResponse(inside(run)),
        "film": lambda run: Response(film.frames(run, first), media_type="application/octet-stream"),
    }
    if what not in answers:
        raise RunError(f"There is nothing of that name: ask for {', '.join(answers)}.")
    return answers[what]


def _number(text: str, kind: type, low: float, high: float) -> Any:
    """A number of a question, within its bounds; RunError outside."""
    try:
        value = kind(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:  # also for NaN
        raise RunError(f"A number from {low:,} to {high:,} is needed.")
    return value
