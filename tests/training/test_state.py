"""A run's state: a checkpoint holds all that a step changes."""

import torch

from alexnet_viz.training.checkpoints import save_checkpoint
from alexnet_viz.training.loader import train_loader
from alexnet_viz.training.loop import train_step


def test_all_that_a_step_changes_comes_back(set_up_run, tiny):
    context, state = set_up_run(tiny)
    batches = list(train_loader(context, epoch=0))
    for batch in batches[:2]:
        train_step(context, state, *batch)
    save_checkpoint(context, state)
    context, restored = set_up_run(tiny, context.path)
    assert restored.step == restored.saved_step == 2
    assert torch.equal(restored.metrics.sums, state.metrics.sums)
    assert restored.metrics.sums[3] == 16  # photos
    for both in (state, restored):
        train_step(context, both, *batches[2])
    assert all(torch.equal(state.network.state_dict()[k], v) for k, v in restored.network.state_dict().items())
