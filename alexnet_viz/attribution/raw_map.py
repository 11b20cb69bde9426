"""A method's result before it is labelled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class RawMap:
    """``values`` (1, h, w); ``checks`` and ``notes`` as in Attribution."""

    values: Tensor
    checks: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def completeness(values: Tensor, change: float) -> dict[str, float]:
    """How far a map that should add up to the target's change does: Captum's convergence delta, Σ − change.

    ``missed`` is its size as a share of the change.
    """
    delta = float(values.cpu().double().sum()) - change
    return {"target's change": change, "convergence delta": delta, "missed": abs(delta) / max(abs(change), 1e-30)}
