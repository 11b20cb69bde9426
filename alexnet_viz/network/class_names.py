"""The names of the classes, where a training script saved them beside the weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_HINTS = ("class", "categor", "label", "name", "idx", "synset")  # what such an entry is called, among other things
_DEEPEST = 4
_LONGEST = 200  # characters of a name
_DISTINCT = 0.9  # share of the names that differ: ImageNet's 1,000 have two twins


def class_names(tree: Any, count: int) -> tuple[tuple[str, ...] | None, str]:
    """The names of ``count`` classes in a file's tree, None where it has none that fit, and a sentence on them.

    ``class_to_idx``, ``idx_to_class`` (numbers or their digits), ``classes`` and what else is called like that, down to
    four levels deep. They fit when they are as many as the network has outputs, are text, and differ.
    """
    wrong = ""
    for key, value in _entries(tree, 0, set()):
        if any(hint in key.lower() for hint in _HINTS) and (names := _listed(value)):
            if len(names) != count:
                wrong = wrong or (
                    f"The file names {len(names):,} classes ({key}) for {count:,} outputs: they are numbered instead."
                )
            elif _usable(names):
                return tuple(names), f"The names of the classes are the file's own ({key})."
    return None, wrong or "The file holds no usable names of classes: they are numbered."


def _entries(node: Any, depth: int, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Every entry of a tree's dicts, the nearest to the top first."""
    if not isinstance(node, Mapping) or depth > _DEEPEST or id(node) in seen:
        return
    seen.add(id(node))
    pairs = [(key, value) for key, value in node.items() if isinstance(key, str)]
    yield from pairs
    for _, value in pairs:
        yield from _entries(value, depth + 1, seen)


def _listed(value: Any) -> list[str] | None:
    """The names in the order of their numbers; None where a value is no such list or table."""
    if isinstance(value, Mapping):
        pairs = [(_number(key), name) for key, name in value.items()]
        if any(number is None for number, _ in pairs):
            pairs = [(_number(number), name) for name, number in value.items()]
        value = [name for _, name in sorted(pairs)] if _counted(pairs) else None
    if not isinstance(value, list | tuple) or not value or not all(isinstance(name, str) for name in value):
        return None
    return list(value)


def _number(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else None


def _counted(pairs: list[tuple[int | None, Any]]) -> bool:
    """Whether the pairs' numbers are 0, 1, 2 … in any order, and each has a name."""
    numbers = {number for number, _ in pairs}
    return numbers == set(range(len(pairs))) and all(isinstance(name, str) for _, name in pairs)


def _usable(names: list[str]) -> bool:
    text = all(name.strip() and len(name) <= _LONGEST and _encodes(name) for name in names)
    return text and len(set(names)) >= max(_DISTINCT * len(names), min(2, len(names)))


def _encodes(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
