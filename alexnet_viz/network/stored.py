"""What a checkpoint holds, before any of its values is read. No torch here: names, shapes and kinds alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

FLOATS = ("float32", "float16", "bfloat16", "float64")  # what a network's parameters can be kept in
COUNTS = ("int64", "int32", "int16", "int8", "uint8", "bool")  # counters, masks and lists beside them


@dataclass(frozen=True, eq=False)
class StoredTensor:
    """A tensor in a file: its shape, and what its values are kept as ("float16", but also "sparse" or "quantised").

    ``read`` makes the tensor. ``fault`` says, for a tensor that must not be made, what is wrong with it: its layout
    reaches beyond its bytes, or repeats them.
    """

    shape: tuple[int, ...]
    kind: str
    read: Callable[[], Tensor]
    fault: str = ""

    @property
    def numel(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Contents:
    """A checkpoint, opened. ``tree`` is what it holds, dicts and lists down to StoredTensor and plain values.

    ``beside`` is what stands apart from the tensors (a safetensors file's metadata), ``description`` what this app
    wrote beside the weights, None in the files of others. ``foreign`` names the classes of the objects in it that are
    no plain data; none of them was loaded.
    """

    tree: Any
    beside: dict[str, Any] = field(default_factory=dict)
    description: dict[str, Any] | None = None
    foreign: tuple[str, ...] = ()
