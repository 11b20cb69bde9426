"""The target of an attribution: one number of the network, a logit or a unit's value, never a probability.

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
        units = values[:, self.index]
        if self.against is not None:
            return units - values[:, self.against]
        if units.ndim == 3:
            return units.mean((1, 2)) if self.y is None else units[:, self.y, self.x]
        return units

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
        """In words; class numbers where there are no names.

        >>> Target.contrast(0, 1).describe(["cat", "dog"])
        'logit of cat minus logit of dog'
        >>> Target.unit("conv5", 37, 6, 6).describe()
        'conv5, channel 37 at row 6, column 6'
        """
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
        for synonym in (label, *label.split(", ")):
            synonyms.setdefault(synonym.casefold(), index)
    indices = [
        next(
            (synonyms[synonym.casefold()] for synonym in (name, *name.split(", ")) if synonym.casefold() in synonyms),
            None,
        )
        for name in names
    ]
    missing = [name for name, index in zip(names, indices, strict=True) if index is None]
    if indices[0] is None:
        return None, missing
    return Target(indices[0], indices[1] if len(indices) > 1 and indices[1] != indices[0] else None), missing


def class_index(name: str, categories: Sequence[str]) -> int:
    """The class of a name, or of one of its synonyms ("tabby, tabby cat"), whatever its capitals, or of a number.

    Raises AttributionError with the nearest names.

    >>> class_index("Tabby cat", ["goldfish", "tabby, tabby cat"])
    1
    """
    folded_name = name.strip().casefold()
    folded = [category.casefold() for category in categories]
    matches = [index for index, category in enumerate(folded) if folded_name in (category, *category.split(", "))]
    if not matches and folded_name.isdecimal() and int(folded_name) < len(categories):
        return int(folded_name)
    if len(matches) == 1:
        return matches[0]
    if matches:
        numbers = " and ".join(map(str, matches))
        raise AttributionError(f"There are several classes {name!r}: give the number, {numbers}.")
    near = [index for index, category in enumerate(folded) if folded_name and folded_name in category]
    near += [folded.index(category) for category in difflib.get_close_matches(folded_name, folded, 5, 0.6)]
    names = ", ".join(categories[index] for index in list(dict.fromkeys(near))[:5])
    advice = f"did you mean {names}?" if names else f"give a name it has, or a number from 0 to {len(categories) - 1}."
    raise AttributionError(f"This network has no class {name!r}: {advice}")
