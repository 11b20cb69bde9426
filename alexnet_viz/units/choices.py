"""How an image is optimised: every choice, declared once for the page, the shell and the checks. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from alexnet_viz.errors import SettingError
from alexnet_viz.settings import Setting, Value

BATCH = 16  # pictures that are optimised together: larger batches were no faster
PARAMETERISATIONS = {
    "fourier": "Fourier, decorrelated colours (Olah et al. 2017)",
    "maco": "MACO: only the phase (Fel et al. 2023)",
    "pixels": "Plain pixels",
}


def _choice(name: str, kind: Any, default: Value, label: str, help: str, *more: Any, **named: Any) -> Any:
    return field(default=default, metadata={"setting": Setting(name, kind, default, label, help, *more, **named)})


@dataclass(frozen=True)
class Choices:
    """The choices with their values, checked when it is built. Raises SettingError.

    >>> Choices.of({"steps": "64"}).steps
    64
    """

    parameterisation: str = _choice(
        "parameterisation",
        "choice",
        "fourier",
        "Parameterisation",
        "What is changed step by step: the picture's frequencies in decorrelated colours, which gives calm, coherent "
        "pictures; only their phase, with the strength of each frequency as in photos; or each pixel by itself, which "
        "gives noise.",
        options=PARAMETERISATIONS,
    )
    steps: int = _choice("steps", "int", 96, "Steps", "More steps: a stronger picture, and more time.", 1, 2048)
    seed: int = _choice("seed", "int", 0, "Seed", "The same seed gives the same picture.", 0, 9999)
    rate: float | None = _choice(
        "rate",
        "float",
        None,
        "Learning rate",
        "How far a step goes (Adam). None: what suits the parameterisation.",
        0.001,
        10.0,
        optional=True,
    )
    jitter: int = _choice(
        "jitter",
        "int",
        8,
        "Jitter",
        "The picture is shifted by up to so many pixels at each step, so that no single pixel counts; by at most a "
        "sixteenth of what the unit sees.",
        0,
        32,
    )
    scale: float = _choice(
        "scale", "float", 0.1, "Scaling", "It is scaled by up to this share, up or down, at each step.", 0.0, 0.5
    )
    rotate: float = _choice(
        "rotate", "float", 8.0, "Rotation", "It is turned by up to so many degrees at each step.", 0.0, 45.0
    )
    tv: float = _choice(
        "tv",
        "float",
        0.0,
        "Total variation",
        "Pulls neighbouring pixels together, against fine noise; 1 is about as strong as the objective.",
        0.0,
        10.0,
    )
    l2: float = _choice(
        "l2", "float", 0.0, "L2", "Pulls every pixel towards grey; 1 is about as strong as the objective.", 0.0, 10.0
    )
    diversity: float = _choice(
        "diversity",
        "float",
        1.0,
        "Diversity",
        "Where several pictures are made of one unit: how strongly they are pushed apart.",
        0.0,
        10.0,
    )
    size: int | None = _choice(
        "size",
        "int",
        None,
        "Size",
        "Side in pixels of a whole channel's picture. None: the network's input. A single unit's picture is as large "
        "as what it sees, a class's as the network's input.",
        64,
        512,
        optional=True,
    )

    def __post_init__(self) -> None:
        for name, setting in SETTINGS.items():
            object.__setattr__(self, name, setting.check(getattr(self, name)))

    @staticmethod
    def of(values: Mapping[str, Value]) -> Choices:
        """The choices with some of them changed, given as themselves or as text. Raises SettingError."""
        return Choices(**_read(values, SETTINGS))


def _read(values: Mapping[str, Value], settings: Mapping[str, Setting]) -> dict[str, Any]:
    for name in values:
        if name not in settings:
            raise SettingError(f"There is no setting {name!r}: choose one of {', '.join(settings)}.")
    return {name: settings[name].read(value) for name, value in values.items()}


SETTINGS: dict[str, Setting] = {choice.name: choice.metadata["setting"] for choice in fields(Choices)}

# --- what a layer still knows of a photo ---------------------------------------------------------

INVERSION = Choices(tv=0.05)  # where nothing else is chosen
DREAM = "dream"
EXAGGERATION = Setting(
    "exaggeration",
    "choice",
    "1",
    "Exaggeration",
    "1: activations as the photo's, an inversion. 2 to 8: so many times as large, a caricature. DeepDream: from the "
    "photo itself, as large as they get.",
    options={"1": "1 (inversion)", "2": "2", "3": "3", "5": "5", "8": "8", DREAM: "DeepDream"},
)
# Nothing is shifted, scaled or turned: the other settings of a unit's picture change nothing here.
INVERSION_SETTINGS: dict[str, Setting] = {
    name: replace(SETTINGS[name], default=getattr(INVERSION, name))
    for name in ("parameterisation", "steps", "seed", "tv", "l2")
}


def inversion_of(values: Mapping[str, Value]) -> tuple[str, Choices]:
    """The exaggeration and the choices of an inversion, given by name as themselves or as text. Raises SettingError.

    >>> exaggeration, choices = inversion_of({"exaggeration": "3", "steps": "64"})
    >>> exaggeration, choices.steps, choices.tv
    ('3', 64, 0.05)
    """
    read = _read(values, {EXAGGERATION.name: EXAGGERATION, **INVERSION_SETTINGS})
    return read.pop(EXAGGERATION.name, EXAGGERATION.default), replace(INVERSION, **read)
