"""The heavy libraries: loaded once behind the first page instead of before it, and kept from the garbage collector."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from functools import lru_cache

_lock = threading.Lock()
_frozen = 0  # modules when the collector last lost sight of them


@lru_cache(maxsize=1)
def begin() -> threading.Thread:
    """Start loading torch and the best weights of this machine in the background; only the first call does anything."""
    thread = threading.Thread(target=_load, name="warm", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    try:
        from alexnet_viz.inspection.model import get
        from alexnet_viz.network.sources import best_available

        get(best_available())
        import pandas  # noqa: F401  (Streamlit's tables import both at their first use)
        import plotly.graph_objects  # noqa: F401
        import pyarrow  # noqa: F401
    except Exception:  # whatever is wrong shows on the page that needs it, with its own message
        logging.getLogger("alexnet_viz").exception("loading in the background")
    freeze_modules()


def freeze_modules() -> None:
    """Take all that was imported since the last call out of the garbage collector's sight; at the end of every run.

    Streamlit collects garbage after each, which takes 200 ms over all libraries and next to nothing without them. What
    else is alive by then is frozen with them, and stays until the next call if it becomes a circle of garbage. So this
    is done only when there are new modules, which is when a page or a method is used for the first time.
    """
    global _frozen
    with _lock:
        if len(sys.modules) > _frozen:
            _frozen = len(sys.modules)
            gc.unfreeze()
            gc.collect()
            gc.freeze()
