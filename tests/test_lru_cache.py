"""The cache: one maker a key, a bound on the weight, errors for all who wait and kept by none."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from alexnet_viz.lru_cache import LRUCache, digest
from tests.waiting import PATIENCE


def test_of_many_callers_one_makes_the_value():
    cache, made, gate = LRUCache(4), [], threading.Event()

    def make():
        assert gate.wait(PATIENCE)
        made.append(object())
        return made[-1]

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(cache.get, "key", make) for _ in range(8)]
        gate.set()
        values = {id(future.result(PATIENCE)) for future in futures}
    assert len(made) == len(values) == 1


def test_the_least_recently_used_goes_when_the_weight_is_too_large():
    cache = LRUCache(10, len)
    for key in "abc":
        cache.get(key, lambda: "four")
    assert [cache.peek(key) for key in "abc"] == [None, "four", "four"]
    cache.get("b", lambda: "not made again")
    cache.get("d", lambda: "four")
    assert [cache.peek(key) for key in "bcd"] == ["four", None, "four"]
    assert cache.get("huge", lambda: "x" * 100) == "x" * 100  # the newest stays, alone
    assert [cache.peek(key) for key in ("b", "d", "huge")] == [None, None, "x" * 100]


def test_an_error_reaches_the_caller_and_is_not_kept():
    cache = LRUCache(4)

    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        cache.get("key", fail)
    assert cache.peek("key") is None
    assert cache.get("key", lambda: 1) == 1


def test_equal_values_have_one_digest_and_others_their_own():
    array = np.arange(6.0).reshape(2, 3)
    assert digest("a", array, {"b": 1}) == digest("a", array.copy(), {"b": 1})
    others = [
        ("a", array + 1, {"b": 1}),
        ("a", array.T, {"b": 1}),
        ("a", array.astype("f4"), {"b": 1}),
        ("a", array, {}),
    ]
    assert len({digest(*values) for values in [("a", array, {"b": 1}), *others]}) == 5
