"""What is changed step by step so that a picture forms: pixels, frequencies, or the phase of frequencies alone.

Each holds ``parameters`` for N pictures and makes the pictures of them, (N, 3, P, P), RGB from 0 to 1. ``rate`` is the
learning rate that suits it; ``together``: a step keeps the proportions of a picture's gradient (see optimise.Adam).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from alexnet_viz.images.decode import decode
from alexnet_viz.images.samples import SAMPLES, sample

# Colours of photos are correlated: this turns independent values into such colours. The square root of the colours'
# covariance over ImageNet, as lucid.optvis.param.color has it (Olah, Mordvintsev, Schubert 2017).
_COVARIANCE_ROOT = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], np.float32)
COLOURS = _COVARIANCE_ROOT / np.linalg.norm(_COVARIANCE_ROOT, axis=0).max()
_START = 0.01  # standard deviation of the noise that a picture starts with, in the parameters
_CLOSEST = 0.02  # how near to black and white a photo's pixels may come, whose logits would be infinite


def fast_side(least: int) -> int:
    """The next even side that the fast Fourier transform likes: of factors 2, 3 and 5 alone.

    >>> fast_side(179)
    180
    """
    side = least + least % 2
    while side != math.prod(p ** _power(side, p) for p in (2, 3, 5)):
        side += 2
    return side


def _power(number: int, prime: int) -> int:
    power = 0
    while number % prime == 0:
        number, power = number // prime, power + 1
    return power


def noise(numbers: Sequence[int], shape: tuple[int, ...], seed: int) -> Tensor:
    """Standard normal (N, *shape): a picture's noise depends on the seed and its own number, not on the others."""
    rows = [torch.randn(shape, generator=torch.Generator().manual_seed(seed * 65537 + n)) for n in numbers]
    return torch.stack(rows)


class Pixels:
    """Each colour of each pixel by itself, through a sigmoid. High frequencies come first, which look like noise."""

    rate, together = 0.1, False

    def __init__(self, numbers: Sequence[int], side: int, seed: int, like: Tensor) -> None:
        self.parameters = noise(numbers, (3, side, side), seed).to(like) * _START

    def pictures(self) -> Tensor:
        return self.parameters.sigmoid()

    def start_from(self, pictures: Tensor) -> None:
        """Begin with these pictures, (N, 3, P, P), 0 to 1, not with noise."""
        self.parameters = _logits(pictures)


class Fourier:
    """Frequencies of decorrelated colours, each scaled by 1/f, as photos have them: the low ones move first, too.

    Olah, Mordvintsev, Schubert 2017, Feature Visualization, Distill (preconditioning).
    """

    rate, together = 0.015, True

    def __init__(self, numbers: Sequence[int], side: int, seed: int, like: Tensor) -> None:
        self.side = side
        self.colours = torch.as_tensor(COLOURS).to(like)
        # A step of one coefficient then moves the picture by as much at every side.
        self.scale = torch.as_tensor(side / 4 / np.maximum(frequencies(side), 1 / side), dtype=like.dtype).to(like)
        self.parameters = noise(numbers, (3, side, side // 2 + 1, 2), seed).to(like) * _START

    def pictures(self) -> Tensor:
        spectrum = torch.view_as_complex(self.parameters * self.scale[..., None])
        return _coloured(torch.fft.irfft2(spectrum, s=(self.side, self.side)), self.colours).sigmoid()

    def start_from(self, pictures: Tensor) -> None:
        """Begin with these pictures, (N, 3, P, P), 0 to 1, not with noise."""
        plain = _coloured(_logits(pictures), torch.linalg.inv(self.colours))
        self.parameters = torch.view_as_real(torch.fft.rfft2(plain) / self.scale).contiguous()


class Maco:
    """Only the phase of each frequency; its strength stays as it is in photos.

    Fel et al. 2023, arXiv:2306.06805 (MACO). The spectrum is that of our own sample photos.
    """

    rate, together = 1.0, False

    def __init__(self, numbers: Sequence[int], side: int, seed: int, like: Tensor) -> None:
        self.side = side
        self.colours = torch.as_tensor(COLOURS).to(like)
        self.magnitude = torch.as_tensor(sample_spectrum(side)).to(like)
        rows = [
            torch.rand((3, side, side // 2 + 1), generator=torch.Generator().manual_seed(seed * 65537 + n))
            for n in numbers
        ]
        self.parameters = (torch.stack(rows).to(like) * 2 - 1) * math.pi

    def pictures(self) -> Tensor:
        plain = torch.fft.irfft2(torch.polar(self.magnitude.expand_as(self.parameters), self.parameters))
        plain = (plain - plain.mean((1, 2, 3), keepdim=True)) / (plain.std((1, 2, 3), keepdim=True) + 1e-5)
        return _coloured(plain, self.colours).sigmoid()

    def start_from(self, pictures: Tensor) -> None:
        """Begin with these pictures' phases and keep their own magnitudes, (N, 3, P, P), 0 to 1."""
        spectrum = torch.fft.rfft2(_coloured(_logits(pictures), torch.linalg.inv(self.colours)))
        self.magnitude, self.parameters = spectrum.abs(), spectrum.angle()


Parameterisation = Pixels | Fourier | Maco
KINDS: dict[str, type[Parameterisation]] = {"fourier": Fourier, "maco": Maco, "pixels": Pixels}


def frequencies(side: int) -> np.ndarray:
    """The length of each frequency of a real picture's spectrum, in cycles a pixel: (side, side // 2 + 1)."""
    return np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])


def spectrum(photos: Iterable[np.ndarray], side: int) -> np.ndarray:
    """The mean magnitude of photos' frequencies in decorrelated colours, float32 (3, side, side // 2 + 1).

    ``photos`` are uint8 (H, W, 3). Nine squares are cut from each, their short side first brought to twice the
    square's, but not enlarged.
    """
    total, count = np.zeros((3, side, side // 2 + 1)), 0
    decorrelate = np.linalg.inv(COLOURS)
    for pixels in photos:
        height, width = pixels.shape[:2]
        share = max(side, min(2 * side, height, width)) / min(height, width)
        image = Image.fromarray(pixels).resize((math.ceil(width * share), math.ceil(height * share)))
        values = np.asarray(image, np.float64) / 255 - 0.5
        for y in np.linspace(0, image.height - side, 3).astype(int):
            for x in np.linspace(0, image.width - side, 3).astype(int):
                plain = values[y : y + side, x : x + side] @ decorrelate.T
                total += np.abs(np.fft.rfft2(plain.transpose(2, 0, 1)))
                count += 1
    return (total / count).astype(np.float32)


@lru_cache(maxsize=16)
def sample_spectrum(side: int) -> np.ndarray:
    """The spectrum of the sample photos that come with the app."""
    return spectrum((decode(*sample(photo.key)).pixels for photo in SAMPLES), side)


def _coloured(plain: Tensor, matrix: Tensor) -> Tensor:
    """Each pixel's three values times a 3×3 matrix."""
    return torch.einsum("rc,nchw->nrhw", matrix, plain)


def _logits(pictures: Tensor) -> Tensor:
    return torch.logit(pictures, eps=_CLOSEST)
