"""How long a test waits before it gives up. It bounds what hangs and says nothing about speed."""

import time
from collections.abc import Callable
from subprocess import Popen

PATIENCE = 600  # seconds: training goes behind everything else, and on a loaded machine that is slow, not wrong


def wait_until(is_so: Callable[[], object], process: Popen | None = None, pause: float = 0.005) -> None:
    """Wait for a condition, while a process lives if one is given."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert process is None or process.poll() is None, "the process ended before its time"
        assert time.monotonic() < end, "it never came"
        time.sleep(pause)
