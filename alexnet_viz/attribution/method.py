"""An attribution method: a card with its question, cost, settings and pitfalls, and the function that computes it.

No torch here: the pages list methods before it has come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from alexnet_viz.errors import SettingError
from alexnet_viz.settings import Setting, Value

if TYPE_CHECKING:
    from alexnet_viz.attribution.raw_map import RawMap
    from alexnet_viz.attribution.request import AttributionRequest

RECTIFY = Setting(
    "rectify",
    "bool",
    True,
    "Only what speaks for it",
    "Sets negative places to zero, as the papers do. A map that is negative everywhere turns blank.",
)


@dataclass(frozen=True)
class Method:
    """One method's card.

    ``function`` computes it: "module.name" in this package. ``layered``: it needs a layer. ``signed``: its map, with
    the default settings, has both signs. ``slow``: worth a progress bar.
    """

    key: str
    title: str
    asks: str
    cost: str
    settings: tuple[Setting, ...]
    reference: str
    traps: tuple[str, ...]
    function: str
    layered: bool = False
    signed: bool = True
    slow: bool = False

    def resolve(self, values: Mapping[str, Value] | None = None) -> dict[str, Value]:
        """The method's settings by name: the given values, or texts of them, checked; the defaults elsewhere.

        Raises SettingError.
        """
        given = dict(values or {})
        checked = {setting.name: setting.read(given.pop(setting.name, setting.default)) for setting in self.settings}
        if given:
            known = ", ".join(checked) or "none"
            raise SettingError(f"{self.title} has no setting {', '.join(given)}; it has: {known}.")
        return checked

    def compute(self, request: AttributionRequest, **settings: Value) -> RawMap:
        """The method's map of a request, before it is checked; imports torch."""
        module, name = self.function.split(".")
        return getattr(import_module(f"{__package__}.{module}"), name)(request, **settings)
