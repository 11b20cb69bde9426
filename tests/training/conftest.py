"""Small photos in folders, made on the spot."""

import io
import resource
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from PIL import Image

from alexnet_viz.training import runs
from alexnet_viz.training.data import load
from alexnet_viz.training.distributed import ProcessGroup
from alexnet_viz.training.loop import train
from alexnet_viz.training.monitor import Monitor
from alexnet_viz.training.recipe import preset
from alexnet_viz.training.setup import set_up


def jpeg(size=(40, 30), seed=0) -> bytes:
    """A noisy photo of (width, height) as JPEG bytes."""
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).save(file, "JPEG", quality=95)
    return file.getvalue()


@pytest.fixture
def make_tree(tmp_path):
    """make_tree({"cat/1.jpg": bytes or None for a photo of its own, "empty/": None}) -> the root folder."""

    def make(files, name="photos"):
        root = tmp_path / name
        for number, (path, data) in enumerate(files.items()):
            target = root / path
            if path.endswith("/"):
                target.mkdir(parents=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(jpeg(seed=number) if data is None else data)
        return root

    return make


@pytest.fixture
def full_disk():
    """``with full_disk():`` no file can be written to: a limit on the size of files stands for the disk."""

    @contextmanager
    def full_disk():
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return full_disk


@pytest.fixture
def make_jpeg():
    return jpeg


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder of 4 classes, told apart by their colour, with 48 training and 15 validation photos of 70×70."""
    root = tmp_path_factory.mktemp("photos")
    draw = np.random.default_rng(0)
    for number in range(63):
        split, label = ("train", number % 4) if number < 48 else ("val", number % 4)
        pixels = draw.integers(0, 120, (70, 70, 3), dtype=np.uint8)
        pixels[..., [label] if label < 3 else [0, 1, 2]] += np.uint8(120)  # reddish, greenish, bluish, bright
        folder = root / split / "abcd"[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return root


@pytest.fixture
def tiny(photos):
    """A recipe whose two epochs of six steps take a second or two, with a checkpoint at every step."""
    return preset("quick").changed(
        data=f"folder:{photos}",
        fc_width=16,
        input_size=67,
        epochs=2,
        batch_size=8,
        init="pytorch",
        batch_norm=False,
        optimizer="sgd",  # its momentum is exact over processes to rounding; AdamW's division magnifies that
        learning_rate=0.005,
        momentum=0.9,
        nesterov=True,
        weight_decay=5e-4,
        schedule="cosine",
        augmentation="crop-flip",
        warmup_epochs=0.0,
        dropout=0.5,
        threads=1,
        precision="fp32",
        device="cpu",  # what is bit for bit on a CPU is not on every GPU
        checkpoint_minutes=0.0,
        snapshots=3,
        kept_megabytes=0,
    )


@pytest.fixture
def one_thread():
    """torch calculates with one thread: sums are then added in one order, bit for bit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def fit(one_thread):
    """fit(recipe) trains in this process, on the CPU -> (run's path, whether it came to its end)."""

    def fit(recipe, path=None):
        path = path or runs.create_run(recipe)
        with Monitor(path) as monitor:
            return path, train(path, recipe, load(recipe), ProcessGroup(), monitor, torch.device("cpu"))

    return fit


@pytest.fixture
def set_up_run(one_thread):
    """set_up_run(recipe) -> (context, state) of a run that has not begun, or of ``path`` as its last checkpoint is."""

    def set_up_run(recipe, path=None, group=None):
        path = path or runs.create_run(recipe)
        monitor = Monitor(path, writes=False)
        return set_up(path, recipe, load(recipe), group or ProcessGroup(), monitor, torch.device("cpu"))

    return set_up_run


@pytest.fixture
def metric_rows():
    """metric_rows(run, "train" or "val") -> those rows of its metrics."""
    return lambda path, split: [row for row in runs.read_metrics(path)[0] if row["split"] == split]
