"""How photos are prepared for a checkpoint of others: the network then answers as its own framework has it."""

import os

import numpy as np
import pytest
import torch

from alexnet_viz.attribution.baselines import normalised
from alexnet_viz.errors import WeightsError
from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.images.samples import sample
from alexnet_viz.inspection.model import get
from alexnet_viz.network import sources
from alexnet_viz.network.colours import own as own_choice
from alexnet_viz.network.variants import build
from alexnet_viz.values import NetworkSpec, Preprocessing

SPEC = NetworkSpec("paper", num_classes=4, fc_width=8)


@pytest.fixture
def path(tmp_path):
    torch.save(build(SPEC, 3).state_dict(), tmp_path / "caffe.pth")
    return tmp_path / "caffe.pth"


def numbers(pixels, way):
    """What the network was trained on, written down once more: uint8 RGB (S, S, 3) to (3, S, S)."""
    colours = pixels.astype(np.float64)
    if way == "caffe":
        return (colours[..., ::-1] - (104, 117, 123)).transpose(2, 0, 1)
    if way == "unit":
        return (colours / 255).transpose(2, 0, 1)
    mean, std = ((0.5, 0.4, 0.3), (0.2, 0.3, 0.4)) if "/" in way else ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    return ((colours / 255 - mean) / std).transpose(2, 0, 1)


@pytest.mark.parametrize("way", ["torchvision", "caffe", "unit", "0.5,0.4,0.3/0.2,0.3,0.4"])
def test_the_answer_is_that_of_the_networks_own_colours(path, way):
    model = get(sources.with_preprocessing(str(path), way))
    inputs = preprocess(decode(*sample("cat")), model.info.preprocessing)
    own = build(SPEC, 3).eval()
    with torch.inference_mode():
        expected = own(torch.from_numpy(numbers(inputs.pixels, way).astype(np.float32))[None]).numpy()
    np.testing.assert_allclose(model.logits(inputs.tensor[None]), expected, rtol=1e-4, atol=1e-5)
    assert (model.info.preprocessing.resize, model.info.preprocessing.crop) == (256, 227)


def test_black_is_black_for_every_way_and_kernels_are_in_rgb(path):
    for way in ("torchvision", "caffe", "unit"):
        how = get(sources.with_preprocessing(str(path), way)).info.preprocessing
        undone = normalised(torch.zeros(1, 3, 2, 2), how)[0, :, 0, 0] * torch.tensor(how.std) + torch.tensor(how.mean)
        torch.testing.assert_close(undone, torch.zeros(3), rtol=0, atol=1e-6)
    kernels = get(f"{path}#preprocessing=caffe").network.conv1.weight
    assert torch.equal(kernels, build(SPEC, 3).conv1.weight.flip(1))


def test_another_preprocessing_is_another_identity_and_said(path):
    plain, caffe = (get(choice).info for choice in (str(path), f"{path}#preprocessing=caffe"))
    assert plain.id != caffe.id
    assert plain.title == "caffe.pth"
    assert caffe.title == "caffe.pth, caffe"
    assert plain.preprocessing == Preprocessing.for_size(227)
    assert "does not say how photos were prepared" in plain.notes[-1]
    assert caffe.notes[-1] == "Photos are prepared as you chose (Caffe: BGR, 0 to 255, minus its mean)."


@pytest.mark.parametrize(
    "way", ["foo", "1,2/3", "0.5,0.5,nan/1,1,1", "123,117,104/1,1,1", "0,0,0/0,0,0", "0,0,0/1e300,1,1"]
)
def test_a_preprocessing_that_cannot_be_is_one_sentence(path, way):
    with pytest.raises(WeightsError, match="preprocessing"):
        get(f"{path}#preprocessing={way}")


def test_weights_that_say_it_themselves_take_no_other():
    with pytest.raises(WeightsError, match="bring their preprocessing"):
        sources.with_preprocessing("bundled", "caffe")


# --- uploads ---------------------------------------------------------------------------------------


def test_uploads_have_a_bound_and_the_longest_unused_go(monkeypatch):
    monkeypatch.setattr(sources, "UPLOADS", 3)
    paths = [sources.save_upload(b"PK\x03\x04" + bytes([i]), f"{i}.pth") for i in range(3)]
    for age, path in enumerate(reversed(paths)):
        os.utime(path.parent, (1000 - age, 1000 - age))
    sources.mark_used(paths[0])
    last = sources.save_upload(b"PK\x03\x04 last", "last.pth")
    assert [path.is_file() for path in (*paths, last)] == [True, False, True, True]
    with pytest.raises(WeightsError, match=r"The uploaded checkpoint 1\.pth is no longer kept here"):
        sources.regular_file(paths[1])
    monkeypatch.setattr(sources, "UPLOADS_BYTES", 10)
    assert sources.save_upload(b"PK\x03\x04 large", "large.pth").is_file()
    assert not last.is_file()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a/b\\..\\c.pth", "c.pth"),
        ("..", "checkpoint"),
        ("", "checkpoint"),
        (".hidden.pt", "hidden.pt"),
        ("a\0b.pt", "ab.pt"),
        ("<b>$x^2$.pth", "<b>$x^2$.pth"),
        ("\udcff.pt", "?.pt"),
    ],
)
def test_an_upload_keeps_its_name_as_far_as_a_file_can_have_it(name, kept):
    assert sources.save_upload(b"PK\x03\x04", name).name == kept


def test_a_long_name_is_shortened_in_its_middle():
    name = sources.save_upload(b"PK\x03\x04", "é" * 300 + ".pth.tar").name
    assert len(name.encode()) <= 200
    assert name.endswith(".pth.tar")


@pytest.mark.parametrize("mean", ["0.5, 0.4, 0.3", "0.5 0.4 0.3", "[0.5; 0.4; 0.3]"])
def test_an_own_mean_may_be_typed_with_commas_or_spaces(mean):
    assert own_choice(mean, "0.2 0.3 0.4") == "0.5,0.4,0.3/0.2,0.3,0.4"


def test_a_mean_and_a_std_of_other_than_three_numbers_are_named():
    with pytest.raises(WeightsError, match=r"^The mean needs three numbers, for red, green and blue, such as 0\.5"):
        own_choice("0.5", "0.2, 0.3, 0.4")
    with pytest.raises(WeightsError, match=r"^The std needs three numbers"):
        own_choice("0.5, 0.4, 0.3", "")
