"""Settings: what a person can choose, declared once.

A training recipe's fields, an attribution method's parameters, a page's controls and the shell's ``--set NAME=VALUE``
are all settings. From one declaration follow the check of a value, its text in a link or on the command line, and the
widget that edits it.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from alexnet_viz.errors import SettingError

Kind = Literal["bool", "int", "float", "choice", "text"]
Value = bool | int | float | str | None
Number = TypeVar("Number", int, float)

_NUMBERS = {"int": int, "float": float}
_TYPES = {"bool": bool, "text": str, **_NUMBERS}
_DESCRIPTIONS = {"bool": "true or false", "int": "a whole number", "float": "a number", "text": "a text"}
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")
_LONGEST_NUMBER = 40  # characters: int() takes seconds for a text of a million digits


@dataclass(frozen=True)
class Setting:
    """One setting: its name, kind, default, and what values it takes.

    ``low`` and ``high`` bound a number, both inclusive, None for no bound; ``step`` is what
    a slider moves by. ``options`` are what a choice can be; a mapping gives each the title under which a page shows
    it. An ``optional`` setting can also be None, which ``none`` stands for in text. ``label`` and ``help`` are what a
    page shows; ``group`` sorts the settings of a long form.
    """

    name: str
    kind: Kind
    default: Any
    label: str = ""
    help: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    options: Collection[str] = ()
    optional: bool = False
    group: str = ""

    def title(self, option: str) -> str:
        """What a page calls an option."""
        return self.options[option] if isinstance(self.options, Mapping) else option

    def check(self, value: Any) -> Any:
        """The value as this setting's own type, so an int becomes a float where that is meant. Raises SettingError."""
        if value is None and self.optional:
            return None
        if self.kind == "float" and type(value) is int:
            value = float(value)
        if not self._takes(value):
            raise SettingError(f"{self.name} must be {self.expected}, not {reprlib.repr(value)}.")
        return value

    def _takes(self, value: Any) -> bool:
        if self.kind == "choice":
            return value in self.options
        if type(value) is not _TYPES[self.kind]:
            return False
        return not isinstance(value, int | float) or (math.isfinite(value) and self.clamp(value) == value)

    @property
    def expected(self) -> str:
        """In words what values it takes: "a whole number from 2 to 300"."""
        if self.kind == "choice":
            return f"one of {', '.join(self.options)}"
        bounds = ""
        if self.low is not None:
            bounds = f" of at least {self.low}" if self.high is None else f" from {self.low} to {self.high}"
        elif self.high is not None:
            bounds = f" of at most {self.high}"
        return _DESCRIPTIONS[self.kind] + bounds

    def parse(self, text: str) -> Any:
        """The value that a text stands for, as a link or a command line has it. Raises SettingError.

        >>> Setting("steps", "int", 50, low=2, high=300).parse("32")
        32
        >>> Setting("steps", "int", 50, low=2, high=300).parse("many")
        Traceback (most recent call last):
        ...
        alexnet_viz.errors.SettingError: steps must be a whole number from 2 to 300, not 'many'.
        """
        text = text.strip()
        if self.optional and text.lower() in ("", "none"):
            return None
        if self.kind == "bool" and text.lower() in (*_TRUE, *_FALSE):
            return text.lower() in _TRUE
        if self.kind in _NUMBERS and len(text) < _LONGEST_NUMBER:
            with suppress(ValueError):  # no number: the check of the text itself says what was expected
                text = _NUMBERS[self.kind](text)
        return self.check(text)

    def read(self, value: Any) -> Any:
        """A value of this setting, given as itself or as its text. Raises SettingError."""
        return self.parse(value) if isinstance(value, str) else self.check(value)

    def format(self, value: Any) -> str:
        """The text that ``parse`` reads back as the same value."""
        if value is None:
            return "none"
        if self.kind == "float":
            return f"{value:g}" if float(f"{value:g}") == value else repr(value)
        return str(value)

    def clamp(self, value: Number) -> Number:
        """The nearest number within the bounds."""
        if self.low is not None and value < self.low:
            return type(value)(self.low)
        if self.high is not None and value > self.high:
            return type(value)(self.high)
        return value
