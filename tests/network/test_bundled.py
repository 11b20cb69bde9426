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
GOLDEN = {}  # the five strongest classes of each sample photo


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
