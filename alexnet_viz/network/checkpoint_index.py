"""Which checkpoints of a run are whole, its ``checkpoints/index.json``, and what it kept beside them. No torch here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypedDict

from alexnet_viz.disk import Malformed, read_json, wrong_with

_LIMIT = 1 << 20  # bytes
_NAME = re.compile(r"step-[0-9]{1,15}")


class Index(TypedDict):
    """The good checkpoints by name: ``last`` (the newest first) and ``best`` (or None)."""

    last: list[str]
    best: str | None


def read_index(folder: Path) -> tuple[Index, str]:
    """(index, what is wrong) of a folder of checkpoints; without index.json there are none.

    Where it is damaged, the checkpoints are taken whose two files are there: each appears whole or not at all.
    """
    try:
        return _checked(read_json(folder / "index.json", _LIMIT)), ""
    except FileNotFoundError:
        return {"last": [], "best": None}, ""
    except (OSError, Malformed) as error:
        whole = {file.name.partition(".")[0] for file in folder.glob("step-*.state.pt")}
        names = [file.stem for file in folder.glob("step-*.safetensors")]
        names = [name for name in names if name in whole and _NAME.fullmatch(name)]
        names.sort(key=lambda name: int(name.removeprefix("step-")), reverse=True)
        return {"last": names, "best": None}, wrong_with(error)


def weights_file(folder: Path, index: Index) -> Path | None:
    """The weights of the best checkpoint that is there, else of the last; None while there is none."""
    names = [index["best"]] * (index["best"] is not None) + index["last"]
    files = (folder / f"{name}.safetensors" for name in names)
    return next((file for file in files if file.is_file()), None)


def kept_file(run: Path, step: int) -> Path:
    """Where a run keeps the whole weights that it had after a step, there or not."""
    return run / "kept" / f"step-{step:08d}.safetensors"


def kept_steps(run: Path) -> tuple[int, ...]:
    """The steps after which a run kept its whole weights, in order."""
    names = [file.stem for file in (run / "kept").glob("step-*.safetensors")]
    steps = sorted(int(name.removeprefix("step-")) for name in names if _NAME.fullmatch(name))
    return tuple(step for step in steps if kept_file(run, step).is_file())


def _checked(value: Any) -> Index:
    if not isinstance(value, dict) or not isinstance(value.get("last"), list) or "best" not in value:
        raise Malformed("names no checkpoints")
    for name in [*value["last"], *[value["best"]] * (value["best"] is not None)]:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise Malformed("names something that is no checkpoint")
    return {"last": value["last"], "best": value["best"]}
