"""A convolution or max pooling small enough to follow by hand, computed by PyTorch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from alexnet_viz.errors import ShapeError


@dataclass(frozen=True)
class Window:
    """How a window slides: ``mode`` is "conv" or "pool"; sizes in cells."""

    size: int = 7
    kernel: int = 3
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    mode: str = "conv"

    @property
    def span(self) -> int:
        """The side of what the window covers, its gaps included."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def side(self) -> int:
        """⌊(n + 2p − d·(k − 1) − 1)/s⌋ + 1; zero where the window does not fit."""
        return max(0, (self.size + 2 * self.padding - self.span) // self.stride + 1)

    @property
    def unread(self) -> int:
        """Rows (and columns) at the far end of the padded input that no window reads."""
        return self.size + 2 * self.padding - self.span - (self.side - 1) * self.stride if self.side else 0


def check(window: Window) -> None:
    """Raises ShapeError with the reason in plain words where the window cannot slide."""
    padded = window.size + 2 * window.padding
    if window.side < 1:
        spread = f" ({window.kernel} cells, {window.dilation} apart)" if window.dilation > 1 else ""
        rim = f", with its padding {padded}" if window.padding else ""
        raise ShapeError(
            f"It does not fit: the window spans {window.span} cells{spread}, but the input has only {window.size}"
            f"{rim}. Make the input larger or the kernel smaller, add padding, or lower the dilation."
        )
    if window.mode == "pool" and window.padding > window.kernel // 2:
        raise ShapeError(
            f"PyTorch refuses a pooling whose padding ({window.padding}) is more than half its window "
            f"({window.kernel}): some windows would see nothing but padding. Use at most {window.kernel // 2}."
        )


def slide(inputs: np.ndarray, kernel: np.ndarray, window: Window) -> np.ndarray:
    """The output (side, side), float32, of PyTorch's own layer. Raises ShapeError."""
    check(window)
    x = torch.from_numpy(np.ascontiguousarray(inputs, np.float32))[None, None]
    if window.mode == "pool":
        y = F.max_pool2d(x, window.kernel, window.stride, window.padding, window.dilation)
    else:
        weight = torch.from_numpy(np.ascontiguousarray(kernel, np.float32))[None, None]
        y = F.conv2d(x, weight, None, window.stride, window.padding, window.dilation)
    return y[0, 0].numpy()
