"""Lesions: some channels of a layer silenced or scaled, and only the later layers computed again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from alexnet_viz.inspection.model import Model
from alexnet_viz.network.device import full_precision
from alexnet_viz.values import Trace

Manner = Literal["silence", "keep", "scale"]


@dataclass(frozen=True)
class Lesion:
    """What is done to ``channels`` of a layer's output: silenced, kept alone (others silenced), times ``factor``."""

    layer: str
    channels: tuple[int, ...]
    manner: Manner = "silence"
    factor: float = 0.0

    def gains(self, count: int) -> np.ndarray:
        """What each of ``count`` channels is multiplied by, float32 (count,)."""
        gains = np.full(count, self.manner != "keep", np.float32)
        gains[list(self.channels)] = {"silence": 0, "keep": 1, "scale": self.factor}[self.manner]
        return gains


@torch.inference_mode()
def lesioned(model: Model, trace: Trace, cut: Lesion) -> Trace:
    """The trace with the lesion made. Layers before it share their arrays with the trace; later ones are new."""
    gains = cut.gains(len(trace.outputs[cut.layer]))
    outputs, x = {}, None
    with full_precision:
        for name, layer in model.network.named_children():
            if x is not None:
                x = layer(x)
                outputs[name] = x[0].float().cpu().numpy()
            elif name == cut.layer:
                before = trace.outputs[name]
                outputs[name] = before * gains.reshape(-1, *[1] * (before.ndim - 1))
                x = torch.from_numpy(outputs[name][None]).to(model.device.name)
            else:
                outputs[name] = trace.outputs[name]
    return Trace(trace.input, outputs)


@torch.inference_mode()
def silenced_logits(model: Model, inputs: np.ndarray, layer: str, channel: int) -> tuple[np.ndarray, np.ndarray]:
    """The logits of a batch (B, 3, S, S) as they are and with a channel of a layer silenced, float32 (B, classes)."""
    x, cut = model.tensor(inputs), None
    with full_precision:
        for name, module in model.network.named_children():
            x = module(x)
            cut = module(cut) if cut is not None else None
            if name == layer:
                cut = x.clone()
                cut[:, channel] = 0
            if name == "fc8":
                break
    assert cut is not None  # the layer is one of the network's
    return x.float().cpu().numpy(), cut.float().cpu().numpy()


def changes(before: Trace, after: Trace) -> dict[str, float]:
    """How far each layer's output has moved: ‖after − before‖ / ‖before‖, by the layer's name; 0 where both are 0."""
    moved = {}
    for name, old in before.outputs.items():
        new, size = after.outputs[name], float(np.linalg.norm(old))
        far = 0.0 if new is old else float(np.linalg.norm(new - old))
        moved[name] = far / size if size else float(far > 0)
    return moved
