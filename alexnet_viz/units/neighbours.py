"""Photos that are near to a photo: by what the last hidden layer makes of them, and by their pixels.

Krizhevsky, Sutskever, Hinton 2012, section 6.1 and Figure 4, right: photos whose fc7 is near are of one kind, though
their pixels differ. No torch here.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

THUMBNAIL = 32  # pixels a side


def thumbnail(pixels: np.ndarray) -> np.ndarray:
    """A square photo uint8 (S, S, 3) as uint8 (32, 32, 3), each pixel the mean of what it covers."""
    return np.asarray(Image.fromarray(pixels).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX))


def nearest(vectors: np.ndarray, query: np.ndarray, allowed: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows of ``vectors`` (N, D) at the smallest Euclidean distance from ``query`` (D,): (numbers, distances).

    At most ``count`` of those that ``allowed``, bool (N,), lets in; of equal distances the first row comes first.
    """
    rows = np.flatnonzero(allowed)
    query = query.astype(np.float32).reshape(-1)
    squares = np.concatenate(
        [
            ((vectors[part].reshape(len(part), query.size).astype(np.float32) - query) ** 2).sum(1)
            for part in np.array_split(rows, max(1, -(-len(rows) // 256)))
        ]
    )
    order = np.argsort(squares, kind="stable")[:count]
    return rows[order], np.sqrt(squares[order])
