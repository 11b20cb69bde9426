"""Small networks of every variant with He's weights, for small photos, and one photo."""

import functools

import pytest
import torch

from alexnet_viz.attribution.session import Session
from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.images.samples import sample
from alexnet_viz.network.variants import build, initialise
from alexnet_viz.values import NetworkSpec, Preprocessing

SIDE, PAPER = 127, 131  # of the input; conv3 to conv5 have 7×7 places


def fresh(variant="torchvision", seed=0, size=None):
    """A network nobody shares: 20 classes, fc width 256, He's weights, some biases."""
    size = size or (PAPER if variant == "paper" else SIDE)
    network = build(NetworkSpec(variant, 20, 256, size), seed=seed).eval().requires_grad_(False)
    initialise(network, seed, "he")
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            parameter.normal_(0, 0.05, generator=generator)
    return network


@functools.cache
def shared(variant="torchvision"):
    return fresh(variant)


@functools.cache
def photo(name="cat", size=SIDE):
    """float32 (3, S, S), normalised."""
    return preprocess(decode(*sample(name)), Preprocessing.for_size(size)).tensor


@pytest.fixture(params=["torchvision", "paper"])  # the single tower has no layer that these two lack
def network(request):
    return shared(request.param)


@pytest.fixture
def tensor(network):
    return photo("cat", network.spec.input_size)


@pytest.fixture
def x(tensor):
    """The photo as Captum wants it: a leaf that needs a gradient, (1, 3, S, S)."""
    return torch.from_numpy(tensor.copy())[None].requires_grad_()


@pytest.fixture
def session(network, tensor):
    return Session(network, tensor)
