"""The examples in the core's docstrings, run."""

import doctest
import importlib
from pathlib import Path

import pytest

import alexnet_viz

ROOT = Path(alexnet_viz.__file__).parent
MODULES = sorted(
    ".".join(("alexnet_viz", *path.relative_to(ROOT).with_suffix("").parts))
    for path in ROOT.rglob("*.py")
    if ">>> " in path.read_text("utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted
    assert not result.failed


def test_there_are_examples():
    assert len(MODULES) >= 8
