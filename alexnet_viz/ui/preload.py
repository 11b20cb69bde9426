"""The heavy libraries, loaded once behind the first page instead of before it."""

from __future__ import annotations

import gc
import logging
import threading
from functools import lru_cache


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
    # Streamlit collects garbage after every rerun: some 200 ms over all that was just imported, next to nothing once
    # it is frozen out of the collector's sight.
    gc.collect()
    gc.freeze()
