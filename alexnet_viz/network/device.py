"""What the network runs on: CUDA, else Apple's MPS, else the CPU."""

from __future__ import annotations

import os
import platform
import threading
from contextlib import ContextDecorator
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil
import torch

from alexnet_viz.errors import DeviceError
from alexnet_viz.values import DeviceInfo

# Where PyTorch may put TF32 or bfloat16 in float32's place; cuDNN's convolutions use TF32 unless told otherwise.
_cudnn: Any = torch.backends.cudnn
_mkldnn: Any = torch.backends.mkldnn
_PRECISIONS: tuple[Any, ...] = (_cudnn.conv, _cudnn.rnn, torch.backends.cuda.matmul, _mkldnn.conv, _mkldnn.matmul)


class _FullPrecision(ContextDecorator):
    """float32 products in float32 while anybody is inside, whatever the process has set.

    The settings hold for the whole process, so the first to enter makes them and the last to leave puts them back:
    threads overlap without waiting for each other, and none loses its precision to one that leaves.
    """

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._before: list[str] = []

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = [backend.fp32_precision for backend in _PRECISIONS]
                for backend in _PRECISIONS:
                    backend.fp32_precision = "ieee"
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                for backend, was in zip(_PRECISIONS, self._before, strict=True):
                    backend.fp32_precision = was


full_precision = _FullPrecision()


def devices() -> tuple[DeviceInfo, ...]:
    """The devices of this machine, the best first; the CPU is always the last."""
    infos = []
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            free, total = torch.cuda.mem_get_info(index)
            infos.append(DeviceInfo(f"cuda:{index}", torch.cuda.get_device_name(index), total, free))
    if torch.backends.mps.is_available():
        infos.append(DeviceInfo("mps", f"Apple GPU ({platform.machine()})", None, None))
    memory = psutil.virtual_memory()
    return (*infos, DeviceInfo("cpu", f"{_processor()}, {os.cpu_count()} cores", memory.total, memory.available))


def pick(name: str | None = None) -> DeviceInfo:
    """The device of that name ("cuda" means the first GPU), or the best there is; DeviceError if it is not here."""
    known = devices()
    if name is None:
        return known[0]
    for device in known:
        if name in (device.name, device.name.partition(":")[0]):
            return device
    raise DeviceError(f"This machine has no device {name!r}: choose one of {', '.join(d.name for d in known)}.")


@lru_cache(maxsize=1)
def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
