"""The input of every method: the recorded pass, the target, the layer, and what may be computed from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from alexnet_viz.attribution.baselines import baseline
from alexnet_viz.attribution.chain import INPUT, Chain
from alexnet_viz.attribution.targets import Target
from alexnet_viz.network.variants import AlexNet
from alexnet_viz.progress import CountProgress
from alexnet_viz.values import Preprocessing


@dataclass(frozen=True, eq=False)
class AttributionRequest:
    """About one recorded pass, this target, at this layer ("" for a method that needs none).

    ``other`` (1, 3, S, S) is what the baseline "photo" means; ``gradients(target, low)`` gives the target's gradient at
    every layer's output from the target down to ``low``.
    """

    network: AlexNet
    chain: Chain
    target: Target
    layer: str
    preprocessing: Preprocessing
    other: Tensor | None
    gradients: Callable[[Target, str], dict[str, Tensor]]
    progress: CountProgress

    @property
    def photo(self) -> Tensor:
        """The photo, (1, 3, S, S), normalised."""
        return self.chain.outputs[INPUT]

    def gradient(self, at: str = INPUT) -> Tensor:
        """The target's gradient at a layer's output, (1, …), on the recorded pass."""
        return self.gradients(self.target, at)[at]

    @property
    def value(self) -> float:
        """The target's value for the photo."""
        return float(self.target.of(self.chain.outputs[self.target.layer])[0])

    def value_of_each(self, batch: Tensor) -> Tensor:
        """The target's value for other photos: (B, 3, S, S) → (B,)."""
        return self.target.of(Chain(self.network, batch, last=self.target.layer).outputs[self.target.layer])

    def value_of(self, photo: Tensor) -> float:
        """The target's value for another photo, (1, 3, S, S)."""
        return float(self.value_of_each(photo)[0])

    def baseline(self, kind: str, seed: int) -> Tensor:
        """What stands for "nothing there", (1, 3, S, S). Raises AttributionError."""
        return baseline(kind, self.photo, self.preprocessing, self.other, seed)
