"""Which classes a unit speaks for: by its weights where they lead straight to the logits, else by a lesion."""

from __future__ import annotations

import numpy as np

from alexnet_viz.inspection.lesion import silenced_logits
from alexnet_viz.inspection.model import Model
from alexnet_viz.units.objectives import CLASSES


def votes_by_weight(model: Model, unit: int) -> np.ndarray:
    """What a unit of fc7 puts into each class's logit, whatever the photo: its weights to fc8, float32 (classes,).

    A logit rises by so much for each 1 of the unit's value.
    """
    weight: np.ndarray = model.network.get_parameter(f"{CLASSES}.weight")[:, unit].detach().cpu().numpy()
    return weight


def votes_by_lesion(model: Model, layer: str, unit: int, inputs: np.ndarray) -> np.ndarray:
    """What a unit of any layer puts into each class's logit for some photos, float32 (classes,).

    A unit below fc7 acts through layers that are not linear: the mean of what the logits of ``inputs`` (B, 3, S, S)
    lose when it is silenced.
    """
    whole, without = silenced_logits(model, inputs, layer, unit)
    return (whole - without).mean(0)


def strongest_votes(votes: np.ndarray, count: int = 3) -> list[int]:
    """The classes with the most votes for them, strongest first, then those with the most against them, strongest last.

    ``votes`` float32 (classes,); at most ``count`` of each, and none whose vote is 0.
    """
    order = np.argsort(-votes, kind="stable")
    return order[votes[order] > 0][:count].tolist() + order[votes[order] < 0][-count:].tolist()
