"""Weights on disk: one safetensors file that carries its own description, written whole or not at all; and the reading
of the files of others, by what is in them and not by what they are called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from alexnet_viz.disk import write_atomically
from alexnet_viz.errors import WeightsError
from alexnet_viz.network.pytorch_file import DAMAGE, read_pytorch
from alexnet_viz.network.sources import (
    CHECKPOINT_BYTES,
    HEADER_BYTES,
    METADATA,
    check_format,
    is_pytorch,
    is_safetensors,
    regular_file,
)
from alexnet_viz.network.stored import Contents, StoredTensor
from alexnet_viz.values import NetworkSpec, Preprocessing

_KINDS = {"F32": "float32", "F16": "float16", "BF16": "bfloat16", "F64": "float64"}


def save_weights(
    path: Path,
    state: dict[str, Tensor],
    *,
    spec: NetworkSpec,
    categories: tuple[str, ...],
    preprocessing: Preprocessing,
    title: str,
    source: str,
    extra: dict[str, Any] | None = None,
) -> None:
    """Write weights with what belongs to them; ``extra`` is any JSON (recipe, accuracy …)."""
    description = {
        "spec": spec.as_dict(),
        "categories": list(categories),
        "preprocessing": asdict(preprocessing),
        "title": title,
        "source": source,
        **(extra or {}),
    }
    tensors = {key: value.detach().cpu().contiguous() for key, value in state.items()}
    write_atomically(path, save(tensors, {METADATA: json.dumps(description, ensure_ascii=False)}))


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the description of a checkpoint that ``save_weights`` wrote. Raises WeightsError."""
    contents = open_checkpoint(path)
    with reading(path):
        return {key: tensor.read() for key, tensor in contents.tree.items()}, contents.description or {}


def open_checkpoint(path: Path) -> Contents:
    """What a safetensors file, or one of PyTorch's, holds, before any tensor is made. Raises WeightsError."""
    size = regular_file(path).st_size
    if size == 0:
        raise WeightsError(f"{path.name} is empty (0 bytes): choose another checkpoint.")
    if size > CHECKPOINT_BYTES:
        raise WeightsError(
            f"{path.name} has {size / 1e9:.1f} GB, and at most {CHECKPOINT_BYTES / 1e9:.1f} are read: save "
            "model.state_dict() alone."
        )
    with reading(path):
        with open(path, "rb") as file:
            head = file.read(9)
        if is_safetensors(head) or (path.suffix.lower() == ".safetensors" and not is_pytorch(head)):
            return _open_safetensors(path, int.from_bytes(head[:8], "little"))
        check_format(head, path.name)
        return read_pytorch(path)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Around all that looks into a file: whatever is wrong with its bytes becomes a WeightsError."""
    try:
        yield
    except SafetensorError as error:
        raise WeightsError(f"{path.name} cannot be read as safetensors ({error}): save or copy it again.") from error
    except DAMAGE as error:
        raise WeightsError(
            f"{path.name} cannot be loaded as plain weights: it is damaged ({type(error).__name__}). Save or copy it "
            "again."
        ) from error


def _open_safetensors(path: Path, length: int) -> Contents:
    if length > HEADER_BYTES:
        raise WeightsError(
            f"{path.name} cannot be read as safetensors (its header would take {length:,} bytes, at most "
            f"{HEADER_BYTES:,} are read): save or copy it again."
        )
    file = safe_open(path, framework="pt")
    tensors = {key: _stored(file, key) for key in file.keys()}  # noqa: SIM118 (no mapping)
    metadata = file.metadata() or {}
    beside = {key: _json(text) for key, text in metadata.items()}
    if METADATA not in metadata:
        return Contents(tensors, beside=beside)
    if not isinstance(beside[METADATA], dict):
        raise WeightsError(
            f"{path.name}: its description is not one that this app wrote (it is no JSON object): use the file as it "
            "was saved."
        )
    return Contents(tensors, description=beside[METADATA])


def _stored(file: Any, key: str) -> StoredTensor:
    values = file.get_slice(key)
    kind = _KINDS.get(values.get_dtype(), values.get_dtype().lower())
    # a copy: what safe_open gives is mapped from the disk, and a file cut short later would end the process
    return StoredTensor(tuple(values.get_shape()), kind, lambda: file.get_tensor(key).clone())


def _json(text: str) -> Any:
    """A metadata entry's value: what its JSON says, else its text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
