"""Values taken apart, against what PyTorch computed."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from alexnet_viz.inspection.arithmetic import backtrace, contributions, output, unit, value, walk
from alexnet_viz.network.variants import build, initialise
from alexnet_viz.values import VARIANTS, NetworkSpec, Trace

EPS = np.finfo(np.float32).eps


def recorded(variant, size=None):
    """A small network with weights that let signals through, and its trace of a photo of noise."""
    spec = NetworkSpec(variant, num_classes=12, fc_width=40, input_size=size)
    network = build(spec).eval().requires_grad_(False)
    initialise(network, 5, "he")
    rng = np.random.default_rng(1)
    for layer in network.children():
        if getattr(layer, "bias", None) is not None:
            layer.bias.copy_(torch.from_numpy(rng.normal(0, 0.3, len(layer.bias))))
    photo = rng.normal(size=(3, spec.input_size, spec.input_size)).astype(np.float32)
    outputs = network.record(torch.from_numpy(photo)[None])
    return network, Trace(photo, {name: out[0].contiguous().numpy() for name, out in outputs.items()})


@pytest.fixture(scope="module", params=[*((variant, None) for variant in VARIANTS), ("torchvision", 250)], ids=str)
def seen(request):
    return recorded(*request.param)


def places(step, rng, count=6):
    """Seeded (channel, y, x) of a layer, the map's corners among them."""
    shape = step.output
    sides = shape[1:] if len(shape) == 3 else (1, 1)
    found = [(0, 0, 0), (shape[0] - 1, sides[0] - 1, sides[1] - 1)]
    return found + [(int(rng.integers(shape[0])), *(int(rng.integers(side)) for side in sides)) for _ in range(count)]


def test_every_layers_values_are_the_sum_of_their_terms(seen):
    network, trace = seen
    rng = np.random.default_rng(7)
    kinds = set()
    for step in walk(network.spec):
        computed = output(trace, step.layer.name)
        for channel, y, x in places(step, rng):
            one = unit(network, trace, step.layer.name, channel)
            found = value(one, step, y, x)
            torchs = computed[channel, y, x] if computed.ndim == 3 else computed[channel]
            assert found.torch == float(torchs)
            sized = abs(torchs)
            if step.layer.kind in ("conv", "fc"):
                sized = np.abs(found.terms).sum() + abs(found.bias)
            elif step.layer.kind == "softmax":  # in float32 z − max is rounded before the exponential
                sized *= 1 + abs(np.log(found.terms[channel]))
            assert abs(found.total - torchs) <= 4 * EPS * sized, (step.layer.name, channel, y, x)
            assert found.window.shape == found.terms.shape
            kinds.add(step.layer.kind)
    norm = {"norm"} if network.spec.variant == "paper" else set()
    average = {"avgpool"} if network.spec.variant == "torchvision" else set()
    assert kinds == {"conv", "relu", "pool", "flatten", "dropout", "fc", "softmax"} | norm | average


def test_the_terms_are_the_layers_own(seen):
    """The formulas of each kind, written once more by hand."""
    network, trace = seen
    chain = {step.layer.name: step for step in walk(network.spec)}

    def taken(layer, channel, y=0, x=0):
        return value(unit(network, trace, layer, channel), chain[layer], y, x)

    pad = network.spec.conv1_padding
    corner = taken("conv1", 3)
    assert corner.terms.size == 363
    assert corner.origin == (0, -pad, -pad)
    assert (corner.window[:, :pad] == 0).all()
    np.testing.assert_array_equal(corner.window[:, pad:, pad:], trace.input[:, : 11 - pad, : 11 - pad])
    pooled = taken("pool1", 2, 4, 5)
    assert pooled.window.shape == (1, 3, 3)
    assert pooled.window.flat[pooled.winner] == trace.outputs["pool1"][2, 4, 5]
    assert taken("relu1", 1, 3, 3).total == max(0, trace.outputs["conv1"][1, 3, 3])
    flat = taken("flatten", 77)
    side = chain["flatten"].input[1]
    assert flat.origin == (77 // side**2, 77 % side**2 // side, 77 % side)
    logits = trace.outputs["fc8"].astype(np.float64)
    assert taken("softmax", 5).total == pytest.approx(np.exp(logits)[5] / np.exp(logits).sum(), rel=1e-6)
    if network.spec.variant == "paper":
        a = trace.outputs["relu1"][6:11, 9, 9].astype(np.float64)
        assert taken("norm1", 8, 9, 9).total == pytest.approx(a[2] / (2 + 1e-4 * (a**2).sum()) ** 0.75, rel=1e-6)
        assert taken("norm1", 0, 9, 9).window.size == 3  # the neighbours that there are
        lower, upper = unit(network, trace, "conv2", 127), unit(network, trace, "conv2", 128)
        assert (lower.first, upper.first) == (0, 48)  # two groups: each half reads its own half
        assert len(lower.inputs) == len(upper.inputs) == 48


def test_contributions_and_the_others_add_up_to_the_map(seen):
    network, trace = seen
    for layer, channel in (("conv1", 4), ("conv2", 150), ("conv5", 255), ("fc7", 3)):
        one = unit(network, trace, layer, channel)
        found = contributions(one, top=2)
        assert found.others == len(one.inputs) - 2
        total = found.partials.sum(axis=0) + found.rest + found.bias
        np.testing.assert_allclose(total, one.output, atol=2e-4 * np.abs(one.output).max())
        everything = contributions(one)
        assert everything.others == 0
        assert (np.diff(everything.strengths) <= 0).all()
        assert set(everything.channels) == set(range(one.first, one.first + len(one.inputs)))


def test_a_contribution_is_what_is_missing_without_the_channel():
    network, trace = recorded("paper")
    one = unit(network, trace, "conv2", 200)
    found = contributions(one, top=1)
    silenced = torch.from_numpy(trace.outputs["pool1"].copy())[None]
    silenced[0, found.channels[0]] = 0
    without = network.conv2(silenced)[0, 200].numpy()
    np.testing.assert_allclose(one.output - without, found.partials[0], atol=1e-4)


def test_the_strongest_path_leads_to_the_photo_by_the_largest_terms(seen):
    network, trace = seen
    rng = np.random.default_rng(11)
    chain = {step.layer.name: step for step in walk(network.spec)}
    for layer in ("softmax", "fc6", "conv5", "pool2", "relu1"):
        channel, y, x = places(chain[layer], rng, 1)[-1]
        path = backtrace(network, trace, layer, channel, y, x)
        names = [stop.layer for stop in path]
        assert names == [layer, *reversed(["photo", *list(chain)[: list(chain).index(layer)]])]
        for above, stop in pairwise(path):
            read = output(trace, stop.layer)
            assert stop.value == (read[stop.channel, stop.y, stop.x] if read.ndim == 3 else read[stop.channel])
            found = value(unit(network, trace, above.layer, above.channel), chain[above.layer], above.y, above.x)
            if above.layer.startswith(("conv", "fc")):
                assert stop.term == pytest.approx(found.terms.max() if above.value >= 0 else found.terms.min())
            left, top, right, bottom = stop.box
            outer = above.box
            assert outer[0] <= left < right <= outer[2]
            assert outer[1] <= top < bottom <= outer[3]
    assert path[-1].layer == "photo"
    assert path[-1].box == (path[-1].x, path[-1].y, path[-1].x + 1, path[-1].y + 1)
