"""One photo before one network: every method on one recorded pass.

    session = Session(model, tensor)
    session.attribute("grad-cam", Target.of_class(281), layer="conv5")     # one pass forward, one back to conv5
    session.attribute("saliency", Target.of_class(281))                    # goes on back from conv5 to the pixels
    session.attribute("grad-cam", Target.of_class(285), layer="conv5")     # no forward pass

A session may be shared by threads and kept in a cache (``nbytes``); nothing in it changes once it is written. It
computes in full precision: with TF32, which cuDNN's convolutions use by default, a map was off by up to 3 % of its
highest value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from alexnet_viz.attribution.chain import INPUT, Chain, back, begin
from alexnet_viz.attribution.methods import Method, method
from alexnet_viz.attribution.request import AttributionRequest
from alexnet_viz.attribution.targets import Target
from alexnet_viz.errors import AttributionError
from alexnet_viz.inspection.fields import placement
from alexnet_viz.inspection.model import Model
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.network.device import full_precision
from alexnet_viz.network.variants import AlexNet
from alexnet_viz.progress import CountProgress
from alexnet_viz.settings import Value
from alexnet_viz.values import Attribution, Preprocessing


class Session:
    """A network and one photo, float32 (3, S, S), normalised; ``other`` is what the baseline "photo" means."""

    @full_precision
    def __init__(self, model: Model | AlexNet, tensor: np.ndarray, other: np.ndarray | None = None) -> None:
        if isinstance(model, Model):
            self.network, self.categories = model.network, model.info.categories
            self.preprocessing = model.info.preprocessing
        else:
            self.network, self.categories, self.preprocessing = model, (), Preprocessing()
        size = self.network.spec.input_size
        for image in (tensor, other):
            if image is not None and image.shape != (3, size, size):
                raise AttributionError(
                    f"This network sees 3×{size}×{size} values, not {'×'.join(map(str, image.shape))}."
                )
        like = next(self.network.parameters())
        self.photo = torch.as_tensor(np.array(tensor)).to(like)[None]  # (1, 3, S, S)
        self.other = None if other is None else torch.as_tensor(np.array(other)).to(like)[None]
        self.chain = Chain(self.network, self.photo)
        self.shapes = {name: tuple(self.chain.outputs[name].shape[1:]) for name in self.chain.names[1:]}
        self._gradients: LRUCache[dict[str, Tensor]] = LRUCache(8)

    @property
    def nbytes(self) -> int:
        """What the recorded pass and up to eight ways back take in memory, at most."""
        return self.chain.nbytes * 9

    @full_precision
    def attribute(
        self,
        key: str,
        target: Target,
        layer: str | None = None,
        settings: Mapping[str, Value] | None = None,
        progress: CountProgress | None = None,
    ) -> Attribution:
        """What a method says of this photo and a target. Raises AttributionError; Stopped if ``progress`` did."""
        card = method(key)
        resolved = card.resolve(settings)
        target.check(self.shapes)
        at = self._layer(card, layer, target)
        given = self.preprocessing, self.other, self.gradients, progress or _ignore
        request = AttributionRequest(self.network, self.chain, target, at, *given)
        raw = card.compute(request, **resolved)
        notes = list(raw.notes)
        values = raw.values[0].float().cpu().contiguous().numpy()
        if not np.isfinite(values).all():
            notes.append("The method gave values that are not numbers; they are shown as zero.")
            values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        if not values.any():
            notes.append("The map is zero everywhere: by this method, nothing here moves the target.")
        words = target.describe(self.categories)
        where = (0.0, 1.0)
        if values.shape != tuple(self.photo.shape[2:]):
            where = placement(self.network.spec, at)
        return Attribution(values, key, words, at or None, resolved, raw.checks, tuple(notes), where)

    @full_precision
    def gradients(self, target: Target, low: str = INPUT) -> dict[str, Tensor]:
        """The target's gradient at each layer's output, (1, …), at least from the target down to ``low``."""
        known = self._gradients.get(target, lambda: begin(self.chain, target))
        if low not in known:
            known.update(back(self.chain, dict(known), low))
        return known

    @full_precision
    def prepare(self, targets: Sequence[Target], low: str) -> None:
        """Go back to ``low`` for several targets of one layer at once: cheaper than one after another."""
        gradients = back(self.chain, begin(self.chain, *targets), low)
        for row, target in enumerate(targets):
            self._gradients.get(target, partial(_rows, gradients, row))

    def _layer(self, card: Method, layer: str | None, target: Target) -> str:
        """The layer a method works on, checked; "" for methods that need none."""
        if not card.layered:
            return ""
        layer = layer or ("conv5" if target.layer == "fc8" else self._below(target.layer))
        maps = [name for name, shape in self.shapes.items() if len(shape) == 3]
        if layer not in maps:
            raise AttributionError(f"{card.title} needs a layer with maps: choose one of {', '.join(maps)}.")
        names = self.chain.names
        if names.index(layer) > names.index(target.layer):
            raise AttributionError(
                f"{layer} lies behind {target.layer}, which is to be explained: choose one before it."
            )
        return layer

    def _below(self, high: str) -> str:
        """The last convolution that feeds a layer, or the layer itself where none does."""
        names = self.chain.names[1 : self.chain.names.index(high)]
        return next((name for name in reversed(names) if name.startswith("conv")), high)


def attribute(
    model: Model | AlexNet,
    tensor: np.ndarray,
    key: str,
    target: Target,
    layer: str | None = None,
    settings: Mapping[str, Value] | None = None,
    progress: CountProgress | None = None,
    other: np.ndarray | None = None,
) -> Attribution:
    """One question in a session of its own."""
    return Session(model, tensor, other).attribute(key, target, layer, settings, progress)


def _rows(gradients: Mapping[str, Tensor], row: int) -> dict[str, Tensor]:
    """One target's gradients of those of a batch of targets."""
    return {name: gradient[row : row + 1] for name, gradient in gradients.items()}


def _ignore(done: int, total: int) -> None:
    pass
