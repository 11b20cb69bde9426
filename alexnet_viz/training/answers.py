"""The predictions of a run's best epoch for every validation photo, with the photos it got most wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from alexnet_viz.disk import atomic_file
from alexnet_viz.training.run_files import check_arrays, read_arrays

SHOWN = 96  # photos kept
SHOWN_PER_MISTAKE = 4  # of one class taken for one other
SHOWN_SIDE = 112  # pixels
MOST_CLASSES = 2**20
_FILE = "answers.npz"


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers to N validation photos after ``step`` steps.

    ``index`` int (N,) is each photo's place in the validation set, ``label`` int (N,) its class, ``probability``
    float32 (N,) that of this class; ``top5`` int (N, ≤ 5) are the strongest classes with ``top5_probability`` float32.
    ``photos`` uint8 (M, S, S, 3) are what the network saw of the photos in rows ``shown`` int (M,), the most wrong
    first.
    """

    step: int
    index: np.ndarray
    label: np.ndarray
    probability: np.ndarray
    top5: np.ndarray
    top5_probability: np.ndarray
    shown: np.ndarray
    photos: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        """The strongest class of each photo, int (N,)."""
        return self.top5[:, 0]


def most_wrong(label: np.ndarray, probability: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Rows of the wrong answers, int (≤ SHOWN,): the least probability of the true class first.

    One kind of mistake (a class taken for another) has at most SHOWN_PER_MISTAKE.
    """
    rows: list[int] = []
    seen: dict[tuple[int, int], int] = {}
    wrong = np.flatnonzero(predicted != label)
    for row in wrong[np.argsort(probability[wrong], kind="stable")]:
        mistake = int(label[row]), int(predicted[row])
        seen[mistake] = seen.get(mistake, 0) + 1
        if seen[mistake] <= SHOWN_PER_MISTAKE:
            rows.append(int(row))
    return np.array(rows[:SHOWN], np.int64)


def confusion(label: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts int (classes, classes): row the true class, column the strongest one."""
    return np.bincount(label * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def write_answers(run: Path, answers: Answers) -> None:
    """Replace what was kept, as one file."""
    with atomic_file(run / _FILE) as file:
        np.savez(file, **vars(answers))


def read_answers(run: Path) -> Answers | None:
    """The answers of the best epoch so far; None before the first validation. Raises DamagedFile."""
    try:
        arrays = read_arrays(run, _FILE)
    except FileNotFoundError:
        return None
    arrays.setdefault("shown", np.zeros(0, np.int64))
    arrays.setdefault("photos", np.zeros((0, 1, 1, 3), np.uint8))
    check_arrays(_FILE, set(arrays) >= set(Answers.__dataclass_fields__), "lacks some of its arrays")
    answers = Answers(**cast("dict[str, Any]", {name: arrays[name] for name in Answers.__dataclass_fields__}))
    check_arrays(_FILE, _fits(answers))
    return replace(answers, step=int(answers.step))


def _fits(answers: Answers) -> bool:
    """Whether shapes, types and bounds are as the docstring says, and there is at least one answer."""
    rows, shown, five = answers.label.shape, answers.shown.shape, answers.top5.shape
    if len(rows) != 1 or rows[0] == 0 or len(shown) != 1 or len(five) != 2 or not 1 <= five[1] <= 5:
        return False
    shapes = {
        "step": (),
        "index": rows,
        "probability": rows,
        "top5": (*rows, five[1]),
        "top5_probability": five,
        "photos": (*shown, *answers.photos.shape[1:3], 3),
    }
    whole = ("step", "index", "label", "top5", "shown")
    if any(getattr(answers, name).shape != shape for name, shape in shapes.items()):
        return False
    if any(getattr(answers, name).dtype.kind not in "iu" for name in whole) or answers.photos.dtype != np.uint8:
        return False
    bounds = {"step": 2**53, "label": MOST_CLASSES, "top5": MOST_CLASSES, "shown": rows[0]}
    values = ((getattr(answers, name), high) for name, high in bounds.items())
    return all(array.size == 0 or (array.min() >= 0 and array.max() < high) for array, high in values)
