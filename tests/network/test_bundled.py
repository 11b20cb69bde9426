"""The weights that ship: the file is the one described, and it answers as it did when it was described."""

import hashlib
import json

import numpy as np
import pytest

from alexnet_viz.images.samples import SAMPLES, sample
from alexnet_viz.inspection.filters import noise_like
from alexnet_viz.inspection.model import get
from alexnet_viz.inspection.predictions import classify
from alexnet_viz.network.sources import BUNDLED, best_available
from alexnet_viz.values import NetworkSpec, Preprocessing

CARD = json.loads(BUNDLED.with_suffix(".json").read_text("utf-8"))
# the five strongest classes of each sample photo, with their probabilities
GOLDEN = {
    "cat": {
        "Egyptian cat": 0.2541,
        "golden retriever": 0.1751,
        "Chihuahua": 0.0735,
        "tabby": 0.0726,
        "Persian cat": 0.0645,
    },
    "coffee": {"espresso": 0.8698, "beer bottle": 0.0256, "hourglass": 0.013, "teapot": 0.0077, "orange": 0.0075},
    "rocket": {"obelisk": 0.4522, "flagpole": 0.2069, "projectile": 0.0975, "beacon": 0.0692, "water tower": 0.037},
    "astronaut": {"stopwatch": 0.2549, "teddy": 0.1536, "sunglasses": 0.115, "bow tie": 0.1058, "beer bottle": 0.0742},
    "flower": {"orange": 0.271, "pomegranate": 0.1764, "mushroom": 0.1543, "brain coral": 0.1408, "pizza": 0.07},
    "temple": {"barn": 0.1747, "beacon": 0.1601, "lifeboat": 0.1264, "seashore": 0.0657, "flagpole": 0.0614},
    "raccoon": {"koala": 0.3911, "German shepherd": 0.0575, "bee": 0.0575, "tabby": 0.0545, "Egyptian cat": 0.0388},
    "hopper": {"bow tie": 0.9078, "sunglasses": 0.0206, "sombrero": 0.0116, "basketball": 0.0053, "espresso": 0.004},
}


@pytest.fixture(scope="module")
def model():
    return get("bundled", device="cpu")


def test_the_file_is_the_one_on_the_card():
    data = BUNDLED.read_bytes()
    assert len(data) == CARD["bytes"] <= 30_000_000
    assert hashlib.sha256(data).hexdigest() == CARD["sha256"]
    assert CARD["sha256"] in (BUNDLED.parent / "README.md").read_text("utf-8")


def test_it_is_torchvisions_tower_with_a_compact_classifier(model):
    assert model.info.spec == NetworkSpec("torchvision", 100, 1024, 224, dropout=CARD["spec"]["dropout"])
    assert model.info.preprocessing == Preprocessing(256, 224)
    assert list(model.info.categories) == CARD["categories"]
    assert model.info.unsure_below == CARD["unsure_below"]


def test_the_card_claims_what_was_asked_for():
    assert CARD["top1"] >= 0.5
    assert CARD["top5"] >= 0.77
    assert len(CARD["conv1_noise_like"]) < 0.1 * 64
    assert all(stage["curve"][-1]["epoch"] + 1 == stage["recipe"]["epochs"] for stage in CARD["stages"])


def test_its_filters_are_filters(model):
    kernels = model.network.conv1.weight.numpy()
    assert np.flatnonzero(noise_like(kernels)).tolist() == CARD["conv1_noise_like"]


@pytest.mark.parametrize("key", [one.key for one in SAMPLES])
def test_it_answers_the_samples_as_recorded(model, key):
    predictions = classify(model, *sample(key))[2].predictions
    assert predictions[0].label == next(iter(GOLDEN[key]))
    assert {one.label: one.probability for one in predictions} == pytest.approx(GOLDEN[key], abs=0.002)


def test_the_app_opens_with_the_sample_that_is_known_best(model):
    """Of the samples that show one of its classes: the highest probability of a right answer."""
    right = {}
    for key, labels in (("cat", ("Egyptian cat",)), ("coffee", ("espresso",))):
        best = classify(model, *sample(key))[2].predictions[0]
        right[key] = best.probability * (best.label in labels)
    assert max(right, key=right.get) == SAMPLES[0].key == "coffee"
    assert right["coffee"] > 0.8


def test_it_is_what_the_app_opens_with_where_imagenet_is_not(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert best_available() == "bundled"
