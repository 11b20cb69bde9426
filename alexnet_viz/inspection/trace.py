"""The forward pass of one photo, layer by layer."""

from __future__ import annotations

import numpy as np
import torch

from alexnet_viz.inspection.model import Model
from alexnet_viz.network.device import full_precision
from alexnet_viz.values import Trace


@torch.inference_mode()
def trace(model: Model, inputs: np.ndarray) -> Trace:
    """Record every layer's output for one photo, float32 (3, S, S), in full precision."""
    with full_precision:
        outputs = model.network.record(model.tensor(inputs[None]))
    return Trace(inputs, {name: output[0].float().cpu().contiguous().numpy() for name, output in outputs.items()})
