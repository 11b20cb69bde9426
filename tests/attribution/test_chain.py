"""The way back through the recorded chain, against autograd."""

import copy

import pytest
import torch

from alexnet_viz.attribution.baselines import normalised
from alexnet_viz.attribution.chain import INPUT, Chain, back, begin, pool
from alexnet_viz.attribution.session import Session
from alexnet_viz.attribution.targets import Target
from alexnet_viz.values import Preprocessing
from tests.attribution.conftest import fresh, photo


def by_autograd(network, x, target):
    """The target's gradient at every layer's output."""
    outputs = {INPUT: x, **network.record(x)}
    before = {name: output for name, output in outputs.items() if output.requires_grad}
    value = target.of(outputs[target.layer]).sum()
    return dict(zip(before, torch.autograd.grad(value, list(before.values()), allow_unused=True), strict=True))


@pytest.mark.parametrize(
    "target",
    [
        Target.of_class(3),
        Target.contrast(3, 5),
        Target.unit("conv4", 7, 2, 6),
        Target.unit("pool2", 0),
        Target.unit("fc6", 11),
        Target.unit("conv1", 1),
    ],
    ids=str,
)
def test_every_layers_gradient_is_autograds(network, session, x, target):
    expected = by_autograd(network, x, target)
    found = session.gradients(target)
    for name in (*session.chain.between(INPUT, target.layer)[1:], INPUT):
        torch.testing.assert_close(
            found[name], expected[name], rtol=1e-5, atol=1e-6 * float(expected[name].abs().max())
        )
    assert session.chain.outputs["fc8"].equal(network(x).detach())


@pytest.mark.parametrize("variant", ["torchvision", "single-tower"])
def test_at_the_usual_size(variant):
    """Where torchvision's average pooling changes nothing."""
    network = fresh(variant, size=224)
    x = torch.from_numpy(photo("cat", 224).copy())[None].requires_grad_()
    expected = by_autograd(network, x, Target(2))[INPUT]
    chain = Chain(network, x.detach())
    torch.testing.assert_close(back(chain, begin(chain, Target(2)), INPUT)[INPUT], expected, rtol=1e-4, atol=1e-6)


def test_several_classes_at_once_are_what_one_at_a_time_gives(network, tensor, session):
    targets = [Target(i) for i in range(4)] + [Target.contrast(1, 2)]
    session.prepare(targets, "conv3")
    alone = Session(network, tensor)
    for target in targets:
        assert set(session.gradients(target, "conv3")) >= {"fc8", "fc6", "conv5", "conv3"}
        for low in ("conv5", "conv3", INPUT):  # the pixels lie below what was prepared
            expected = alone.gradients(target, low)[low]
            scale = float(expected.abs().max())
            torch.testing.assert_close(session.gradients(target, low)[low], expected, rtol=1e-4, atol=1e-5 * scale)


@pytest.mark.parametrize("count", [1, 3])
def test_pooling_is_pytorchs_to_the_bit(count):
    """Also the winner among equals, of which a ReLU leaves many."""
    x = torch.randn((count, 5, 13, 13), generator=torch.Generator().manual_seed(0)).relu()
    found = pool(torch.nn.MaxPool2d(3, 2), x)
    for one, expected in zip(found, torch.nn.functional.max_pool2d(x, 3, 2, return_indices=True), strict=True):
        assert one.equal(expected)
        assert one.is_contiguous()


def test_a_batch_goes_back_row_by_row(network, tensor):
    """In float64: in float32 a batch of two may run on other kernels than one photo, and a ReLU's choice may differ."""
    exact = fresh(network.spec.variant).double()
    batch = torch.from_numpy(tensor.copy()).double()[None] * torch.tensor([1.0, 0.5])[:, None, None, None]
    chain = Chain(exact, batch)
    both = back(chain, {"fc8": begin(chain, Target(1))["fc8"].expand(2, -1)}, INPUT)[INPUT]
    for row in range(2):
        single = Chain(exact, batch[row : row + 1])
        alone = back(single, begin(single, Target(1)), INPUT)[INPUT][0]
        torch.testing.assert_close(both[row], alone, rtol=1e-9, atol=1e-12 * float(alone.abs().max()))


FORWARD = 2e-5  # of a layer's largest value: sums of up to 3,456 float32 products, through eight layers
BACKWARD = 1e-5  # of the largest gradient


def test_float32_errs_by_rounding_alone(network, tensor):
    """Against float64, on the line that integrated gradients walks.

    No output is farther off than rounding takes it, so a ReLU opens, or a window has another winner, only where two
    values are that near. Given float32's own choices, float64 takes the same way back. How many choices differ, and
    how much of the map hangs on them, is luck: on one photo the map is off by 1e-7 of its size, on another by 1e-2,
    ours no more often than Captum's.
    """
    exact = fresh(network.spec.variant).double()
    photo = torch.from_numpy(tensor)[None]
    start = normalised(torch.zeros_like(photo), Preprocessing())
    shares = torch.linspace(0.05, 0.95, 8)[:, None, None, None]
    with torch.no_grad():
        line = torch.lerp(network.conv1(start), network.conv1(photo), shares)
        low, high = (exact.conv1(end.double()) for end in (start, photo))
        passed, truth = Chain(network, line, "conv1"), Chain(exact, torch.lerp(low, high, shares.double()), "conv1")
    for name, output in passed.outputs.items():
        assert (output - truth.outputs[name]).abs().max() <= FORWARD * truth.outputs[name].abs().max(), name

    chosen = copy.copy(truth)  # float64's layers with float32's open ReLUs and winners
    chosen.outputs = {name: output.double() for name, output in passed.outputs.items()}
    chosen.winners = passed.winners
    rows = begin(passed, Target(3))["fc8"].expand(len(line), -1)
    gradients = back(passed, {"fc8": rows}, "conv1")
    for name, expected in back(chosen, {"fc8": rows.double()}, "conv1").items():
        assert (gradients[name] - expected).abs().max() <= BACKWARD * expected.abs().max(), name
