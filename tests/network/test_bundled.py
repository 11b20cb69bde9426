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
    "cat": {"pretzel": 0.2474, "golden retriever": 0.1194, "barrel": 0.0635, "Egyptian cat": 0.062, "snail": 0.0467},
    "coffee": {"espresso": 0.7332, "beer bottle": 0.0726, "hourglass": 0.0229, "stopwatch": 0.0207, "orange": 0.0138},
    "rocket": {"obelisk": 0.6284, "beacon": 0.1119, "projectile": 0.0765, "flagpole": 0.0504, "water tower": 0.0242},
    "astronaut": {"stopwatch": 0.3857, "bow tie": 0.1142, "teddy": 0.1095, "sunglasses": 0.0581, "beer bottle": 0.0374},
    "flower": {"orange": 0.432, "pomegranate": 0.1749, "brain coral": 0.0814, "lemon": 0.0576, "mushroom": 0.0548},
    "temple": {"barn": 0.1921, "school bus": 0.1084, "beacon": 0.0854, "lifeboat": 0.0703, "flagpole": 0.0532},
    "raccoon": {"koala": 0.441, "cougar": 0.0487, "bee": 0.0416, "tabby": 0.0338, "German shepherd": 0.0328},
    "hopper": {"bow tie": 0.91, "sunglasses": 0.0314, "sombrero": 0.0118, "Chihuahua": 0.003, "basketball": 0.0027},
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
    assert [one.label for one in predictions] == list(GOLDEN[key])
    for one, probability in zip(predictions, GOLDEN[key].values(), strict=True):
        assert one.probability == pytest.approx(probability, abs=0.002)


def test_it_is_what_the_app_opens_with_where_imagenet_is_not(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert best_available() == "bundled"
