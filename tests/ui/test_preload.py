"""What is imported is kept from the garbage collector; what becomes garbage later is not."""

import gc
import sys
import weakref
from types import ModuleType

import pytest

from alexnet_viz.ui.preload import freeze_modules


@pytest.fixture
def unfrozen():
    yield
    gc.unfreeze()


class Circle:
    def __init__(self):
        self.self = self


def test_new_modules_are_frozen_and_garbage_goes_at_the_latest_with_the_next(monkeypatch, unfrozen):
    freeze_modules()
    after = weakref.ref(Circle())
    freeze_modules()  # there is nothing new
    gc.collect()
    assert after() is None
    before = Circle()
    monkeypatch.setitem(sys.modules, "a_new_one", ModuleType("a_new_one"))
    freeze_modules()
    assert not any(each is sys.modules["a_new_one"] for each in gc.get_objects())
    frozen, before = weakref.ref(before), None
    gc.collect()
    assert frozen() is not None
    monkeypatch.setitem(sys.modules, "another", ModuleType("another"))
    freeze_modules()
    assert frozen() is None
