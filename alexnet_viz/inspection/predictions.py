"""From logits to named answers."""

from __future__ import annotations

import time

import numpy as np

from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.inspection.model import Model
from alexnet_viz.values import Classification, Photo, Prediction, Preprocessed


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """exp(z/T) / Σ exp(z/T) over the last axis, in float64; the largest logit is taken off first."""
    z = logits.astype(np.float64) / temperature
    z = np.exp(z - z.max(axis=-1, keepdims=True))
    return z / z.sum(axis=-1, keepdims=True)


def strongest(
    logits: np.ndarray, categories: tuple[str, ...], top: int = 5, temperature: float = 1.0
) -> tuple[Prediction, ...]:
    """The ``top`` classes of logits (classes,), strongest first; equal logits in the order of their index."""
    probabilities = softmax(logits, temperature)
    order = np.argsort(-logits, kind="stable")[:top]
    return tuple(Prediction(categories[i], int(i), float(probabilities[i]), float(logits[i])) for i in order)


def single_output_note(logits: np.ndarray) -> str | None:
    """What to make of a network whose logits (classes,) are a single one; None for all others."""
    if len(logits) > 1:
        return None
    yes = 1 / (1 + np.exp(-np.clip(float(logits[0]), -700, 700)))
    return (
        f"This network has a single output, so its softmax is always 100%. If it was trained to say yes or no, its "
        f"answer is the sigmoid of the logit {logits[0]:.2f}: {yes:.1%} yes.".replace("-", "\N{MINUS SIGN}")
    )


def answer(model: Model, photo: Photo, inputs: Preprocessed, top: int = 5) -> Classification:
    """One forward pass for one photo, with the time of each part of the way there."""
    start = time.perf_counter()
    logits = model.logits(inputs.tensor[None])[0]
    forward = (time.perf_counter() - start) * 1000
    times = {"decode": photo.decode_ms, "preprocess": inputs.preprocess_ms, "forward": forward}
    predictions = strongest(logits, model.info.categories, top)
    return Classification(photo.name, predictions, logits, model.info.choice, model.device.name, times)


def classify(model: Model, data: bytes, name: str, top: int = 5) -> tuple[Photo, Preprocessed, Classification]:
    """A photo's bytes to AlexNet's answer, with the time of each part. Raises ImageError."""
    photo = decode(data, name)
    inputs = preprocess(photo, model.info.preprocessing)
    return photo, inputs, answer(model, photo, inputs, top)
