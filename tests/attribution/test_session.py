"""A session: what holds for every method."""

import torch

from alexnet_viz.attribution.session import Session
from alexnet_viz.attribution.targets import Target
from tests.attribution.conftest import fresh, photo


def test_maps_are_computed_in_full_precision_whatever_the_process_has_set(monkeypatch):
    network, precisions = fresh(), []
    settings = [torch.backends.cudnn.conv, torch.backends.cuda.matmul, torch.backends.mkldnn.matmul]
    forward = network.conv1.forward

    def recorded(x):
        precisions.append([setting.fp32_precision for setting in settings])
        return forward(x)

    monkeypatch.setattr(network.conv1, "forward", recorded)
    torch.set_float32_matmul_precision("medium")  # TF32 and bfloat16 wherever the machine has them
    try:
        before = [setting.fp32_precision for setting in settings]
        session = Session(network, photo())
        recorded_passes = len(precisions)
        session.attribute("integrated-gradients", Target.of_class(3))
        assert [setting.fp32_precision for setting in settings] == before == ["tf32", "tf32", "bf16"]
    finally:
        torch.set_float32_matmul_precision("highest")
    assert 0 < recorded_passes < len(precisions)
    assert precisions == [["ieee"] * 3] * len(precisions)
