"""The colour conventions of networks: channel order, range, mean and std. No torch here: a page lists them at once.

A checkpoint of others does not say how its photos were prepared, so it is a choice: one of ``PRESETS`` by its key, or
an own mean and standard deviation as ``R,G,B/R,G,B`` on a scale of 0 to 1.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from alexnet_viz.errors import WeightsError
from alexnet_viz.values import Preprocessing

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Colours:
    """(colour − mean) / std with all three in RGB order on [0, 1]; ``bgr``: the network's first input channel is blue.

    A range of 0 to 255 is a std of 1/255.
    """

    name: str  # short, for a list to choose from
    title: str
    mean: Triple
    std: Triple
    bgr: bool = False

    def prepare(self, how: Preprocessing) -> Preprocessing:
        """The same sizes, these colours."""
        return replace(how, mean=self.mean, std=self.std)


TORCHVISION = "torchvision"
PRESETS = {
    TORCHVISION: Colours(
        "torchvision's RGB", "torchvision: RGB, ImageNet's mean and std", Preprocessing().mean, Preprocessing().std
    ),
    # BVLC's ImageNet mean, 104, 117, 123 in the order blue, green, red
    "caffe": Colours(
        "Caffe's BGR, 0 to 255",
        "Caffe: BGR, 0 to 255, minus its mean",
        (123 / 255, 117 / 255, 104 / 255),
        (1 / 255,) * 3,
        bgr=True,
    ),
    "unit": Colours("RGB, 0 to 1", "RGB from 0 to 1 as they are", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}


def colours(text: str) -> Colours:
    """The way that a choice names. Raises WeightsError."""
    return PRESETS[text] if text in PRESETS else _own(text)


def own(mean: str, std: str) -> str:
    """An own mean and standard deviation, each three numbers with commas or spaces between, as a choice.

    Raises WeightsError.
    """
    for title, numbers in (("mean", mean), ("std", std)):
        if len(_numbers(numbers)) != 3 or not all(map(_is_number, _numbers(numbers))):
            raise WeightsError(f"The {title} needs three numbers, for red, green and blue, such as 0.5, 0.5, 0.5.")
    text = f"{','.join(_numbers(mean))}/{','.join(_numbers(std))}"
    colours(text)
    return text


def _numbers(text: str) -> list[str]:
    return re.findall(r"[^\s,;]+", text.strip("[]() "))


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _own(text: str) -> Colours:
    try:
        mean, std = (tuple(float(number) for number in part.split(",")) for part in text.split("/"))
    except ValueError as error:
        raise WeightsError(
            f"There is no preprocessing {text[:80]!r}: use {', '.join(PRESETS)}, or a mean and a standard deviation as "
            "0.5,0.5,0.5/0.25,0.25,0.25."
        ) from error
    if len(mean) != 3 or len(std) != 3 or not all(map(math.isfinite, (*mean, *std))):
        raise WeightsError(f"The preprocessing {text[:80]!r} needs three numbers for the mean and three for the std.")
    if not all(0 <= value <= 1 for value in mean) or not all(0.001 <= value <= 10 for value in std):
        raise WeightsError(
            f"The preprocessing {text[:80]!r} does not fit colours from 0 to 1: a mean lies between 0 and 1, a std "
            "between 0.001 and 10 (divide those of colours from 0 to 255 by 255)."
        )
    return Colours("Own mean and std", f"RGB, mean {text.replace('/', ', std ')}", mean, std)
