"""How slow work tells how far it is. Raise ``Stopped`` in the function given to stop the work."""

from __future__ import annotations

from collections.abc import Callable

CountProgress = Callable[[int, int], None]  # done and in all, in steps or bytes; 0 in all where that is not known
TextProgress = Callable[[str], None]  # a sentence for people
