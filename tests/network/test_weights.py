"""Every source of weights, and every way in which a checkpoint can be wrong. ImageNet's come from a local server."""

import hashlib
import http.server
import io
import os
import pickle
import re
import threading

import pytest
import torch
import torchvision

from alexnet_viz.errors import WeightsError
from alexnet_viz.inspection.model import get
from alexnet_viz.network import sources
from alexnet_viz.network.files import read_weights, save_weights
from alexnet_viz.network.variants import TORCHVISION_KEYS, build, from_torchvision
from alexnet_viz.network.weights import infer_spec, load
from alexnet_viz.values import VARIANTS, NetworkSpec, Preprocessing


def small_state(variant="torchvision", seed=0, classes=3, **spec):
    return build(NetworkSpec(variant, num_classes=classes, fc_width=8, **spec), seed).state_dict()


def written(path, variant="torchvision", **changes):
    state = small_state(variant) | changes
    if path.suffix == ".safetensors":
        with torch.device("cpu"):
            spec = NetworkSpec(variant, num_classes=3, fc_width=8)
        how = Preprocessing.for_size(spec.input_size)
        save_weights(path, state, spec=spec, categories=("a", "b", "c"), preprocessing=how, title="T", source="S")
    else:
        torch.save(state, path)
    return path


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("ending", [".safetensors", ".pt", ".pth"])
def test_a_saved_network_comes_back_as_it_was(tmp_path, variant, ending):
    path = written(tmp_path / f"net{ending}", variant)
    network, info = load(str(path))
    state = small_state(variant)
    assert all(torch.equal(network.state_dict()[key], state[key]) for key in state)
    assert info.spec == NetworkSpec(variant, num_classes=3, fc_width=8)
    assert info.categories == (("a", "b", "c") if ending == ".safetensors" else ("class 0", "class 1", "class 2"))
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())


def test_torchvisions_own_checkpoint_gives_torchvisions_logits(tmp_path):
    theirs = torchvision.models.alexnet(num_classes=7).eval()
    torch.save({"state_dict": {f"module.{k}": v for k, v in theirs.state_dict().items()}}, tmp_path / "tv.pth")
    network, info = load(str(tmp_path / "tv.pth"))
    x = torch.randn(1, 3, 224, 224)
    with torch.inference_mode():
        torch.testing.assert_close(network(x), theirs(x), rtol=0, atol=1e-5)
    assert info.spec == NetworkSpec(num_classes=7)


def test_half_precision_on_disk_is_float32_in_use(tmp_path):
    path = written(tmp_path / "half.pth", **{"conv1.weight": small_state()["conv1.weight"].half()})
    assert load(str(path))[0].conv1.weight.dtype == torch.float32


def test_the_id_changes_with_a_single_parameter(tmp_path):
    one = load(str(written(tmp_path / "a.pth")))[1]
    state = small_state()
    state["fc8.bias"][0] += 1e-3
    two = load(str(written(tmp_path / "b.pth", **state)))[1]
    assert one.id != two.id


def test_the_printed_single_tower_is_recognised_by_its_6400_inputs():
    spec = NetworkSpec("single-tower", 3, 8, input_size=224, conv1_padding=0)
    assert infer_spec(build(spec, 0).state_dict(), "x") == spec


BAD = {
    "no such file": (lambda p: None, "There is no file"),
    "empty": (lambda p: p.write_bytes(b""), "is empty"),
    "noise": (lambda p: p.write_bytes(os.urandom(500)), "cannot be|damaged"),
    "a resnet": (lambda p: torch.save({"layer1.weight": torch.zeros(1)}, p), r"is no AlexNet: it has no conv1.weight"),
    "a list": (lambda p: torch.save([1, 2], p), "holds no state dict"),
    "missing key": (
        lambda p: torch.save({k: v for k, v in small_state().items() if k != "conv3.bias"}, p),
        "has no conv3.bias",
    ),
    "wrong shape": (
        lambda p: written(p, **{"conv4.weight": torch.zeros(256, 384, 5, 5)}),
        r"conv4.weight has shape \(256, 384, 5, 5\), the network needs \(256, 384, 3, 3\)",
    ),
    "extra key": (lambda p: written(p, **{"bn1.weight": torch.zeros(2)}), "has a key 'bn1.weight'"),
    "not finite": (lambda p: written(p, **{"fc7.bias": torch.full((8,), float("nan"))}), "fc7.bias holds values"),
    "strange conv1": (lambda p: written(p, **{"conv1.weight": torch.zeros(64, 3, 7, 7)}), r"\(64, 3, 7, 7\)"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_checkpoint_is_refused_with_what_is_wrong(tmp_path, case):
    make, message = BAD[case]
    make(tmp_path / "bad.pth")
    with pytest.raises(WeightsError, match=message) as caught:
        load(str(tmp_path / "bad.pth"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features.0.weight": torch.zeros(64, 3, 7, 7)}, "features.0.weight has shape (64, 3, 7, 7)"),
        ({"features.0.weight": None}, "it has no features.0.weight"),
        ({"features.3.bias": None}, "has no features.3.bias"),
        ({"classifier.1.weight": torch.zeros(8, 9215)}, "classifier.1.weight has shape (8, 9215)"),
        ({"classifier.6.weight": torch.zeros(5)}, "classifier.6.weight must be matrices"),
    ],
)
def test_a_refusal_names_the_files_own_keys(tmp_path, change, message):
    theirs = {ours: name for name, ours in TORCHVISION_KEYS.items()}
    state = {f"{theirs[key.partition('.')[0]]}.{key.partition('.')[2]}": value for key, value in small_state().items()}
    torch.save({key: value for key, value in (state | change).items() if value is not None}, tmp_path / "bad.pth")
    with pytest.raises(WeightsError, match=re.escape(message)):
        load(str(tmp_path / "bad.pth"))


def test_a_malicious_pickle_does_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "owned"),)

    with open(tmp_path / "evil.pth", "wb") as file:
        pickle.dump({"conv1.weight": Evil()}, file)
    torch.save({"conv1.weight": Evil()}, tmp_path / "evil2.pth")
    for name in ("evil.pth", "evil2.pth"):
        with pytest.raises(WeightsError, match="cannot be loaded as plain weights"):
            load(str(tmp_path / name))
    assert not (tmp_path / "owned").exists()


def test_a_damaged_safetensors_file(tmp_path):
    path = written(tmp_path / "cut.safetensors")
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(WeightsError, match="cannot be read as safetensors"):
        load(str(path))


def test_a_description_that_names_too_few_classes(tmp_path):
    spec, how = NetworkSpec(num_classes=3, fc_width=8), Preprocessing()
    path = tmp_path / "few.safetensors"
    save_weights(path, small_state(), spec=spec, categories=("a",), preprocessing=how, title="", source="")
    with pytest.raises(WeightsError, match="names 1 classes for 3 outputs"):
        load(str(path))


def test_weights_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = written(tmp_path / "net.safetensors")
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        written(path, **small_state(seed=1))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["net.safetensors"]


def test_extra_description_travels(tmp_path):
    spec = NetworkSpec(num_classes=3, fc_width=8)
    save_weights(
        tmp_path / "x.safetensors",
        small_state(),
        spec=spec,
        categories=("a", "b", "c"),
        preprocessing=Preprocessing(),
        title="",
        source="",
        extra={"accuracy": 0.5},
    )
    assert read_weights(tmp_path / "x.safetensors")[1]["accuracy"] == 0.5


def test_an_uploaded_checkpoint_becomes_a_choice():
    buffer = io.BytesIO()
    torch.save(small_state(), buffer)
    path = sources.save_upload(buffer.getvalue(), "mine.pth")
    assert load(str(path))[1].spec.num_classes == 3
    assert path.name == "mine.pth"
    again = sources.save_upload(buffer.getvalue(), "again.pth")
    assert again.name == "again.pth"
    assert again.samefile(path)
    with pytest.raises(WeightsError, match="no checkpoint"):
        sources.save_upload(b"x", "mine.exe")


def test_missing_run_and_missing_bundle(monkeypatch, tmp_path):
    with pytest.raises(WeightsError, match="There is no run 'nope'"):
        load("run:nope")
    monkeypatch.setattr("alexnet_viz.network.weights.BUNDLED", tmp_path / "none")
    with pytest.raises(WeightsError, match="holds no bundled weights"):
        load("bundled")


def test_a_model_is_loaded_once_and_again_when_its_file_changes(tmp_path):
    path = written(tmp_path / "net.pth")
    assert get(str(path)) is get(str(path))
    first = get(str(path))
    written(path, **small_state(seed=5))
    os.utime(path, ns=(1, 1))
    assert get(str(path)).info.id != first.info.id


# --- ImageNet from a server of our own ---------------------------------------------------------------


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A local HTTP server with a file in torchvision's format; returns a function that offers bytes under a name."""
    files: dict[str, bytes] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            data = files.get(self.path.lstrip("/"))
            if data is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(data) + 100 * ("short" in self.path)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()

    def offer(data, name=None):
        name = name or f"alexnet-{hashlib.sha256(data).hexdigest()[:8]}.pth"
        if data is not None:
            files[name] = data
        monkeypatch.setenv("ALEXNET_VIZ_IMAGENET_URL", f"http://127.0.0.1:{httpd.server_port}/{name}")

    yield offer
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture(scope="module")
def imagenet_bytes():
    """A checkpoint with torchvision's keys and 1000 classes, small where it may be."""
    names = {ours: theirs for theirs, ours in TORCHVISION_KEYS.items()}
    state = build(NetworkSpec(fc_width=8), 0).state_dict()
    buffer = io.BytesIO()
    torch.save({f"{names[k.split('.')[0]]}.{k.split('.')[1]}": v for k, v in state.items()}, buffer)
    return buffer.getvalue()


def test_imagenet_is_downloaded_once_checked_and_named(server, imagenet_bytes):
    server(imagenet_bytes)
    seen = []
    network, info = load("imagenet", on_progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(imagenet_bytes), len(imagenet_bytes))
    assert len(seen) > 3
    assert info.categories[281] == "tabby"
    assert info.preprocessing == Preprocessing()
    assert sources.best_available() == "imagenet"
    assert torch.equal(network.state_dict()["conv1.weight"], build(NetworkSpec(fc_width=8), 0).conv1.weight)
    load("imagenet", on_progress=lambda *_: pytest.fail("downloaded twice"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("alexnet-00000000.pth", "not the one expected"),
        ("alexnet-short-00000000.pth", "broke off"),
        ("alexnet.pth", "does not end in"),
    ],
)
def test_a_wrong_download_leaves_nothing(server, imagenet_bytes, name, message):
    server(imagenet_bytes, name)
    with pytest.raises(WeightsError, match=message):
        sources.download_imagenet()
    folder = sources.imagenet_file().parent
    assert not folder.exists() or not list(folder.iterdir())


def test_no_internet_and_no_such_file_are_plain_messages(server):
    with pytest.raises(WeightsError, match="no connection to the internet"):
        load("imagenet")
    server(None, "alexnet-00000000.pth")
    with pytest.raises(WeightsError, match="the server answered 404"):
        load("imagenet")


def test_a_silent_server_is_given_up(monkeypatch):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("ALEXNET_VIZ_IMAGENET_URL", f"http://127.0.0.1:{port}/alexnet-00000000.pth")
        with pytest.raises(WeightsError, match="did not answer in time"):
            sources.download_imagenet(timeout=0.3)


def test_the_cache_is_torchs_own():
    assert str(sources.imagenet_file().parent) == os.path.join(torch.hub.get_dir(), "checkpoints")


def test_torchvisions_names_are_the_only_ones_renamed():
    assert from_torchvision({"features.0.weight": 1, "other.bias": 2}) == {"conv1.weight": 1, "other.bias": 2}
