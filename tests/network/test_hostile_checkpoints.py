"""Files that say anything: each is one WeightsError, and what it declares is never made."""

import io
import json
import os
import pickle
import resource
import struct
import zipfile

import pytest
import torch
from safetensors.torch import save

from alexnet_viz.errors import WeightsError
from alexnet_viz.network.variants import build
from alexnet_viz.network.weights import load
from alexnet_viz.values import NetworkSpec

STATE = build(NetworkSpec(num_classes=5, fc_width=8), 0).state_dict()
GOOD = {
    "spec": NetworkSpec(num_classes=5, fc_width=8).as_dict(),
    "categories": list("abcde"),
    "preprocessing": {"resize": 256, "crop": 224, "mean": [0.5, 0.5, 0.5], "std": [0.2, 0.2, 0.2]},
    "title": "T",
    "source": "S",
}


def safetensors(header, data=b""):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def described(**changes):
    """A checkpoint of this app with a description in which ``a__b`` was changed."""
    description = json.loads(json.dumps(GOOD))
    for key, value in changes.items():
        *places, last = key.split("__")
        inner = description
        for place in places:
            inner = inner[place]
        inner[last] = value
    return save(STATE, {"alexnet_viz": json.dumps(description)})


def with_description(text):
    return save(STATE, {"alexnet_viz": text})


def saved(state, **options):
    buffer = io.BytesIO()
    torch.save(state, buffer, **options)
    return buffer.getvalue()


def changed(**tensors):
    return saved({**STATE, **{key.replace("__", "."): value for key, value in tensors.items()}})


def zipped(members, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(f"a/{name}", data)
    return buffer.getvalue()


def pickled(opcodes):
    return zipped({"data.pkl": opcodes})


def members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def shortened(name, data):
    return data[:4] if name.startswith("data/") else data


HOSTILE = {
    "a header that declares 10⁹ classes": lambda: safetensors(
        {"fc8.weight": {"dtype": "F32", "shape": [10**9, 0], "data_offsets": [0, 0]}}
    ),
    "a header of a terabyte": lambda: struct.pack("<Q", 1 << 40) + b"{" * 100,
    "10⁹ classes of no weights": lambda: changed(fc8__weight=torch.zeros(10**9, 0), fc8__bias=torch.zeros(1)),
    "expanded": lambda: changed(fc8__weight=torch.zeros(1).expand(10**9, 8)),
    "expanded within the limits": lambda: changed(
        fc8__weight=torch.zeros(1).expand(90_000, 8), fc8__bias=torch.zeros(1).expand(90_000)
    ),
    "expanded, old format": lambda: saved(
        {**STATE, "fc6.weight": torch.zeros(1, 1).expand(8, 9216)}, _use_new_zipfile_serialization=False
    ),
    "a description of 10⁹ classes": lambda: described(spec__num_classes=10**9),
    "null": lambda: with_description("null"),
    "a list": lambda: with_description("[]"),
    "a number": lambda: with_description("5"),
    "nested": lambda: with_description('{"a":' * 50_000),
    "an empty object": lambda: with_description("{}"),
    "crop 20,000": lambda: described(preprocessing__crop=20_000, preprocessing__resize=20_000),
    "padding 10⁶": lambda: described(spec__conv1_padding=10**6),
    "input 10⁶": lambda: described(spec__input_size=10**6),
    "mean is text": lambda: described(preprocessing__mean=["a", "b", "c"]),
    "mean NaN": lambda: described(preprocessing__mean=[float("nan")] * 3),
    "mean 1e300": lambda: described(preprocessing__mean=[1e300] * 3),
    "mean 10⁴⁰⁰": lambda: described(preprocessing__mean=[10**400] * 3),
    "std 0": lambda: described(preprocessing__std=[0, 0, 0]),
    "resize is text": lambda: described(preprocessing__resize="256"),
    "names that are numbers": lambda: described(categories=[1, 2, 3, 4, 5]),
    "names that cannot be written": lambda: described(categories=["\ud800", "b", "c", "d", "e"]),
    "a title that is a list": lambda: described(title=["T"]),
    "unsure below NaN": lambda: described(unsure_below=float("nan")),
    "sparse": lambda: changed(fc8__weight=STATE["fc8.weight"].to_sparse()),
    "meta": lambda: changed(fc8__weight=STATE["fc8.weight"].to("meta")),
    "float8": lambda: changed(fc8__weight=STATE["fc8.weight"].to(torch.float8_e4m3fn)),
    "complex": lambda: changed(fc8__weight=STATE["fc8.weight"].to(torch.complex64)),
    "whole numbers": lambda: changed(fc8__weight=(100 * STATE["fc8.weight"]).to(torch.int8)),
    "answers that overflow": lambda: changed(fc7__weight=torch.full((8, 8), 3e38)),
    "float64 beyond float32": lambda: changed(fc8__bias=torch.full((5,), 1e300, dtype=torch.float64)),
    "a bomb": lambda: zipped(members(saved(STATE)) | {"data/99": bytes(300 << 20)}),
    "storages cut short": lambda: zipped({name: shortened(name, data) for name, data in members(saved(STATE)).items()}),
    "20,000 members": lambda: zipped({f"data/{i}": b"" for i in range(20_000)} | {"data.pkl": pickle.dumps({})}),
    "a pickle of a million lists": lambda: pickled(b"\x80\x02(" + b"]" * 1_000_000 + b"l."),
    "a pickle of a million sets": lambda: pickled(b"\x80\x04(" + b"\x8f" * 1_000_000 + b"l."),
    "a memo of 2³² places": lambda: pickled(b"\x80\x02}r\xff\xff\xff\xff."),
    "2 GB of a bytearray": lambda: pickled(b"\x80\x05\x96" + struct.pack("<Q", 2 << 30) + b"x."),
    "lists that hold one another": lambda: pickled(b"\x80\x02]q\0(h\0h\0e."),
    "cut": lambda: saved(STATE)[:-50_000],
    "a pickle": lambda: pickle.dumps({"a": 1}),
    "noise": lambda: bytes(range(256)) * 9,
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_one_sentence_and_little_memory(tmp_path, case):
    path = tmp_path / "mine.safetensors" if case.startswith("a header") else tmp_path / "mine.pth"
    path.write_bytes(HOSTILE[case]())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kB
    with pytest.raises(WeightsError, match=r"mine\.") as caught:
        load(str(path))
    assert "\n" not in str(caught.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000


def test_the_limit_on_objects_leaves_room_for_22_000_class_names(tmp_path):
    names = [f"n{number:08d}" for number in range(22_000)]
    torch.save(
        {"state_dict": STATE, "classes": names, "class_to_idx": {n: i for i, n in enumerate(names)}}, tmp_path / "a.pt"
    )
    assert load(str(tmp_path / "a.pt"))[1].spec.num_classes == 5


def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.pth")
    (tmp_path / "loop.pth").symlink_to("loop.pth")
    files = tmp_path / "pipe.pth", "/dev/zero", tmp_path, tmp_path / "loop.pth"
    for place in (*files, "a\0b", "~nosuchuser/x", "x" * 300):
        with pytest.raises(WeightsError, match=r"no file|is not a path"):
            load(str(place))


def test_a_file_beyond_the_limit_is_not_read(tmp_path):
    with open(tmp_path / "large.pth", "wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate((2 << 30) + 1)
    with pytest.raises(WeightsError, match=r"large.pth has 2\.1 GB, and at most 2\.1 are read"):
        load(str(tmp_path / "large.pth"))
