"""The training page's parts: launching a run, watching it, what it learned, and all runs beside each other."""

from __future__ import annotations

import time


def duration(seconds: float) -> str:
    """A time span in words, as exact as anybody wants it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return time.strftime("%-H h %-M min", time.gmtime(seconds)) if seconds < 86400 else f"{seconds / 86400:.1f} days"
