"""The methods as cards: what each asks, what it costs, its knobs, its traps. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from alexnet_viz.errors import AttributionError

Setting = float | int | str | bool


@dataclass(frozen=True)
class Knob:
    """A setting of a method; ``low`` and ``high`` bound a number, ``choices`` are what a choice can be."""

    name: str
    title: str
    help: str
    kind: Literal["number", "choice", "bool"]
    default: Setting
    low: float | int | None = None
    high: float | int | None = None
    choices: tuple[str, ...] = ()

    def read(self, value: Setting) -> Setting:
        """A value, or its text, as this knob's kind. Raises AttributionError."""
        if self.kind == "bool":
            if isinstance(value, str) and value.lower() in ("true", "false", "yes", "no", "1", "0"):
                return value.lower() in ("true", "yes", "1")
            if not isinstance(value, bool):
                raise AttributionError(f"{self.name} is true or false, not {value!r}.")
            return value
        if self.kind == "choice":
            if value not in self.choices:
                raise AttributionError(f"{self.name} is one of {', '.join(self.choices)}, not {value!r}.")
            return value
        kind = type(self.default)
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if not self.low <= number <= self.high or (kind is int and number != int(number)):
            whole = "a whole number" if kind is int else "a number"
            raise AttributionError(f"{self.name} must be {whole} from {self.low} to {self.high}, not {value!r}.")
        return kind(number)


@dataclass(frozen=True)
class Method:
    """One method's card.

    ``layered``: it needs a layer. ``signed``: its map has positive and negative values. ``slow``: worth a progress bar.
    """

    key: str
    title: str
    family: Literal["gradients", "perturbation", "layer maps"]
    asks: str
    cost: str
    knobs: tuple[Knob, ...]
    reference: str
    traps: tuple[str, ...]
    layered: bool = False
    signed: bool = True
    slow: bool = False

    def settings(self, knobs: Mapping[str, Setting] | None = None) -> dict[str, Setting]:
        """All knobs of the method: what is given, checked, and the defaults. Raises AttributionError."""
        given = dict(knobs or {})
        found = {knob.name: knob.read(given.pop(knob.name, knob.default)) for knob in self.knobs}
        if given:
            known = ", ".join(found) or "none"
            raise AttributionError(f"{self.title} has no setting {', '.join(given)}; it has: {known}.")
        return found


BASELINES = ("black", "mean", "blur", "noise", "photo")

_BASELINE = Knob(
    "baseline",
    "Baseline",
    "What stands for “nothing there”: black, the mean colour of the training photos, the photo blurred, noise, or "
    "another photo.",
    "choice",
    "black",
    choices=BASELINES,
)
_FILL = Knob("baseline", "Filled with", "What takes the place of the hidden part.", "choice", "mean", choices=BASELINES)
_SEED = Knob("seed", "Seed", "The same seed draws the same noise.", "number", 0, 0, 9999)
_RECTIFY = Knob(
    "rectify",
    "Only what speaks for it",
    "Sets negative places to zero, as the papers do. A map that is negative everywhere turns blank.",
    "bool",
    True,
)


def _samples(default: int, high: int = 200) -> Knob:
    return Knob("samples", "Samples", "More samples, less noise in the map, more time.", "number", default, 2, high)


def _noise(default: float) -> Knob:
    help = "Standard deviation of the noise, as a share of the photo's range of values."
    return Knob("noise", "Noise", help, "number", default, 0.0, 1.0)


_CARDS = (
    Method(
        "saliency",
        "Saliency",
        "gradients",
        "How much would the answer move if this pixel changed a little?",
        "1 forward + 1 backward",
        (Knob("absolute", "Size only", "Takes the sign off each colour before they are summed.", "bool", True),),
        "Simonyan, Vedaldi, Zisserman 2013, arXiv:1312.6034",
        (
            "It tells what would change the answer, not what made it.",
            "Noisy: neighbouring pixels differ because of strides and pooling, not because of the photo.",
            "Where the network is saturated the gradient is small although the pixel matters.",
        ),
        signed=False,
    ),
    Method(
        "input-x-gradient",
        "Input × gradient",
        "gradients",
        "How much of the answer does each pixel carry, if the network were linear?",
        "1 forward + 1 backward",
        (),
        "Shrikumar, Greenside, Shcherbina, Kundaje 2016, arXiv:1605.01713",
        (
            "Pixels of the training photos' mean colour get zero, whatever they show.",
            "The input's own edges shine through, whatever the network does.",
        ),
    ),
    Method(
        "grad-cam",
        "Grad-CAM",
        "layer maps",
        "Where on this layer's maps are the channels active that speak for the answer?",
        "1 forward + 1 backward to the layer",
        (_RECTIFY,),
        "Selvaraju et al. 2017, arXiv:1610.02391",
        (
            "Coarse: conv5 has 13×13 places; the smooth overlay is interpolation.",
            "One weight a channel: on early layers it mixes parts that speak for and against.",
            "Rectified, a map that is negative everywhere turns blank.",
        ),
        layered=True,
    ),
)

METHODS: dict[str, Method] = {card.key: card for card in _CARDS}


def method(key: str) -> Method:
    """A method by its key. Raises AttributionError."""
    if key not in METHODS:
        raise AttributionError(f"There is no method {key!r}: choose one of {', '.join(METHODS)}.")
    return METHODS[key]
