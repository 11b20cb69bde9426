"""The description that this app writes beside its weights, checked when it is read: a file may hold anything."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from alexnet_viz.errors import ShapeError, WeightsError
from alexnet_viz.network.layers import smallest_input
from alexnet_viz.values import NetworkSpec, Preprocessing

MOST_CLASSES = 100_000
LARGEST_INPUT = 1024  # pixels a side, as for training
_LARGEST_RESIZE = 4096
_LARGEST_PADDING = 10  # of conv1, whose window has 11 pixels
_LONGEST_TITLE = 200


@dataclass(frozen=True)
class Description:
    """A checked description; None where the file leaves something out."""

    spec: NetworkSpec
    categories: tuple[str, ...] | None
    preprocessing: Preprocessing | None
    title: str | None
    unsure_below: float | None
    recipe: dict[str, Any] | None


def described(metadata: dict[str, Any], name: str) -> Description:
    """A description from a file called ``name``. Raises WeightsError for one that this app cannot have written."""
    try:
        spec = checked_spec(NetworkSpec(**metadata["spec"]), name)
        categories = _categories(metadata.get("categories"), spec, name)
        preprocessing = _preprocessing(metadata.get("preprocessing"), spec)
        title, _ = (_text(metadata.get(key)) for key in ("title", "source"))
        unsure_below = metadata.get("unsure_below")
        if unsure_below is not None and not 0 <= _number(unsure_below) <= 1:
            raise ValueError(f"unsure_below {unsure_below!r:.80}")
        recipe = metadata.get("recipe")
        return Description(spec, categories, preprocessing, title, unsure_below, recipe)
    except (KeyError, TypeError, ValueError, OverflowError, ShapeError) as error:
        raise WeightsError(
            f"{name}: its description is not one that this app wrote ({_reason(error)[:200]}): use the file as it was "
            "saved."
        ) from error


def _reason(error: Exception) -> str:
    match error:
        case KeyError():
            return f"it has no {error}"
        case TypeError():  # Python's own words name functions of this package
            return "a value in it is of the wrong kind"
        case _:
            return str(error)


def checked_spec(spec: NetworkSpec, name: str) -> NetworkSpec:
    """The same, if its sizes are such as can be built and shown. Raises WeightsError."""
    limits = ("num_classes", MOST_CLASSES), ("input_size", LARGEST_INPUT), ("conv1_padding", _LARGEST_PADDING)
    for key, most in limits:
        if getattr(spec, key) > most:
            raise WeightsError(f"{name}: its {key} is {getattr(spec, key):,}, and at most {most:,} can be shown.")
    return spec


def _categories(names: Any, spec: NetworkSpec, name: str) -> tuple[str, ...] | None:
    if not names:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError("categories are no list of text")
    "".join(names).encode()  # a UnicodeEncodeError, which is a ValueError, where they are no text to show
    if len(names) != spec.num_classes:
        raise WeightsError(f"{name} names {len(names)} classes for {spec.num_classes} outputs.")
    return tuple(names)


def _preprocessing(how: Any, spec: NetworkSpec) -> Preprocessing | None:
    if how is None:
        return None
    resize, crop, mean, std = how["resize"], how["crop"], how["mean"], how["std"]
    if not all(type(side) is int for side in (resize, crop)) or not 1 <= crop <= resize <= _LARGEST_RESIZE:
        raise ValueError(f"resize {resize!r:.40}, crop {crop!r:.40}")
    whole = spec.variant == "torchvision"  # pools to 6×6 whatever the size; the others take one size alone
    if crop > LARGEST_INPUT or (crop < smallest_input(spec) if whole else crop != spec.input_size):
        raise ValueError(f"crop {crop} for a {spec.variant} network of {spec.input_size} pixels")
    if not all(isinstance(values, list) and len(values) == 3 for values in (mean, std)):
        raise ValueError(f"mean {mean!r:.40}, std {std!r:.40}")
    if not all(abs(_number(value)) <= 1000 for value in mean) or not all(
        1e-4 <= _number(value) <= 1e4 for value in std
    ):
        raise ValueError(f"mean {mean!r:.80}, std {std!r:.80}")
    red, green, blue = ((float(mean[i]), float(std[i])) for i in range(3))
    return Preprocessing(resize, crop, *zip(red, green, blue, strict=True))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r:.40} is no number")
    return value


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    (value or "").encode()
    return value[:_LONGEST_TITLE] if value else None
