"""The playground's parts: its sliders, presets, and the numbers in its matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.errors import ShapeError
from alexnet_viz.ui.shared import address, predict
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.text import markdown

if TYPE_CHECKING:
    from alexnet_viz.inspection.playground import Window

_LIMITS = {"n": (1, 12), "k": (1, 11), "s": (1, 6), "p": (0, 5), "d": (1, 4)}
_DEFAULTS = {"n": 7, "k": 3, "s": 1, "p": 0, "d": 1, "mode": "conv"}
_TOLD = {
    "n": ("Input side n", "Cells of the square input."),
    "k": ("Kernel k", "Cells of the window's side."),
    "s": ("Stride s", "Cells between one window and the next."),
    "p": ("Padding p", "Rim around the input: zeros, or −∞ for a pooling, which never win."),
    "d": ("Dilation d", "Cells from one cell of the kernel to the next; 1 means no gap."),
}
_MODES = {"conv": "Convolution", "pool": "Max pooling"}
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

    for key, default in _DEFAULTS.items():
        limits = _LIMITS.get(key)
        if limits:
            address.seed(key, default, address.number(*limits), range(limits[0], limits[1] + 1))
        else:
            address.seed(key, default, allowed=tuple(_MODES))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.segmented_control(
            "Mode",
            list(_MODES),
            key="mode",
            format_func=_MODES.get,
            required=True,
            persist_state="session",
            label_visibility="collapsed",
            help="A convolution sums input × weight; a max pooling lets the largest through.",
        )
        for title, preset in PRESETS.items():
            said = ", ".join(f"{key} = {value}" for key, value in preset.items())
            st.button(title, on_click=callback(st.session_state.update), args=(preset,), help=said)
    columns = st.columns(len(_TOLD))
    for column, (key, (label, text)) in zip(columns, _TOLD.items(), strict=True):
        column.slider(label, *_LIMITS[key], key=key, persist_state="session", help=text)
    for key in _DEFAULTS:
        address.show(key, st.session_state[key])
    state = st.session_state
    return Window(state.n, state.k, state.s, state.p, state.d, state.mode)


def matrices(window: Window) -> tuple[np.ndarray, np.ndarray]:
    """The input and the kernel, as typed or chosen; a new size keeps what still fits into its corner."""
    state = st.session_state
    for key, side, fresh in (("cells", window.size, _pattern), ("weights_typed", window.kernel, _edge)):
        address.seed(key, "", _numbers)
        known = np.array(_numbers(state[key]).split(","), np.float32) if state[key] else np.empty(0, np.float32)
        old = round(len(known) ** 0.5)
        if old != side:
            grid = fresh(side)
            keep = min(old, side)
            grid[:keep, :keep] = known[: old * old].reshape(old, old)[:keep, :keep]
            _keep(key, grid)
        address.show(key, state[key])
    return tuple(
        np.array(state[key].split(","), np.float32).reshape(side, side)
        for key, side in (("cells", window.size), ("weights_typed", window.kernel))
    )


def keep_typed(inputs: list[float], kernel: list[float]) -> None:
    """Numbers typed into the cells."""
    _keep("cells", np.array(inputs))
    _keep("weights_typed", np.array(kernel))


def patterns(window: Window) -> None:
    """Buttons that fill the input."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Fill the input:", width="content")
        for name in PATTERNS:
            st.button(name, on_click=callback(_fill), args=(name, window.size), help="Or type numbers into the cells.")


def _fill(name: str, side: int) -> None:
    _keep("cells", _pattern(side, name))


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
    if predict.switch() and not predict.asked(
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


def _keep(key: str, grid: np.ndarray) -> None:
    st.session_state[key] = ",".join(f"{value:g}" for value in grid.ravel())


def _numbers(text: str) -> str:
    """A square of plain numbers as text; ValueError otherwise."""
    values = [float(part) for part in text.split(",")] if text else []
    side = round(len(values) ** 0.5)
    if side * side != len(values) or side > 12 or not all(abs(value) < 1000 for value in values):
        raise ValueError(text)
    return text


def _pattern(side: int, name: str = "dice") -> np.ndarray:
    y, x = np.indices((side, side))
    return np.broadcast_to(PATTERNS[name](y, x, side), (side, side)).astype(float).copy()


def _edge(side: int) -> np.ndarray:
    """A kernel that answers to an upright edge: −1 on the left, +1 on the right."""
    x = np.arange(side) - (side - 1) / 2
    return np.tile(np.sign(x), (side, 1)) if side > 1 else np.ones((1, 1))
