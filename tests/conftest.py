"""Every test works on folders of its own and asks nothing of the internet."""

import contextlib
import functools
import gc
import os
from pathlib import Path

import pytest

HOME = Path(__file__).parent

with contextlib.suppress(ImportError):  # the core's tests run without Streamlit
    from streamlit.components.v2 import manifest_scanner

    # For each page that a test opens it would read the metadata of all installed packages again: a second.
    manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("ALEXNET_VIZ_NICENESS", "0")  # beside other tests a run that stands back takes minutes to begin

# Of 15 seconds and more, the longest first: whichever began last would otherwise be waited for with one core idle.
LONGEST = (
    "training/test_worker.py",
    "browser/test_app.py",
    "browser/test_training.py",
    "training/test_launcher.py",
    "browser/test_network.py",
    "browser/test_narrow.py",
    "browser/test_text.py",
    "browser/test_replicas.py",
    "test_shell.py",
    "ui/test_training_page.py",
    "ui/test_units_page.py",
    "browser/test_layout.py",
    "browser/test_large_type.py",
    "browser/test_addresses.py",
    "browser/test_attribution.py",
    "browser/test_see.py",
    "attribution/test_captum.py",
    "browser/test_units.py",
    "units/test_inversion.py",
    "attribution/test_cams.py",
    "browser/test_first_visit.py",
    "training/test_loop.py",
    "training/test_data_place.py",
    "ui/test_attribution_page.py",
    "ui/shared/test_controls.py",
    "attribution/test_perturbation.py",
    "images/test_decode.py",
    "inspection/test_fields.py",
)


def pytest_collection_modifyitems(items):
    """Files in the order of LONGEST, then all others; within a file nothing changes."""
    rank = {HOME / name: place for place, name in enumerate(LONGEST)}
    assert all(file.is_file() for file in rank), "LONGEST names a file that is gone"
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


def pytest_collection_finish():
    """What was imported stays: the collector, which Streamlit calls after every run of a page, need not look at it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """Caches, runs and downloads go to the test's own folder; the ImageNet address leads nowhere."""
    monkeypatch.setenv("ALEXNET_VIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ALEXNET_VIZ_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("ALEXNET_VIZ_IMAGENET_URL", "http://127.0.0.1:9/alexnet-owt-7be5be79.pth")
