"""What a method hands back before it is labelled."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class Found:
    """``values`` (1, h, w); ``checks`` and ``notes`` as in Attribution."""

    values: Tensor
    checks: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
