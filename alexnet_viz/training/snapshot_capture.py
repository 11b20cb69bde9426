"""Taking a snapshot of a network in training."""

from __future__ import annotations

import numpy as np
import torch

from alexnet_viz.training import augment, batch_norm
from alexnet_viz.training.snapshots import CHANNELS, MAPS, UNITS, Snapshot, write_photo, write_snapshot
from alexnet_viz.training.state import TrainingContext, TrainingState


@torch.inference_mode()
def take_snapshot(context: TrainingContext, state: TrainingState) -> None:
    """Write what the network looks like now, on the first validation photo at the final input size.

    The first snapshot also writes that photo. Processes other than the main one do nothing.
    """
    if not context.group.is_main:
        return
    photos, preprocessing, first = context.splits.val, context.recipe.preprocessing, np.array([0])
    if state.step == 0:
        write_photo(context.path, augment.eval_pixels(photos, first, preprocessing)[0], int(photos.labels[0]))
    weights = batch_norm.folded(state.network)
    state.network.eval()
    outputs = state.network.record(augment.eval_batch(photos, first, preprocessing, device=context.device))
    state.network.train()
    snapshot = Snapshot(
        state.step,
        conv1=weights["conv1.weight"].cpu().numpy(),
        kernels={f"conv{i}": weights[f"conv{i}.weight"][:UNITS, :CHANNELS].cpu().numpy() for i in range(2, 6)},
        maps={f"relu{i}": outputs[f"relu{i}"][0, :MAPS].cpu().numpy() for i in range(1, 6)},
        probabilities=outputs["fc8"][0].softmax(0).cpu().numpy(),
    )
    write_snapshot(context.path, snapshot)
