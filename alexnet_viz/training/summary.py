"""A summary of training data: classes, photos, split, what is left out; for the page, the shell and the run's log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from alexnet_viz.training.listing import LeftOut

LOGGED = 20  # names of each kind that a log lists


@dataclass(frozen=True)
class DataSummary:
    """The classes of a data set with the numbers of their photos, its split, and what is not used.

    ``train`` and ``val`` count the photos of each of ``class_names``. ``split`` says where the validation photos come
    from. ``notes`` say what was understood that might have been meant otherwise. ``files`` is a hash of the photos'
    paths, sizes and classes, also of those that turn out to be damaged.
    """

    class_names: tuple[str, ...]
    train: tuple[int, ...]
    val: tuple[int, ...]
    split: str
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    files: str = ""

    @classmethod
    def of(cls, class_names: Sequence[str], train: np.ndarray, val: np.ndarray, split: str, **more: Any) -> DataSummary:
        """The summary of the labels of two sets, int64 (N,) each."""
        counts, val_counts = (
            tuple(np.bincount(labels, minlength=len(class_names)).tolist()) for labels in (train, val)
        )
        return cls(tuple(class_names), counts, val_counts, split, **more)

    @property
    def headline(self) -> str:
        """For example "2 classes, 24 photos: 12 to train on, 12 to validate (the folders train/ and valid/)"."""
        train, val = sum(self.train), sum(self.val)
        return (
            f"{len(self.class_names):,} classes, {train + val:,} photos: {train:,} to train on, {val:,} to validate "
            f"({self.split})"
        )

    def lines(self) -> list[str]:
        """All of it as text for a terminal or a log."""
        left_out = [
            f"left out: {kind.count:,} {kind.reason}: {', '.join(kind.names[:LOGGED])}"
            + (", …" if kind.count > LOGGED else "")
            for kind in self.left_out
        ]
        return [self.headline, *(f"note: {note}" for note in self.notes), *left_out]
