"""What is explained: one number of the network. Always a logit or a unit's value, never a probability.

After a softmax every class depends on all others, and a sure answer leaves hardly any gradient.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alexnet_viz.errors import AttributionError

CLASSES = "fc8"  # the layer whose outputs are the logits


@dataclass(frozen=True)
class Target:
    """A class's logit, the difference of two logits, or a unit of any layer.

    ``index`` is the class or the layer's channel; ``against`` the class that is taken off; ``y``, ``x`` the place on
    the channel's map, without which the mean over the map is meant.
    """

    index: int
    against: int | None = None
    layer: str = CLASSES
    y: int | None = None
    x: int | None = None

    @staticmethod
    def of_class(index: int) -> Target:
        return Target(index)

    @staticmethod
    def contrast(index: int, against: int) -> Target:
        """Why this class and not that one: logit A − logit B."""
        return Target(index, against)

    @staticmethod
    def unit(layer: str, channel: int, y: int | None = None, x: int | None = None) -> Target:
        return Target(channel, None, layer, y, x)

    def of(self, values: Any) -> Any:
        """The target's value for each of a batch: the layer's outputs (B, …) → (B,); numpy or torch."""
        one = values[:, self.index]
        if self.against is not None:
            return one - values[:, self.against]
        if one.ndim == 3:
            return one.mean((1, 2)) if self.y is None else one[:, self.y, self.x]
        return one

    def check(self, shapes: Mapping[str, Sequence[int]]) -> None:
        """Raise AttributionError unless the unit exists; ``shapes`` are the layers' outputs without the batch."""
        shape = shapes.get(self.layer)
        if shape is None:
            raise AttributionError(f"There is no layer {self.layer!r}: choose one of {', '.join(shapes)}.")
        for index in (self.index, self.against):
            if index is not None and not 0 <= index < shape[0]:
                kind = "class" if self.layer == CLASSES else "channel"
                raise AttributionError(f"{self.layer} has no {kind} {index}: choose 0 to {shape[0] - 1}.")
        if self.index == self.against:
            raise AttributionError("A class against itself is always zero: choose two different classes.")
        if (self.y is None) != (self.x is None):
            raise AttributionError("A place on a map needs both y and x.")
        if self.y is not None and self.x is not None:
            if len(shape) != 3:
                raise AttributionError(f"{self.layer} has no map: leave out the place.")
            if not (0 <= self.y < shape[1] and 0 <= self.x < shape[2]):
                raise AttributionError(f"{self.layer}'s maps are {shape[1]}×{shape[2]}: the place lies outside.")

    def describe(self, categories: Sequence[str] = ()) -> str:
        """In words; class numbers where there are no names."""
        if self.layer == CLASSES:
            names = [
                categories[index] if index < len(categories) else f"class {index}"
                for index in (self.index, self.against)
                if index is not None
            ]
            return " minus ".join(f"logit of {name}" for name in names)
        if self.y is not None:
            return f"{self.layer}, channel {self.index} at row {self.y}, column {self.x}"
        return f"{self.layer}, channel {self.index}"


def counterpart(target: Target, categories: Sequence[str], others: Sequence[str]) -> tuple[Target | None, list[str]]:
    """The same question to a network with other classes, by their names; and the names that it does not know.

    Without the second class of a contrast the first is left; without the first there is no such question.
    """
    if target.layer != CLASSES:
        return target, []
    names = [categories[index] for index in (target.index, target.against) if index is not None]
    synonyms: dict[str, int] = {}
    for index, label in enumerate(others):
        for one in (label, *label.split(", ")):
            synonyms.setdefault(one.casefold(), index)
    found = [
        next((synonyms[one.casefold()] for one in (name, *name.split(", ")) if one.casefold() in synonyms), None)
        for name in names
    ]
    missing = [name for name, index in zip(names, found, strict=True) if index is None]
    if found[0] is None:
        return None, missing
    return Target(found[0], found[1] if len(found) > 1 and found[1] != found[0] else None), missing


def class_index(name: str, categories: Sequence[str]) -> int:
    """The class of a name, or of one of its synonyms ("tabby, tabby cat"), whatever its capitals, or of a number.

    Raises AttributionError with the nearest names.
    """
    wanted = name.strip().casefold()
    folded = [one.casefold() for one in categories]
    found = [index for index, one in enumerate(folded) if wanted in (one, *one.split(", "))]
    if not found and wanted.isdecimal() and int(wanted) < len(categories):
        return int(wanted)
    if len(found) == 1:
        return found[0]
    if found:
        numbers = " and ".join(map(str, found))
        raise AttributionError(f"There are several classes {name!r}: give the number, {numbers}.")
    near = [index for index, one in enumerate(folded) if wanted and wanted in one]
    near += [folded.index(one) for one in difflib.get_close_matches(wanted, folded, 5, 0.6)]
    names = ", ".join(categories[index] for index in list(dict.fromkeys(near))[:5])
    advice = f"did you mean {names}?" if names else f"give a name it has, or a number from 0 to {len(categories) - 1}."
    raise AttributionError(f"This network has no class {name!r}: {advice}")
