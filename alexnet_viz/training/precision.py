"""The numbers that a network's layers calculate with: fp32, bf16 or fp16 under autocast; the weights stay fp32."""

from __future__ import annotations

from pathlib import Path

import torch

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def resolve_precision(device: torch.device, precision: str) -> str:
    """``fp32``, ``bf16`` or ``fp16`` as they are; ``auto`` as the device does it best.

    That is bf16 where its arithmetic units know it, fp16 on older GPUs, else fp32.
    """
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    return "bf16" if device.type == "cpu" and _cpu_has_bf16() else "fp32"


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """A context manager for the layers' arithmetic in one of a recipe's precisions."""
    dtype = _DTYPES[resolve_precision(device, precision)]
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)


def _cpu_has_bf16() -> bool:
    """Whether the processor has the instructions, and PyTorch is not held to fewer (ATEN_CPU_CAPABILITY)."""
    if not torch.backends.cpu.get_cpu_capability().startswith("AVX512"):
        return False
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return False
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags)
