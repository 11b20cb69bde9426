"""What is imported is kept from the garbage collector, once."""

import gc
import sys
from types import ModuleType

from alexnet_viz.ui.preload import freeze_modules


def test_new_modules_are_frozen_and_a_run_without_any_freezes_nothing(monkeypatch):
    freeze_modules()
    frozen = gc.get_freeze_count()
    circle: list = []
    circle.append(circle)
    freeze_modules()
    assert gc.get_freeze_count() == frozen
    monkeypatch.setitem(sys.modules, "a_new_one", ModuleType("a_new_one"))
    freeze_modules()
    assert gc.get_freeze_count() > frozen
    gc.unfreeze()
