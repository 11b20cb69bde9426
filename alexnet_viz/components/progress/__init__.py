"""How far a run is, asked for by the browser itself while it goes on."""

from __future__ import annotations

from typing import Any

from alexnet_viz.components.mount import mount

_component = mount(__file__)


def progress(state: str, detail: str, share: float, marks: Any, source: str, every: float, *, key: str) -> None:
    """A bar filled to ``share``, and ``state`` and ``detail`` below it.

    All four come again from the address ``source`` each ``every`` seconds, if that is not 0; the page runs anew when
    ``marks`` is another one then, or when nothing comes.
    """
    data = {"state": state, "detail": detail, "share": share, "marks": marks, "source": source, "every": every}
    _component(data=data, key=key, on_changed_change=lambda: None)
