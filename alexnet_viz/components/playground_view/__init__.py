"""A window sliding over a small matrix, with numbers to type in; it is played, stepped and read in the browser."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from alexnet_viz.components.mount import mount

_component = mount(__file__)


class Typed(NamedTuple):
    """What was typed in this run: all cells of the input and the kernel, row by row."""

    inputs: list[float]
    kernel: list[float]


def playground_view(
    inputs: np.ndarray, kernel: np.ndarray, output: np.ndarray | None, window: dict, *, hidden: bool, key: str
) -> Typed | None:
    """Show a window sliding. ``output`` is PyTorch's, None where nothing fits; ``hidden`` keeps it and its shape back.

    ``window`` holds size, kernel, stride, padding, dilation, mode and side.
    """
    data = {
        "inputs": inputs.ravel().tolist(),
        "kernel": kernel.ravel().tolist(),
        "output": None if hidden or output is None else output.ravel().tolist(),
        "window": window if not hidden else window | {"side": 0},
        "hidden": hidden,
    }
    typed = _component(data=data, key=key, on_typed_change=lambda: None).typed
    return Typed(**typed) if typed else None
