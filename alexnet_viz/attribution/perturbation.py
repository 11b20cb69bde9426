"""Methods that hide parts of the photo and watch the target; each pixel carries its whole part's effect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from captum import attr
from captum._utils.models.model import Model as Surrogate
from torch import Tensor
from torch.overrides import TorchFunctionMode

from alexnet_viz.attribution.raw_map import RawMap, completeness
from alexnet_viz.attribution.superpixels import grid, superpixels

if TYPE_CHECKING:
    from alexnet_viz.attribution.request import AttributionRequest

BATCH = 32


def feature_ablation(request: AttributionRequest, parts: str, count: int, baseline: str, seed: int) -> RawMap:
    """What hiding one part takes from the target."""
    mask, number = _parts(request, parts, count)
    method = attr.FeatureAblation(_watched(request, number + 1))
    fill = request.baseline(baseline, seed)
    with torch.no_grad():
        values = method.attribute(request.photo, fill, feature_mask=mask, perturbations_per_eval=BATCH)
    return RawMap(values[:, 0])


def lime(request: AttributionRequest, parts: str, count: int, samples: int, baseline: str, seed: int) -> RawMap:
    """A linear model of the target's value, fitted to photos of which every part is hidden with chance one half.

    As in the authors' code: near photos count more (cosine distance of what is left to the whole, width 0.25), ridge
    regression. Captum's own default, a lasso of 0.01, gives zero everywhere where logits are small.
    """
    mask, _ = _parts(request, parts, count)

    def near(original: Tensor, perturbed: Tensor, kept: Tensor, **_: object) -> Tensor:
        share = kept.double().mean()
        return torch.exp(-((1 - share.sqrt()) ** 2) / (2 * 0.25**2)).float()

    method = attr.Lime(_watched(request, samples), interpretable_model=Linear(ridge=1.0), similarity_func=near)
    return _fitted(request, method, mask, samples, baseline, seed)


def kernel_shap(request: AttributionRequest, parts: str, count: int, samples: int, baseline: str, seed: int) -> RawMap:
    """Each part's Shapley value, estimated by a weighted linear fit; they add up to y(x) − y(b)."""
    mask, number = _parts(request, parts, count)
    method = attr.KernelShap(_watched(request, samples))
    method.interpretable_model = Linear(ridge=1e-9)  # Captum's would need scikit-learn
    values = _fitted(request, method, mask, samples, baseline, seed).values
    sizes = torch.bincount(mask.flatten())[mask[0]]
    change = request.value - request.value_of(request.baseline(baseline, seed))
    few = (f"{samples} samples for {number} parts are few: take at least {2 * number}.",)
    return RawMap(values, completeness(values / sizes, change), few if samples < 2 * number else ())


def rise(request: AttributionRequest, samples: int, cells: int, kept: float, baseline: str, seed: int) -> RawMap:
    """Where random soft masks left the photo visible when the target was high; scores without their mean."""
    generator = torch.Generator().manual_seed(seed)
    fill, side = request.baseline(baseline, seed), request.photo.shape[-1]
    cell = -(-side // cells)
    total, scores, masks_sum = torch.zeros_like(request.photo[:, 0]), [], torch.zeros_like(request.photo[:, 0])
    for done in range(0, samples, BATCH):
        number = min(BATCH, samples - done)
        coarse = (torch.rand((number, 1, cells + 1, cells + 1), generator=generator) < kept).to(request.photo)
        fine = F.interpolate(coarse, size=(cells + 1) * cell, mode="bilinear", align_corners=False)
        shifts = torch.randint(0, cell, (number, 2), generator=generator).tolist()
        masks = torch.stack([mask[:, y : y + side, x : x + side] for mask, (y, x) in zip(fine, shifts, strict=True)])
        score = request.value_of_each(torch.lerp(fill, request.photo, masks))
        total += (score[:, None, None, None] * masks).sum(0)
        masks_sum += masks.sum(0)
        scores.append(score)
        request.progress(done + number, samples)
    return RawMap((total - torch.cat(scores).mean() * masks_sum) / (samples * kept))


class Linear(Surrogate):
    """Weighted ridge regression with a free constant, solved exactly; what LIME and Kernel SHAP fit."""

    def __init__(self, ridge: float) -> None:
        self.ridge = ridge
        self.weights = torch.empty(0)

    def fit(self, train_data: Iterable[Sequence[Tensor]], **_: object) -> None:
        x, y, w = (torch.cat(column).double().cpu() for column in zip(*train_data, strict=True))
        w = w.flatten()[:, None] / w.mean()
        mean_x, mean_y = (w * x).sum(0) / w.sum(), (w[:, 0] * y).sum() / w.sum()
        x, y = x - mean_x, y - mean_y
        self.weights = torch.linalg.solve(
            x.T @ (w * x) + self.ridge * torch.eye(x.shape[1]).double(), x.T @ (w[:, 0] * y)
        )

    def representation(self) -> Tensor:
        return self.weights[None].float()

    def __call__(self, x: Tensor) -> Tensor:
        return x.double() @ self.weights


class Seeded(TorchFunctionMode):
    """Draws inside Captum come from a generator of their own: torch's global one is shared by all threads."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(seed)

    def __torch_function__(
        self, function: Callable, types: object, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if function in (torch.bernoulli, torch.randn, torch.multinomial):
            kwargs = {**(kwargs or {}), "generator": self.generator}
        return function(*args, **(kwargs or {}))


def _fitted(
    request: AttributionRequest, method: attr.Lime, mask: Tensor, samples: int, baseline: str, seed: int
) -> RawMap:
    fill = request.baseline(baseline, seed)
    with torch.no_grad(), Seeded(seed):
        values = method.attribute(
            request.photo, baselines=fill, feature_mask=mask, n_samples=samples, perturbations_per_eval=BATCH
        )
    return RawMap(values[:, 0].to(request.photo))


def _parts(request: AttributionRequest, parts: str, count: int) -> tuple[Tensor, int]:
    """The photo's parts as numbers from 0, (1, 1, S, S), and how many there are."""
    mask = grid(request.photo.shape[-1], count)
    if parts == "superpixels" and (labels := superpixels(request.photo[0], count)).any():  # more than one part
        mask = labels
    return mask.to(request.photo.device)[None, None], int(mask.max()) + 1


def _watched(request: AttributionRequest, total: int) -> Callable[[Tensor], Tensor]:
    """The target's value of a batch (B, 3, S, S) → (B,), which tells how many it has seen."""
    seen = 0

    def value(batch: Tensor) -> Tensor:
        nonlocal seen
        values = request.value_of_each(batch)
        seen += len(batch)
        request.progress(min(seen, total), total)
        return values

    return value
