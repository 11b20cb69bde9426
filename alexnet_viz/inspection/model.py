"""A network on a device with its weights' description, loaded once and shared by all visitors without a lock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.network import device as devices
from alexnet_viz.network import weights
from alexnet_viz.network.sources import mark_used, path_of
from alexnet_viz.network.variants import AlexNet
from alexnet_viz.progress import CountProgress
from alexnet_viz.values import DeviceInfo, Variant, WeightsInfo


@dataclass(frozen=True, eq=False)
class Model:
    """``half``: on CUDA, forward passes run in half precision because the top-5 were seen to stay the same."""

    network: AlexNet
    info: WeightsInfo
    device: DeviceInfo
    half: bool = False

    @torch.inference_mode()
    def logits(self, batch: np.ndarray) -> np.ndarray:
        """float32 (B, 3, S, S), normalised → float32 logits (B, classes)."""
        return _forward(self.network, self.tensor(batch), self.half).float().cpu().numpy()

    def tensor(self, batch: np.ndarray) -> torch.Tensor:
        """float32 (B, 3, S, S) on this model's device."""
        x = torch.from_numpy(batch).to(self.device.name)
        return x.contiguous(memory_format=torch.channels_last) if x.is_cuda else x


_models: LRUCache[Model] = LRUCache(4)  # some 250 MB each


def get(
    choice: str, variant: Variant = "torchvision", device: str | None = None, on_progress: CountProgress | None = None
) -> Model:
    """The shared model of a choice: the first caller loads it, the others wait for that. Raises WeightsError."""
    where = devices.pick(device)
    key = (_version(choice), variant if choice == "random" else "", where.name)
    return _models.get(key, lambda: _load(choice, variant, where, on_progress))


def _version(choice: str) -> str:
    """The choice, and for a file the time and size that tell a new one under an old name. Raises WeightsError."""
    path = path_of(choice)
    try:
        return f"{choice}:{path.stat().st_mtime_ns}:{path.stat().st_size}" if path else choice
    except OSError:
        return choice


def _load(choice: str, variant: Variant, where: DeviceInfo, on_progress: CountProgress | None) -> Model:
    network, info = weights.load(choice, variant, on_progress)
    if path := path_of(choice):
        mark_used(path)
    network = network.to(where.name)
    half = False
    if where.name.startswith("cuda"):
        network = network.to(memory_format=torch.channels_last)
        half = half_keeps_top5(network, info)
    return Model(network, info, where, half)


@torch.inference_mode()
def half_keeps_top5(network: AlexNet, info: WeightsInfo) -> bool:
    """Whether half precision names the same five classes in the same order for every sample photo."""
    from alexnet_viz.images.decode import decode
    from alexnet_viz.images.preprocess import preprocess
    from alexnet_viz.images.samples import SAMPLES, sample

    photos = [decode(*sample(photo.key)) for photo in SAMPLES]
    batch = np.stack([preprocess(photo, info.preprocessing).tensor for photo in photos])
    x = torch.from_numpy(batch).to(next(network.parameters()).device)
    k = min(5, info.spec.num_classes)
    full, half = (_forward(network, x, half).float().topk(k).indices for half in (False, True))
    return bool(torch.equal(full, half))


def _forward(network: AlexNet, x: torch.Tensor, half: bool) -> torch.Tensor:
    with torch.autocast(x.device.type, torch.float16, enabled=half):
        return network(x)
