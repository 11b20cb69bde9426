"""One shared network, many visitors, odd photos: nothing is left on it, nothing gets mixed up, nothing crashes."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from alexnet_viz.attribution.methods import METHODS
from alexnet_viz.attribution.session import Session, attribute
from alexnet_viz.attribution.targets import Target
from alexnet_viz.errors import AttributionError, Stopped
from tests.attribution.conftest import PAPER, SIDE, fresh, photo, shared

QUICK = {
    "integrated-gradients": {"steps": 3},
    "smoothgrad": {"samples": 3},
    "vargrad": {"samples": 3},
    "gradient-shap": {"samples": 3},
    "deeplift-shap": {"samples": 2},
    "occlusion": {"window": 96, "stride": 64},
    "feature-ablation": {"count": 4},
    "lime": {"count": 4, "samples": 8},
    "kernel-shap": {"count": 4, "samples": 8},
    "rise": {"samples": 4},
    "conductance": {"steps": 2},
}
QUICKLY = [key for key in METHODS if key != "score-cam"]  # a pass a channel


def leftovers(network):
    """What a method may have left: hooks, gradients, training mode, attributes of Captum's."""
    found = []
    for name, module in network.named_modules():
        hooks = [k for k, v in vars(module).items() if "hook" in k and isinstance(v, dict) and v]
        odd = [k for k in ("rule", "activations", "input", "input_attr", "output") if k in vars(module)]
        found += [(name, *hooks, *odd)] if hooks or odd or module.training else []
    return found + [n for n, p in network.named_parameters() if p.grad is not None or p.requires_grad]


def test_eight_threads_with_mixed_methods_get_what_one_after_another_gets():
    network, photos = shared("torchvision"), [photo("cat"), photo("coffee")]
    work = [(key, i % 2, Target(i % 5)) for i, key in enumerate([*QUICKLY, *QUICKLY])]

    def one(job):
        key, which, target = job
        return attribute(network, photos[which], key, target, settings=QUICK.get(key)).values

    one(work[0])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        expected = [one(job) for job in work]
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(one, work))
    finally:
        torch.set_num_threads(threads)
    for job, a, b in zip(work, found, expected, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=str(job))
    assert not leftovers(network)


def test_eight_threads_share_one_session():
    network = shared("paper")
    keys = ("grad-cam", "saliency", "layer-cam", "input-x-gradient")
    jobs = [(key, Target(i), layer) for i in range(3) for key in keys for layer in ("conv5", "conv2")]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        alone = [attribute(network, photo("cat", PAPER), *job[:2], job[2]).values for job in jobs]
        session, start = Session(network, photo("cat", PAPER)), threading.Barrier(8)

        def visitor(shift):
            start.wait()
            return [session.attribute(*jobs[(i + shift) % len(jobs)]).values for i in range(len(jobs))]

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(visitor, range(8)))
    finally:
        torch.set_num_threads(threads)
    for shift, found in enumerate(answers):
        for i, values in enumerate(found):
            np.testing.assert_array_equal(values, alone[(i + shift) % len(jobs)])


@pytest.mark.parametrize("key", QUICKLY)
def test_nothing_is_left_after_an_answer_an_error_or_a_stop(key, monkeypatch):
    network = shared()
    before = {name: p.clone() for name, p in network.named_parameters()}
    session = Session(network, photo())
    session.attribute(key, Target(2), settings=QUICK.get(key))

    def stop(done, total):
        raise Stopped

    calls = 0
    whole = torch.nn.functional.relu

    def broken(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls > 9:
            raise RuntimeError("broken on purpose")
        return whole(*args, **kwargs)

    for hurt in ("stop", "error"):
        try:
            if hurt == "stop":
                session.attribute(key, Target(2), settings=QUICK.get(key), progress=stop)
            else:
                monkeypatch.setattr(torch.nn.functional, "relu", broken)
                session.attribute(key, Target(2), settings=QUICK.get(key))
        except (Stopped, RuntimeError):
            pass
        monkeypatch.undo()
    assert not leftovers(network)
    for name, parameter in network.named_parameters():
        assert parameter.equal(before[name])


@pytest.mark.parametrize("odd", ["mean colour", "white", "saturated", "checks of one pixel"])
def test_odd_photos_give_a_labelled_result(odd):
    tensor = {
        "mean colour": np.zeros((3, SIDE, SIDE), np.float32),
        "white": np.full((3, SIDE, SIDE), 2.2, np.float32),
        "saturated": photo() * 1e4,
        "checks of one pixel": np.indices((SIDE, SIDE)).sum(0)[None].repeat(3, 0).astype(np.float32) % 2,
    }[odd]
    session = Session(shared(), tensor)
    for key in QUICKLY:
        found = session.attribute(key, Target(1), settings=QUICK.get(key))
        assert np.isfinite(found.values).all(), key
        assert all(np.isfinite(value) for value in found.checks.values()), key
        if not found.values.any():
            assert found.notes, key
        assert (found.method, found.target) == (key, "logit of class 1")


def test_zero_maps_and_missing_noise_say_so():
    session = Session(shared(), np.zeros((3, SIDE, SIDE), np.float32))
    assert "zero everywhere" in session.attribute("input-x-gradient", Target(1)).notes[0]
    assert "no noise" in session.attribute("smoothgrad", Target(1), settings={"samples": 2}).notes[0]


def test_a_dead_network_gives_zero_maps():
    network = fresh()
    network.conv3.weight.zero_()
    network.conv3.bias.fill_(-1.0)
    session = Session(network, photo())
    for key in QUICKLY:
        found = session.attribute(key, Target(1), settings=QUICK.get(key))
        assert np.isfinite(found.values).all(), key
        if key == "saliency":
            assert "zero everywhere" in found.notes[0]


def test_the_label_holds_what_was_asked():
    session = Session(shared(), photo(), other=photo("coffee"))
    found = session.attribute(
        "integrated-gradients", Target(2), layer="conv3", settings={"steps": 4, "baseline": "photo"}
    )
    assert (found.method, found.layer, found.target) == ("integrated-gradients", None, "logit of class 2")
    assert found.settings == {"steps": 4, "baseline": "photo", "seed": 0}
    assert found.values.dtype == np.float32
    assert found.values.shape == (SIDE, SIDE)
    cam = session.attribute("grad-cam", Target.unit("conv4", 3))
    assert (cam.layer, cam.values.shape) == ("conv3", (7, 7))
    with pytest.raises(AttributionError):
        session.attribute("grad-cam", Target.unit("conv4", 3), "conv5")
    assert session.nbytes > session.chain.nbytes > 0
