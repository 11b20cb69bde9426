"""A visitor's own checkpoint in the sidebar: its name and classes, how photos are prepared for it, what is refused."""

import io

import pytest
import torch

from alexnet_viz.disk import cache_folder
from alexnet_viz.network.variants import build
from alexnet_viz.values import NetworkSpec
from tests.ui.pages import answer_bars, open_link

NAMES = ("ant", "bee", "cow")


def checkpoint(**beside):
    buffer = io.BytesIO()
    state = build(NetworkSpec(num_classes=3, fc_width=8), 0).state_dict()
    torch.save({"state_dict": state, **beside}, buffer)
    return buffer.getvalue()


def uploaded(name, data):
    app = open_link("see/classify", weights="random")
    app.sidebar.selectbox(key="weights").set_value("file").run()
    app.file_uploader(key="checkpoint").set_value((name, data, "application/octet-stream")).run()
    assert not app.exception
    return app


def kept():
    return [path.name for path in (cache_folder() / "uploads").glob("*/*")]


def captions(app):
    return " ".join(caption.value for caption in app.caption)


def test_an_upload_goes_by_its_own_name_shows_its_classes_and_says_what_is_assumed():
    app = uploaded("model_best.pth.tar", checkpoint(class_to_idx={name: i for i, name in enumerate(NAMES)}))
    assert not app.error
    assert kept() == ["model_best.pth.tar"]
    assert any("model\\_best.pth.tar" in text.value or "model_best.pth.tar" in text.value for text in app.markdown)
    assert any(name in answer_bars(app) for name in NAMES)
    assert "does not say how photos were prepared" in captions(app)
    assert app.sidebar.selectbox(key="preprocessing_way").value == "torchvision"


def test_the_link_carries_the_preprocessing_and_each_checkpoint_keeps_its_own(tmp_path):
    first, second = tmp_path / "first.pth", tmp_path / "second.pth"
    for path in (first, second):
        path.write_bytes(checkpoint())
    app = open_link("see/classify", weights=str(first), preprocessing="0.5,0.4,0.3/0.2,0.2,0.2")
    assert app.session_state.choice.weights == f"{first}#preprocessing=0.5,0.4,0.3/0.2,0.2,0.2"
    assert "Photos are prepared as you chose" in captions(app)
    app.sidebar.selectbox(key="preprocessing_way").set_value("caffe").run()
    assert app.query_params["preprocessing"] == "caffe"
    assert app.query_params["weights"] == str(first)
    app.sidebar.selectbox(key="weights").set_value("file").run()
    app.sidebar.text_input(key="checkpoint_path").set_value(str(second)).run()
    assert app.session_state.choice.weights == str(second)
    app.sidebar.text_input(key="checkpoint_path").set_value(str(first)).run()
    assert app.session_state.choice.weights == f"{first}#preprocessing=caffe"
    app.sidebar.selectbox(key="weights").set_value("bundled").run()
    assert "preprocessing" not in app.query_params
    assert not app.exception


def test_an_own_mean_and_std_is_checked_and_the_last_good_one_stays(tmp_path):
    (tmp_path / "net.pth").write_bytes(checkpoint())
    app = open_link("see/classify", weights=str(tmp_path / "net.pth"))
    app.sidebar.selectbox(key="preprocessing_way").set_value("own").run()
    app.sidebar.text_input(key="preprocessing_Std").set_value("0.5, 0.5, 0.5").run()
    chosen = app.session_state.choice.weights
    assert chosen.endswith("/0.5,0.5,0.5")
    app.sidebar.text_input(key="preprocessing_Std").set_value("0.5, 0, zero").run()
    assert "The std needs three numbers" in app.error[0].value
    assert app.session_state.choice.weights == chosen


@pytest.mark.parametrize("data", [b"no checkpoint at all", checkpoint()[:-3000], b"PK\x03\x04" + bytes(500)])
def test_a_refused_upload_says_why_and_leaves_nothing_on_the_disk(data):
    app = uploaded("mine.ckpt", data)
    assert "mine.ckpt cannot be loaded as plain weights" in app.error[0].value
    assert kept() == []
    app.run()
    assert "mine.ckpt cannot be loaded as plain weights" in app.error[0].value


@pytest.mark.parametrize(
    "weights", ["a\0b.pth", "~nosuchuser/a.pth", "x" * 300 + ".pth", "/dev/zero", "/tmp", "nowhere.pth"]
)
def test_a_path_that_cannot_be_is_one_sentence(weights):
    app = open_link("see/classify", weights=weights)
    assert not app.exception
    assert len(app.error) == 1
    assert "bug in the app" not in app.error[0].value
