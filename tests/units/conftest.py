"""Small networks and the bundled one, loaded once."""

import numpy as np
import pytest

from alexnet_viz.inspection.model import Model
from alexnet_viz.network.device import pick
from alexnet_viz.network.variants import build, initialise
from alexnet_viz.values import NetworkSpec, Preprocessing, WeightsInfo


def model_of(spec: NetworkSpec, seed: int = 0, **preprocessing) -> Model:
    """Untrained weights under which signals keep their size."""
    network = build(spec, seed).eval().requires_grad_(False)
    initialise(network, seed, "he")
    how = Preprocessing(resize=spec.input_size, crop=spec.input_size, **preprocessing)
    names = tuple(f"class {i}" for i in range(spec.num_classes))
    return Model(network, WeightsInfo(f"test:{spec.variant}:{seed}", "random", "test", spec, names, how), pick("cpu"))


@pytest.fixture(scope="session")
def bundled():
    from alexnet_viz.inspection.model import get

    return get("bundled", device="cpu")


@pytest.fixture(params=["torchvision", "paper", "single-tower"])
def any_variant(request):
    return model_of(NetworkSpec(request.param, num_classes=7, fc_width=16))


def values_of(model: Model, pixels: np.ndarray) -> np.ndarray:
    """Pixels uint8 (S, S, 3) as the network's input, float32 (3, S, S)."""
    mean, std = (np.array(value, np.float32) for value in (model.info.preprocessing.mean, model.info.preprocessing.std))
    return np.ascontiguousarray(((pixels / np.float32(255) - mean) / std).transpose(2, 0, 1))
