"""Files that anything may have happened to, and where the app keeps its own."""

import os
from pathlib import Path

import pytest

from alexnet_viz import disk


@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_variable_is_none(monkeypatch, value):
    """Not the folder in which the app happens to be started."""
    for name in ("ALEXNET_VIZ_CACHE", "ALEXNET_VIZ_RUNS"):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert disk.cache_folder() == Path.home() / ".cache" / "alexnet_viz"
    assert disk.runs_folder() == Path("runs")


def test_a_variable_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("ALEXNET_VIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ALEXNET_VIZ_RUNS", str(tmp_path / "runs"))
    assert (disk.cache_folder(), disk.runs_folder()) == (tmp_path / "cache", tmp_path / "runs")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_regular_file_is_not_opened_in_wait(make, tmp_path):
    make(tmp_path / "odd")
    with pytest.raises(OSError, match="not a regular file"):
        disk.open_regular(tmp_path / "odd")
