"""A single-flight LRU cache that is bounded by size: of several callers who miss the same key, one makes the value."""

from __future__ import annotations

import hashlib
import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class LRUCache(Generic[T]):
    """Values that together weigh at most ``limit``, shared by all visitors; the least recently used are evicted.

    ``weigh`` gives a value's weight, such as its bytes; by default each weighs 1. Keys are identities (digests, ids,
    names), never arrays. Safe to use from many threads.
    """

    def __init__(self, limit: int, weigh: Callable[[T], int] = lambda value: 1) -> None:
        self._limit, self._weigh = limit, weigh
        self._futures: OrderedDict[Hashable, Future[T]] = OrderedDict()  # the least recently used first
        self._lock = threading.Lock()  # for the table alone: no value is made under it

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value under a key, made on a miss; other callers wait for it. An error goes to all of them, uncached."""
        with self._lock:
            future = self._futures.get(key)
            if is_miss := future is None:
                future = self._futures[key] = Future()
            self._futures.move_to_end(key)
        if is_miss:
            try:
                future.set_result(make())
            except BaseException as error:
                with self._lock:
                    self._futures.pop(key, None)
                future.set_exception(error)
            else:
                self._evict()
        return future.result()

    def peek(self, key: Hashable) -> T | None:
        """The value if it is cached already; this does not count as a use."""
        future = self._futures.get(key)
        return future.result() if future is not None and _has_value(future) else None

    def _evict(self) -> None:
        """Drop the least recently used values until the rest fits; the newest always stays."""
        with self._lock:
            weights = {key: self._weigh(f.result()) for key, f in self._futures.items() if _has_value(f)}
            excess = sum(weights.values()) - self._limit
            for key in list(weights)[:-1]:
                if excess <= 0:
                    return
                del self._futures[key]
                excess -= weights[key]


def digest(*values: Any) -> bytes:
    """A key for values that cannot be one, such as arrays. Equal values that pickle differently have two: a miss."""
    return hashlib.blake2b(pickle.dumps(values, pickle.HIGHEST_PROTOCOL)).digest()


def _has_value(future: Future) -> bool:
    return future.done() and future.exception() is None
