"""A lesion against an independent forward pass through torch's own modules, with a hook that does the cutting."""

import numpy as np
import pytest
import torch

from alexnet_viz.inspection.lesion import Lesion, changes, lesioned
from alexnet_viz.inspection.model import Model
from alexnet_viz.inspection.trace import trace
from alexnet_viz.network.device import pick
from alexnet_viz.network.variants import build
from alexnet_viz.values import VARIANTS, NetworkSpec

CUTS = [
    Lesion("conv1", (0, 5)),
    Lesion("relu2", (3,), "keep"),
    Lesion("conv5", (7, 9, 200), "scale", 2.5),
    Lesion("pool5", (1,), "scale", 0.0),
    Lesion("flatten", tuple(range(100, 200))),
    Lesion("relu6", (2, 3), "keep"),
    Lesion("fc8", (4,)),
]


@pytest.fixture(scope="module", params=VARIANTS)
def model(request):
    spec = NetworkSpec(request.param, num_classes=9, fc_width=24)
    return Model(build(spec, 3).eval().requires_grad_(False), None, pick("cpu"))


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: f"{cut.layer}-{cut.manner}")
def test_a_lesion_is_what_an_independent_pass_says(model, cut):
    side = model.network.spec.input_size
    photo = np.random.default_rng(4).normal(size=(3, side, side)).astype(np.float32)
    before = trace(model, photo)

    def cutting(module, inputs, output):
        changed = output.clone()
        chosen = list(cut.channels)
        if cut.manner == "silence":
            changed[:, chosen] = 0
        elif cut.manner == "scale":
            changed[:, chosen] *= cut.factor
        else:
            others = [i for i in range(output.shape[1]) if i not in cut.channels]
            changed[:, others] = 0
        return changed

    hook = getattr(model.network, cut.layer).register_forward_hook(cutting)
    try:
        with torch.inference_mode():
            expected = model.network(torch.from_numpy(photo)[None])[0].numpy()
    finally:
        hook.remove()
    after = lesioned(model, before, cut)
    np.testing.assert_array_equal(after.outputs["fc8"], expected)
    names = list(before.outputs)
    for name in names[: names.index(cut.layer)]:
        assert after.outputs[name] is before.outputs[name]
    moved = changes(before, after)
    assert moved[cut.layer] > 0
    assert all(moved[name] == 0 for name in names[: names.index(cut.layer)])


def test_the_trace_itself_is_left_alone(model):
    side = model.network.spec.input_size
    before = trace(model, np.ones((3, side, side), np.float32))
    kept = {name: output.copy() for name, output in before.outputs.items()}
    lesioned(model, before, Lesion("conv3", tuple(range(100))))
    for name, output in before.outputs.items():
        np.testing.assert_array_equal(output, kept[name])


def test_changes_are_relative_norms(model):
    side = model.network.spec.input_size
    before = trace(model, np.ones((3, side, side), np.float32))
    after = lesioned(model, before, Lesion("fc8", tuple(range(9)), "scale", 3.0))
    assert changes(before, after)["fc8"] == pytest.approx(2.0, rel=1e-5)
