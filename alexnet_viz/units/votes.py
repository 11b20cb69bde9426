"""Which classes a unit speaks for: by its weights where they lead straight to the logits, else by a lesion."""

from __future__ import annotations

import numpy as np

from alexnet_viz.inspection.lesion import silenced_logits
from alexnet_viz.inspection.model import Model
from alexnet_viz.units.objectives import CLASSES

LAST_HIDDEN = "fc7"  # the layer whose units' weights to the logits are their votes


def class_votes(model: Model, layer: str, unit: int, inputs: np.ndarray) -> np.ndarray:
    """What a unit puts into each class's logit, float32 (classes,).

    Of fc7 the unit's weights to fc8, whatever the photo: the logit rises by so much for each 1 of the unit's value. A
    unit below acts through layers that are not linear, so its votes are for some photos: the mean of what their logits,
    of ``inputs`` (B, 3, S, S), lose when it is silenced.
    """
    if layer == LAST_HIDDEN:
        weight: np.ndarray = model.network.get_parameter(f"{CLASSES}.weight")[:, unit].detach().cpu().numpy()
        return weight
    whole, without = silenced_logits(model, inputs, layer, unit)
    return (whole - without).mean(0)


def strongest_votes(votes: np.ndarray, count: int = 3) -> list[int]:
    """The classes with the most votes for them, strongest first, then those with the most against them, strongest last.

    ``votes`` float32 (classes,); at most ``count`` of each, and none whose vote is 0.
    """
    order = np.argsort(-votes, kind="stable")
    return order[votes[order] > 0][:count].tolist() + order[votes[order] < 0][-count:].tolist()
