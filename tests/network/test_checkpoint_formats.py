"""Checkpoints as training scripts save them: each gives the logits of the plain state dict, or one sentence."""

import argparse
import copy
import datetime
import pathlib
from collections import Counter, OrderedDict, defaultdict

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import prune

from alexnet_viz.errors import WeightsError
from alexnet_viz.network.weights import load

CLASSES = ("daisy", "dandelion", "rose", "sunflower", "tulip")


def small_alexnet():
    """torchvision's AlexNet for five classes, with narrow fully connected layers."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = torchvision.models.AlexNet(num_classes=5)
        network.classifier[1] = nn.Linear(9216, 8)
        network.classifier[4] = nn.Linear(8, 8)
        network.classifier[6] = nn.Linear(8, 5)
    return network.eval().requires_grad_(False)


NETWORK = small_alexnet()
STATE = NETWORK.state_dict()
PHOTO = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(1))


def prefixed(prefix, state=STATE):
    return OrderedDict((prefix + key, value) for key, value in state.items())


def renamed(**names):
    """The state dict with other names for its modules, ``features_0="a.b"``."""
    changes = {old.replace("_", "."): new for old, new in names.items()}
    return {
        f"{changes.get(key.rpartition('.')[0], key.rpartition('.')[0])}.{key.rpartition('.')[2]}": value
        for key, value in STATE.items()
    }


def optimizer_state():
    parameters = [nn.Parameter(value.clone()) for value in STATE.values()]
    optimizer = torch.optim.Adam(parameters)
    for parameter in parameters:
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    return optimizer.state_dict()


def pruned():
    network = copy.deepcopy(NETWORK)
    prune.custom_from_mask(network.features[0], "weight", torch.ones_like(network.features[0].weight))
    return network.state_dict()


def views_of_one_storage():
    """All parameters in one flat tensor, as FSDP keeps them."""
    flat = torch.cat([value.flatten() for value in STATE.values()])
    parts = flat.split([value.numel() for value in STATE.values()])
    return [part.view_as(value) for part, value in zip(parts, STATE.values(), strict=True)]


class Metric(dict):
    """A class that nobody but the training script has."""


READ = {
    "plain.pth": lambda: STATE,
    "dp.pth": lambda: prefixed("module."),
    "imagenet-example.pth.tar": lambda: {
        "epoch": 3,
        "arch": "alexnet",
        "best_acc1": torch.tensor(55.0),
        "optimizer": optimizer_state(),
        "state_dict": {key.replace("features.", "features.module."): value for key, value in STATE.items()},
    },
    "compiled.pt": lambda: prefixed("_orig_mod."),
    "ddp-compiled.pt": lambda: prefixed("module._orig_mod."),
    "lightning.ckpt": lambda: {
        "state_dict": {**prefixed("model."), "criterion.weight": torch.ones(5), "train_acc.tp": torch.zeros(5)},
        "hyper_parameters": argparse.Namespace(lr=1e-3),
        "optimizer_states": [optimizer_state()],
        "loops": {},
    },
    "UPPER.PTH": lambda: prefixed("backbone.net."),
    "pytorch_model.bin": lambda: prefixed("alexnet."),
    "any key.pth": lambda: {"weights_of_the_student": STATE, "epoch": 1},
    "three-deep.pth": lambda: {"checkpoint": {"networks": {"classifier": prefixed("encoder.")}}},
    "tuple.pth": lambda: (STATE, {"epoch": 4}),
    "split.pth": lambda: {
        part: {key.removeprefix(f"{part}."): value for key, value in STATE.items() if key.startswith(part)}
        for part in ("features", "classifier")
    },
    "ema.pth": lambda: {"n_averaged": torch.tensor(7), **prefixed("module.")},
    "no-dropout.pth": lambda: renamed(
        classifier_1="classifier.0", classifier_4="classifier.2", classifier_6="classifier.4"
    ),
    "fc-names.pth": lambda: renamed(classifier_1="fc1", classifier_4="fc2", classifier_6="fc3"),
    "own-names.pth": lambda: renamed(
        features_0="stem", features_3="b2.conv", classifier_1="hidden1", classifier_6="head"
    ),
    "half.pth": lambda: {key: value.half() for key, value in STATE.items()},
    "bfloat16.pth": lambda: {key: value.bfloat16() for key, value in STATE.items()},
    "double.pth": lambda: {key: value.double() for key, value in STATE.items()},
    "parameters.pth": lambda: {key: nn.Parameter(value) for key, value in STATE.items()},
    "channels-last.pth": lambda: {
        key: value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value
        for key, value in STATE.items()
    },
    "views.pth": lambda: dict(zip(STATE, views_of_one_storage(), strict=True)),
    "pruned.pth": pruned,
    "foreign-objects.pth": lambda: {
        "model": STATE,
        "args": argparse.Namespace(data=pathlib.PurePosixPath("/data"), when=datetime.date(2026, 1, 2)),
        "best": np.float64(0.5),
        "history": np.zeros(3),
        "metric": Metric(top1=0.5),
        "counts": Counter("ab"),
        "lists": defaultdict(list, a=[1]),
        "set": {1, 2},
        "dtype": torch.float32,
        "device": torch.device("cpu"),
    },
}


def logits(path, **options):
    network, info = load(str(path), **options)
    with torch.inference_mode():
        return network(PHOTO), info


@pytest.fixture(scope="module")
def expected():
    with torch.inference_mode():
        return NETWORK(PHOTO)


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old-format"])
def test_a_checkpoint_gives_the_logits_of_the_plain_state_dict(tmp_path, expected, name, zipped):
    torch.save(READ[name](), tmp_path / name, _use_new_zipfile_serialization=zipped)
    found, info = logits(tmp_path / name)
    rounding = 2e-3 if name in ("half.pth", "bfloat16.pth") else 1e-6
    torch.testing.assert_close(found, expected, rtol=0, atol=rounding)
    assert info.title == name
    assert info.categories[0] == "class 0"


@pytest.mark.parametrize("prefix", ["", "module.", "model.features_and_classifier."])
def test_safetensors_of_others_are_read_under_any_prefix_and_suffix(tmp_path, expected, prefix):
    save_file(prefixed(prefix), tmp_path / "hf.bin", metadata={"format": "pt"})
    torch.testing.assert_close(logits(tmp_path / "hf.bin")[0], expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_is_read_by_its_content_whatever_its_suffix(tmp_path, expected, zipped):
    torch.save(STATE, tmp_path / "mine.safetensors", _use_new_zipfile_serialization=zipped)
    torch.testing.assert_close(logits(tmp_path / "mine.safetensors")[0], expected, rtol=0, atol=1e-6)


def test_as_many_classes_as_units_are_told_apart_by_their_names(tmp_path):
    weights = {"fc2.weight": torch.full((8, 8), 0.5), "fc3.weight": torch.full((8, 8), 0.25)}
    convolutions = {key: value for key, value in STATE.items() if key.startswith("features")}
    fc6 = {"fc1.weight": STATE["classifier.1.weight"]}
    state = {**convolutions, **weights, **fc6, **{f"fc{i}.bias": torch.zeros(8) for i in (1, 2, 3)}}
    torch.save(state, tmp_path / "square.pth")
    network = load(str(tmp_path / "square.pth"))[0]
    assert network.fc7.weight.unique().tolist() == [0.5]
    assert network.fc8.weight.unique().tolist() == [0.25]
    unnamed = {key.replace("fc2", "alpha").replace("fc3", "omega"): value for key, value in state.items()}
    torch.save(unnamed, tmp_path / "unclear.pth")
    with pytest.raises(WeightsError, match=r"no fc6\.weight"):
        load(str(tmp_path / "unclear.pth"))


def test_of_two_networks_in_a_file_the_first_is_taken_and_the_other_named(tmp_path, expected):
    other = {key: value + 1 for key, value in STATE.items()}
    torch.save({"student": STATE, "teacher": other}, tmp_path / "two.pth")
    found, info = logits(tmp_path / "two.pth")
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
    assert "The file holds several networks; this is “student”, beside it: “teacher”." in info.notes


def test_only_the_weights_are_read_and_not_the_optimisers_state(tmp_path, monkeypatch):
    from alexnet_viz.network import pytorch_file

    torch.save({"state_dict": STATE, "optimizer": optimizer_state()}, tmp_path / "both.pth")
    read = []
    member = pytorch_file._member
    monkeypatch.setattr(pytorch_file, "_member", lambda path, info: read.append(info.file_size) or member(path, info))
    load(str(tmp_path / "both.pth"))
    assert sum(read) < 1.1 * sum(value.nbytes for value in STATE.values()) + 20_000


# --- names of classes ------------------------------------------------------------------------------


NAMED = {
    "class_to_idx": {name: index for index, name in enumerate(CLASSES)},
    "idx_to_class": dict(enumerate(CLASSES)),
    "id2label": {str(index): name for index, name in enumerate(CLASSES)},
    "classes": list(CLASSES),
    "class_names": CLASSES,
    "label2id": {name: np.int64(index) for index, name in enumerate(CLASSES)},
}


@pytest.mark.parametrize("key", NAMED)
@pytest.mark.parametrize("where", ["beside", "deeper"])
def test_the_files_own_class_names_are_shown(tmp_path, key, where):
    names = {key: NAMED[key]} if where == "beside" else {"args": argparse.Namespace(data={key: NAMED[key]})}
    torch.save({"state_dict": STATE, **names}, tmp_path / "named.pth")
    info = load(str(tmp_path / "named.pth"))[1]
    assert info.categories == CLASSES
    assert f"The names of the classes are the file's own ({key})." in info.notes


def test_a_safetensors_files_class_names_are_shown(tmp_path):
    save_file(STATE, tmp_path / "named.safetensors", metadata={"classes": '["a", "b", "c", "d", "e"]'})
    assert load(str(tmp_path / "named.safetensors"))[1].categories == ("a", "b", "c", "d", "e")


@pytest.mark.parametrize(
    ("names", "note"),
    [
        (["a", "b", "c"], "The file names 3 classes (classes) for 5 outputs: they are numbered instead."),
        ([1, 2, 3, 4, 5], "The file holds no usable names of classes: they are numbered."),
        (["same"] * 5, "The file holds no usable names of classes: they are numbered."),
        (["a", "b", "c", "d", "x" * 100_000], "The file holds no usable names of classes: they are numbered."),
        ({"a": 0, "b": 1, "c": 2, "d": 3, "e": 7}, "The file holds no usable names of classes: they are numbered."),
    ],
)
def test_names_that_do_not_fit_are_left_with_a_note(tmp_path, names, note):
    torch.save({"state_dict": STATE, "classes": names}, tmp_path / "named.pth")
    info = load(str(tmp_path / "named.pth"))[1]
    assert info.categories == tuple(f"class {index}" for index in range(5))
    assert note in info.notes


# --- what is refused -------------------------------------------------------------------------------


def test_whole_models_and_programs_are_refused_with_what_to_do(tmp_path):
    torch.save(NETWORK, tmp_path / "whole.pth")
    torch.save({"model": nn.DataParallel(NETWORK)}, tmp_path / "whole-dp.pth")
    with pytest.warns(FutureWarning, match="deprecated"):
        torch.jit.save(torch.jit.trace(NETWORK, PHOTO), str(tmp_path / "scripted.pt"))
    whole = r"it is a whole model \(torchvision.models.alexnet.AlexNet\).* save model.state_dict\(\)"
    for name, message in (
        ("whole.pth", whole),
        ("whole-dp.pth", "DataParallel"),
        ("scripted.pt", "TorchScript program"),
    ):
        with pytest.raises(WeightsError, match=message):
            load(str(tmp_path / name))


def test_no_code_of_a_file_runs_whatever_its_name(tmp_path):
    class Evil:
        def __init__(self, function, *args):
            self.call = function, args

        def __reduce__(self):
            return self.call

    marks = [tmp_path / "eval", tmp_path / "mkdir"]
    evil = [Evil(eval, f"__import__('os').mkdir({str(marks[0])!r})"), Evil(pathlib.Path.mkdir, marks[1])]
    for zipped in (True, False):
        torch.save({"state_dict": STATE, "extra": evil}, tmp_path / "evil.pth", _use_new_zipfile_serialization=zipped)
        load(str(tmp_path / "evil.pth"))
        assert not any(mark.exists() for mark in marks)
