"""Every test works on folders of its own and asks nothing of the internet."""

import contextlib
import functools
import os

import pytest

with contextlib.suppress(ImportError):  # the core's tests run without Streamlit
    from streamlit.components.v2 import manifest_scanner

    # For each page that a test opens it would read the metadata of all installed packages again: a second.
    manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """Caches, runs and downloads go to the test's own folder; the ImageNet address leads nowhere."""
    monkeypatch.setenv("ALEXNET_VIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ALEXNET_VIZ_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("ALEXNET_VIZ_IMAGENET_URL", "http://127.0.0.1:9/alexnet-owt-7be5be79.pth")
