"""Where a run's photos are now: its recipe, which never changes, says where they were when it was made.

A run directory's data.json holds ``data``, the place as a recipe names it, and ``files``, the hash of the photos'
paths, sizes and classes (``DataSummary.files``), by which another place is known to hold the same ones.
"""

from __future__ import annotations

import os
from pathlib import Path

from alexnet_viz import permissions
from alexnet_viz.disk import Malformed, read_json, write_atomically
from alexnet_viz.display import display_name, json_text
from alexnet_viz.errors import DataError, RecipeError, RunError
from alexnet_viz.progress import TextProgress
from alexnet_viz.training import data, runs
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.training.summary import DataSummary

_FILE = "data.json"
_LIMIT = 1 << 20  # bytes


def current_recipe(run: Path, recipe: Recipe) -> Recipe:
    """A run's recipe with the place where its photos are now. RunError if data.json is damaged."""
    try:
        return recipe.changed(data=_read(run)["data"])
    except FileNotFoundError:
        return recipe
    except (OSError, Malformed, KeyError, TypeError, RecipeError) as error:
        raise RunError(
            f"{run / _FILE} is damaged: say anew where the photos are, with resume {run.name} --data PLACE."
        ) from error


def remember(run: Path, recipe: Recipe, summary: DataSummary | None) -> None:
    """Note which photos a run begins with, once."""
    if summary and not (run / _FILE).exists():
        _write(run, recipe.data, summary.files)


def move(run: Path, place: str, on_progress: TextProgress = lambda _: None) -> DataSummary | None:
    """Let a run go on with its photos at another place, a path; DataError if they are not there, or not the same.

    A run that noted no hash (by an earlier version, or of CIFAR-10) is checked by its worker when it goes on.
    """
    permissions.require("runs")
    record = runs.read_run(run)
    source = record.recipe.data.partition(":")[0]
    if source == "textures":
        raise DataError(f"The run {run.name} trains on textures, which are drawn by formula: resume it without --data.")
    if record.state in ("running", "stopping"):
        raise RunError(f"The run {run.name} is under way: stop it before you say where its photos are.")
    path = os.path.abspath(os.path.expanduser(place.removeprefix(f"{source}:")))
    recipe = record.recipe.changed(data=f"{source}:{path}")
    summary = data.examine(recipe, on_progress)
    try:
        known = _read(run)["files"]
    except (OSError, Malformed, KeyError, TypeError):
        known = ""
    if known and summary and summary.files != known:
        raise DataError(
            f"The photos in {display_name(path)} ({summary.headline}) are not those that the run {run.name} began "
            "with: a photo more or less, another size or another folder's name is enough. Nothing was changed."
        )
    _write(run, recipe.data, known or (summary.files if summary else ""))
    return summary


def _read(run: Path) -> dict:
    return read_json(run / _FILE, _LIMIT)


def _write(run: Path, place: str, files: str) -> None:
    try:
        write_atomically(run / _FILE, (json_text({"data": place, "files": files}, indent=1) + "\n").encode())
    except OSError as error:
        raise RunError(
            f"{run} cannot be written to ({error.strerror}): free some space or change its rights."
        ) from error
