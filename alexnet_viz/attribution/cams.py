"""Maps of one layer: its channels weighted by what they mean for the target (the CAM family), and their kin.

A is the layer's output (1, C, h, w), g the target's gradient there. A map covers the network's input evenly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from alexnet_viz.attribution.found import Found

if TYPE_CHECKING:
    from alexnet_viz.attribution.session import Question


def grad_cam(ask: Question, rectify: bool) -> Found:
    """Σ_k mean(g_k) · A_k."""
    activation, gradient = ask.chain.outputs[ask.layer], ask.gradient(ask.layer)
    return _finish((gradient.mean((2, 3), keepdim=True) * activation).sum(1), rectify)


def _finish(cam: Tensor, rectify: bool) -> Found:
    """The map, rectified if asked for; a note where that leaves nothing of a map that had something."""
    if not rectify:
        return Found(cam)
    blank = ("Negative everywhere: rectified, the map is blank. Switch rectifying off to see it.",)
    return Found(cam.relu(), notes=blank if (cam < 0).any() and not (cam > 0).any() else ())
