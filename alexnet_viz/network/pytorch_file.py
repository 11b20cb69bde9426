"""PyTorch's own files (.pt, .pth, .ckpt, .bin, .pth.tar), read as data: nothing in them is run.

Such a file is a pickle that names classes and functions, and the bytes of its tensors. Of those names only the few that
put a plain tensor together mean something here. All others, harmless or not, stand for a Placeholder, which is never
imported and can do nothing; so an argparse.Namespace beside the weights does not cost the weights. No tensor is made
before it is asked for, and none that its bytes do not cover; an optimiser's state stays on the disk.

Formats: torch.serialization._save (a zip file, since PyTorch 1.6) and _legacy_save (pickles one after the other).
"""

from __future__ import annotations

import io
import math
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from alexnet_viz.errors import WeightsError
from alexnet_viz.network.stored import Contents, StoredTensor

PICKLE_BYTES = 1 << 20  # an AlexNet's state dict has 3 kB, one with its optimiser and 22,000 class names 0.7 MB
PICKLE_STEPS = 300_000  # 22,000 class names take 100,000; a million empty sets cost seconds and 160 MB
DIRECTORY_BYTES = 1 << 20  # of a zip file: some 10,000 members
EXPANSION = 4  # times its size that a file may unpack to; PyTorch itself does not compress
MOST_CLASSES = 1000  # that a pickle may name

_STORAGES = {  # a storage's class, what its values are, and how many bytes each takes
    "FloatStorage": ("float32", 4),
    "HalfStorage": ("float16", 2),
    "BFloat16Storage": ("bfloat16", 2),
    "DoubleStorage": ("float64", 8),
    "LongStorage": ("int64", 8),
    "IntStorage": ("int32", 4),
    "ShortStorage": ("int16", 2),
    "CharStorage": ("int8", 1),
    "ByteStorage": ("uint8", 1),
    "BoolStorage": ("bool", 1),
    "ComplexFloatStorage": ("complex64", 8),
    "ComplexDoubleStorage": ("complex128", 16),
    "QInt8Storage": ("quantised", 1),
    "QUInt8Storage": ("quantised", 1),
    "QInt32Storage": ("quantised", 4),
    "UntypedStorage": ("untyped", 1),
}
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
# What a broken or hostile pickle or archive makes Python's own readers raise.
DAMAGE = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
    MemoryError,
    OverflowError,
)


class Placeholder(dict):
    """Stands for an object of a class that is not loaded: what the file says of it, as items. ``origin`` names it."""

    origin = ""
    args: tuple = ()
    __hash__ = object.__hash__  # type: ignore[assignment] # pickles use objects as keys
    __eq__ = object.__eq__

    def __init__(self, *args: Any) -> None:
        super().__init__()
        self.args = args
        for arg in args:
            if isinstance(arg, dict) or (isinstance(arg, list) and all(_is_pair(item) for item in arg)):
                self.update(arg)

    def __call__(self, *args: Any) -> Placeholder:
        return Placeholder()

    def append(self, value: Any) -> None:
        self[len(self)] = value

    def extend(self, values: list) -> None:
        for value in values:
            self.append(value)

    add = append

    def describe(self, state: Any) -> None:
        """Take up what pickle would hand to __setstate__: a dict, or a dict and one for the slots."""
        for part in state if isinstance(state, tuple) else (state,):
            if isinstance(part, dict):
                self.update(part)


def _is_pair(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2


class _Storage(NamedTuple):
    """The bytes of one or more tensors: ``numel`` values of a ``kind`` from the value ``offset`` on."""

    key: str
    kind: str
    item_bytes: int
    numel: int
    offset: int = 0

    @property
    def nbytes(self) -> int:
        return self.numel * self.item_bytes


class _TooManyObjects(Exception):
    """A pickle of more steps than any state dict has."""


class _Steps(dict):
    """A table of what to do for each code of a pickle, that ends one of too many codes."""

    left = PICKLE_STEPS

    def __getitem__(self, code: int) -> Callable[[pickle._Unpickler], None]:
        self.left -= 1
        if self.left < 0:
            raise _TooManyObjects
        return super().__getitem__(code)


class _Unpickler(pickle._Unpickler):
    """Python's unpickler with find_class and persistent_load of its own, so that no name of the file is looked up.

    The one in Python and not the one in C, which makes a table as long as the file says (LONG_BINPUT).
    """

    stack: list[Any]

    def __init__(self, file: BinaryIO, read: Callable[[_Storage], Tensor]) -> None:
        super().__init__(file, encoding="utf-8")
        self.foreign: dict[str, Any] = {}
        self.storages: dict[str, _Storage] = {}
        self._read = read
        self.dispatch = _Steps(self.dispatch)  # type: ignore[misc]

    def find_class(self, module: str, name: str) -> Any:
        full = f"{module}.{name}"
        if module.startswith("torch") and name.endswith("Storage"):
            return name
        match full:
            case "torch._utils._rebuild_tensor" | "torch._utils._rebuild_tensor_v2":
                return self._tensor
            case "torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state":
                return _first
            case "torch._tensor._rebuild_from_type_v2":
                return _call_first
            case "_codecs.encode":
                return _encode
            case "numpy.core.multiarray.scalar" | "numpy._core.multiarray.scalar":
                return _numpy_scalar
            case "copyreg._reconstructor" | "copy_reg._reconstructor":
                return _reconstruct
        if module == "torch._utils" and name.startswith("_rebuild_"):
            return partial(_odd_tensor, name)
        if len(self.foreign) >= MOST_CLASSES:
            raise pickle.UnpicklingError("too many classes")
        return self.foreign.setdefault(full, type("Placeholder", (Placeholder,), {"origin": full}))

    def persistent_load(self, pid: Any) -> _Storage:
        kind, storage, key, _, numel, *view = pid
        offset, size = view[0][1:] if view and view[0] else (0, numel)
        if kind != "storage" or not all(_is_count(value) for value in (numel, offset, size)) or offset + size > numel:
            raise pickle.UnpicklingError(f"unknown storage {kind!r}")
        if storage not in _STORAGES:
            raise pickle.UnpicklingError(f"unknown storage {storage}")
        self.storages[str(key)] = _Storage(str(key), *_STORAGES[storage], numel)
        return self.storages[str(key)]._replace(offset=offset)

    def _tensor(self, storage: _Storage, offset: int, shape: tuple, stride: tuple, *_: Any) -> StoredTensor:
        if not isinstance(storage, _Storage) or not all(_is_count(v) for v in (offset, *shape, *stride)):
            raise pickle.UnpicklingError("a tensor without a storage")
        fault = _layout_fault(storage, offset, shape, stride)

        def read() -> Tensor:
            return self._read(storage).as_strided(shape, stride, storage.offset + offset)

        return StoredTensor(tuple(shape), storage.kind, read, fault)

    def load_build(self) -> None:
        state = self.stack.pop()
        if isinstance(self.stack[-1], Placeholder):
            self.stack[-1].describe(state)

    dispatch = {**pickle._Unpickler.dispatch, pickle.BUILD[0]: load_build}  # type: ignore[dict-item] # noqa: RUF012
    del dispatch[pickle.BYTEARRAY8[0]]  # makes as many bytes as the file says before it reads them


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 48


def _layout_fault(storage: _Storage, offset: int, shape: tuple, stride: tuple) -> str:
    if len(shape) != len(stride) or len(shape) > 8:
        return "has a shape that is none"
    if math.prod(shape) > storage.numel:
        return f"is said to have {math.prod(shape):,} values, and the file holds {storage.numel:,} for it"
    last = storage.offset + offset + sum((side - 1) * step for side, step in zip(shape, stride, strict=True))
    return "reaches beyond its values" if 0 not in shape and last >= storage.numel else ""


def _first(value: Any, *_: Any) -> Any:
    return value


def _call_first(function: Any, _: Any, args: tuple, *__: Any) -> Any:
    return function(*args)


def _encode(text: str, *_: Any) -> bytes:
    return text.encode("latin1")  # how pickle's old protocols write bytes


def _reconstruct(cls: Any, *_: Any) -> Any:
    return cls()


def _numpy_scalar(dtype: Any, data: Any) -> Any:
    """A number or text of numpy's as Python's own; a Placeholder for other kinds."""
    code = dtype.args[0] if isinstance(dtype, Placeholder) and dtype.args else None
    if isinstance(code, str) and isinstance(data, bytes) and code[:1] in "biufU" and len(data) <= 4096:
        return np.frombuffer(data, np.dtype(code))[0].item()
    return Placeholder()


def _odd_tensor(function: str, *args: Any) -> StoredTensor:
    """A tensor that is no plain one: sparse, quantised, without values; of what shape does not matter."""
    kinds = {"_rebuild_qtensor": "quantised", "_rebuild_meta_tensor_no_storage": "meta", "_rebuild_tensor_v3": ""}
    kind = kinds.get(function, function.removeprefix("_rebuild_").removesuffix("_tensor").replace("_", " "))
    if not kind:  # (storage, offset, shape, stride, requires_grad, hooks, dtype): float8 and others that are new
        kind = getattr(args[6], "origin", "").removeprefix("torch.")
    shapes = [arg for arg in args if isinstance(arg, tuple) and all(_is_count(side) for side in arg)]
    return StoredTensor(shapes[0] if shapes else (), kind, _unreadable)


def _unreadable() -> Tensor:
    raise WeightsError("This tensor has no plain values.")


def read_pytorch(path: Path) -> Contents:
    """What one of PyTorch's files holds. Raises WeightsError, and for a damaged file what DAMAGE names.

    No more of the file is read than its pickle; the tensors read their values when asked.
    """
    with open(path, "rb") as file:
        head = file.read(4)
        try:
            if head == b"PK\x03\x04":
                return _read_zip(path, file)
            return _read_legacy(path, head + file.read(PICKLE_BYTES))
        except _TooManyObjects:
            raise WeightsError(
                f"{path.name} holds more objects than weights need: save model.state_dict() alone."
            ) from None


def _read_zip(path: Path, file: BinaryIO) -> Contents:
    names = _members(path, file)
    if "byteorder" in names and _member(path, names["byteorder"]) != b"little":
        raise _big_endian(path)

    def read(storage: _Storage) -> Tensor:
        member = names[f"data/{storage.key}"]
        if member.file_size != storage.nbytes:
            raise EOFError(f"{member.file_size:,} bytes instead of {storage.nbytes:,}")
        return _values(storage, _member(path, member))

    unpickler = _Unpickler(io.BytesIO(_member(path, names["data.pkl"])), lru_cache(maxsize=1)(read))
    return Contents(unpickler.load(), foreign=tuple(unpickler.foreign))


def _members(path: Path, file: BinaryIO) -> dict[str, zipfile.ZipInfo]:
    """A zip file's members by their names below its one folder, after checking that it is weights and no bomb."""
    # Before the directory is read: it may be as long as the file.
    end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    if end is None or end[zipfile._ECD_SIZE] > DIRECTORY_BYTES:  # type: ignore[attr-defined]
        raise zipfile.BadZipFile("no directory, or one of too many members")
    with zipfile.ZipFile(file) as archive:
        names = {member.filename.partition("/")[2]: member for member in archive.infolist()}
        unpacked, size = sum(member.file_size for member in archive.infolist()), path.stat().st_size
    if unpacked > EXPANSION * size:
        raise WeightsError(f"{path.name} would unpack to {unpacked // size} times its size: save the weights again.")
    if "constants.pkl" in names or any(name.startswith("code/") for name in names):
        raise WeightsError(
            f"{path.name} cannot be loaded as plain weights: it is a TorchScript program, and loading one runs it. "
            "Load it with torch.jit.load where it was made, save its state_dict() and use that."
        )
    if "data.pkl" not in names:
        raise WeightsError(f"{path.name} is a zip file without PyTorch's weights: use the checkpoint in it.")
    beside = max(names[name].file_size for name in ("data.pkl", "byteorder") if name in names)
    if beside > PICKLE_BYTES:
        raise WeightsError(
            f"{path.name} holds {beside:,} bytes beside its tensors, and at most {PICKLE_BYTES:,} are read: save "
            "model.state_dict() alone."
        )
    return names


def _member(path: Path, member: zipfile.ZipInfo) -> bytearray:
    """A member's bytes, with its checksum checked."""
    data = bytearray(member.file_size)
    view, done = memoryview(data), 0
    with zipfile.ZipFile(path) as archive, archive.open(member) as file:
        while count := cast(io.BufferedIOBase, file).readinto(view[done : done + (1 << 20)]):
            done += count
    if done < len(data):
        raise EOFError(member.filename)
    return data


def _read_legacy(path: Path, head: bytes) -> Contents:
    """Five pickles (a magic number, a version, the machine, the contents, the storages' keys), then the storages."""
    file = io.BytesIO(head)
    places: dict[str, int] = {}

    def read(storage: _Storage) -> Tensor:
        data = bytearray(storage.nbytes)
        with open(path, "rb") as whole:
            whole.seek(places[storage.key])
            if whole.readinto(data) < len(data):
                raise EOFError(storage.key)
        return _values(storage, data)

    unpickler = _Unpickler(file, lru_cache(maxsize=1)(read))
    if unpickler.load() != _LEGACY_MAGIC:
        raise WeightsError(
            f"{path.name} cannot be loaded as plain weights: it is a pickle that torch.save did not write. Save "
            "model.state_dict() with torch.save and use that."
        )
    unpickler.load()
    machine, tree, keys = unpickler.load(), unpickler.load(), unpickler.load()
    if not machine["little_endian"]:
        raise _big_endian(path)
    place, size = file.tell(), path.stat().st_size
    for key in keys:
        place += 8  # the number of values, said before
        places[key] = place
        place += unpickler.storages[key].nbytes
    if place > size:
        raise EOFError(f"{size:,} bytes instead of {place:,}")
    return Contents(tree, foreign=tuple(unpickler.foreign))


def _big_endian(path: Path) -> WeightsError:
    return WeightsError(f"{path.name} comes from a big-endian machine: save it there as safetensors.")


def _values(storage: _Storage, data: bytearray) -> Tensor:
    """A storage's values, (numel,), around these very bytes."""
    return torch.frombuffer(data, dtype=getattr(torch, storage.kind))
