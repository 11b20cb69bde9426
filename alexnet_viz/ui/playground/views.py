"""The playground's parts: its sliders, presets, and the numbers in its matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.errors import ShapeError
from alexnet_viz.settings import Setting
from alexnet_viz.ui.shared import predict
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.text import markdown

if TYPE_CHECKING:
    from alexnet_viz.inspection.playground import Window

SIZES = (
    Control(Setting("n", "int", 7, "Input side n", "Cells of the square input.", low=1, high=12)),
    Control(Setting("k", "int", 3, "Kernel k", "Cells of the window's side.", low=1, high=11)),
    Control(Setting("s", "int", 1, "Stride s", "Cells between one window and the next.", low=1, high=6)),
    Control(
        Setting("p", "int", 0, "Padding p", "Rim around the input: zeros, or −∞ for a pooling, which never win.", 0, 5)
    ),
    Control(
        Setting("d", "int", 1, "Dilation d", "Cells from one cell of the kernel to the next; 1 means no gap.", 1, 4)
    ),
)
MODE = Control(
    Setting(
        "mode",
        "choice",
        "conv",
        "Mode",
        "A convolution sums input × weight; a max pooling lets the largest through.",
        options={"conv": "Convolution", "pool": "Max pooling"},
    )
)
CELLS = Control(Setting("cells", "text", ""))
WEIGHTS = Control(Setting("weights_typed", "text", ""))
PRESETS = {
    "conv1 of AlexNet": {"n": 12, "k": 11, "s": 4, "p": 2, "d": 1, "mode": "conv"},
    "its pooling": {"n": 11, "k": 3, "s": 2, "p": 0, "d": 1, "mode": "pool"},
    "conv3 of AlexNet": {"n": 7, "k": 3, "s": 1, "p": 1, "d": 1, "mode": "conv"},
    "does not fit": {"n": 6, "k": 4, "s": 1, "p": 0, "d": 3, "mode": "conv"},
}
PATTERNS = {
    "an edge": lambda y, x, n: (x >= n // 2) * 5.0,
    "a slope": lambda y, x, n: x + y + 0.0,
    "a checkerboard": lambda y, x, n: (x + y) % 2 * 4.0,
    "a spot": lambda y, x, n: (y == n // 2) * (x == n // 2) * 9.0,
    "dice": lambda y, x, n: np.random.default_rng(2012).integers(0, 10, (n, n)).astype(float),
}


def choose() -> Window:
    """The row of presets and the sliders."""
    from alexnet_viz.inspection.playground import Window

    with st.container(horizontal=True, vertical_alignment="center"):
        mode = MODE.segmented_control(label_visibility="collapsed")
        for title, preset in PRESETS.items():
            values = ", ".join(f"{key} = {value}" for key, value in preset.items())
            st.button(title, on_click=callback(_use), args=(preset,), help=values)
    columns = st.container(key="choices").columns(len(SIZES))
    n, k, s, p, d = (size.slider(column) for size, column in zip(SIZES, columns, strict=True))
    return Window(n, k, s, p, d, mode)


def _use(preset: dict[str, int | str]) -> None:
    """A preset, with an input and a kernel of its own: what was typed before would stand in a corner of them."""
    st.session_state.update(preset)
    CELLS.forget()
    WEIGHTS.forget()


def matrices(window: Window) -> tuple[np.ndarray, np.ndarray]:
    """The input and the kernel, as typed or chosen; a new size keeps what still fits into its corner."""
    return _matrix(CELLS, window.size, _pattern), _matrix(WEIGHTS, window.kernel, _edge)


def _matrix(control: Control, side: int, fresh: Callable[[int], np.ndarray]) -> np.ndarray:
    known = _square(control.value)
    if len(known) != side:
        grid, keep = fresh(side), min(len(known), side)
        grid[:keep, :keep] = known[:keep, :keep]
        control.choose(_text(grid))
    return _square(control.value)


def keep_typed(inputs: list[float], kernel: list[float]) -> None:
    """Numbers typed into the cells."""
    CELLS.choose(_text(np.array(inputs)))
    WEIGHTS.choose(_text(np.array(kernel)))


def patterns(window: Window) -> None:
    """Buttons that fill the input."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Fill the input:", width="content")
        for name in PATTERNS:
            st.button(name, on_click=callback(_fill), args=(name, window.size), help="Or type numbers into the cells.")


def _fill(name: str, side: int) -> None:
    CELLS.choose(_text(_pattern(side, name)))


def answer(window: Window, inputs: np.ndarray, kernel: np.ndarray) -> tuple[np.ndarray | None, bool]:
    """PyTorch's output (None where nothing fits, with the reason said) and whether it is still to be guessed."""
    from alexnet_viz.inspection.playground import check, slide

    problem = None
    try:
        check(window)
    except ShapeError as error:
        problem = str(error)
    side = 0 if problem else window.side
    why = "" if problem else formula(window)
    if predict.switch() and not predict.is_revealed(
        str(window), "Output side?", side, why=why, help="0 if you think it does not fit."
    ):
        return None, True
    if problem:
        st.error(markdown(problem))
        return None, False
    st.markdown(formula(window))
    if window.unread:
        lines = "row and column" if window.unread == 1 else f"{window.unread} rows and columns"
        st.caption(f"The stride does not come out even: no window reads the last {lines} (striped).")
    return slide(inputs, kernel, window), False


def formula(window: Window) -> str:
    """The output's side with the numbers put in."""
    return (
        f"output side = ⌊(n + 2p − d·(k − 1) − 1)/s⌋ + 1 = ⌊({window.size} + 2·{window.padding} − "
        f"{window.dilation}·({window.kernel} − 1) − 1)/{window.stride}⌋ + 1 = **{window.side}**"
    )


def _text(grid: np.ndarray) -> str:
    """A matrix as the address has it, row by row."""
    return ",".join(f"{value:g}" for value in grid.ravel())


def _square(text: str) -> np.ndarray:
    """A square matrix of plain numbers, float32 (side, side); without cells where a link holds anything else."""
    try:
        values = np.array([float(part) for part in text.split(",")] if text else [], np.float32)
    except ValueError:
        values = np.empty(0, np.float32)
    side = round(len(values) ** 0.5)
    if side * side != len(values) or side > 12 or not (np.abs(values) < 1000).all():
        return np.empty((0, 0), np.float32)
    return values.reshape(side, side)


def _pattern(side: int, name: str = "dice") -> np.ndarray:
    y, x = np.indices((side, side))
    return np.broadcast_to(PATTERNS[name](y, x, side), (side, side)).astype(float).copy()


def _edge(side: int) -> np.ndarray:
    """A kernel that answers to an upright edge: −1 on the left, +1 on the right."""
    x = np.arange(side) - (side - 1) / 2
    return np.tile(np.sign(x), (side, 1)) if side > 1 else np.ones((1, 1))
