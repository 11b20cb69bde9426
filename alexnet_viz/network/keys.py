"""Which of a file's tensors is which of AlexNet's: by their shapes, so that it does not matter what they are called.

The five convolutions of each variant have five different shapes. Of the fully connected layers fc6 takes a whole map,
fc7 is square and fc8 takes what fc7 gives; where that leaves two readings (as many classes as fc7 has units), the names
decide.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from alexnet_viz.network.layers import steps
from alexnet_viz.network.stored import FLOATS, StoredTensor
from alexnet_viz.network.variants import TORCHVISION_KEYS
from alexnet_viz.values import VARIANTS, NetworkSpec, Variant

CONVOLUTIONS = ("conv1", "conv2", "conv3", "conv4", "conv5")
FULLY_CONNECTED = ("fc6", "fc7", "fc8")
DEEPEST = 6  # names in front of a layer's own: state_dict, module, model, backbone …
_MOST_NODES = 20_000  # dicts and lists that are looked through; a state dict is one, an optimiser's state some twenty

# What DataParallel, torch.compile, FSDP and activation checkpointing put between a module and its children.
_WRAPPERS = {"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"}

Path = tuple[str, ...]
Entry = tuple[Path, StoredTensor]


@dataclass(frozen=True)
class Named:
    """A file's tensors under this app's names. ``rest`` are the keys beside them that belong to none of its layers.

    ``prefix`` is where in the file they stand; ``others`` are the places of further networks in it. ``keys`` are the
    file's own names of the tensors, without the prefix, by this app's.
    """

    tensors: dict[str, StoredTensor]
    rest: tuple[str, ...] = ()
    prefix: str = ""
    others: tuple[str, ...] = ()
    keys: dict[str, str] = field(default_factory=dict)

    def in_file(self, key: str) -> str:
        """The file's own key of a tensor; of one that it lacks torchvision's, if those beside it have torchvision's."""
        layer, _, parameter = key.rpartition(".")
        theirs = {ours: name for name, ours in TORCHVISION_KEYS.items()}.get(layer, "")
        modules = {own.partition(".")[0] for own in self.keys.values()}  # torchvision's are features and classifier
        if key not in self.keys and theirs.partition(".")[0] in modules:
            return f"{theirs}.{parameter}"
        return self.keys.get(key, key)


@dataclass(frozen=True)
class Survey:
    """The tensors of a file, each with the names that lead to it; and the class of a whole torch.nn.Module in it."""

    entries: list[Entry]
    module: str = ""

    @property
    def kinds(self) -> set[str]:
        """What the tensors are kept as."""
        return {tensor.kind for _, tensor in self.entries}


def survey(tree: Any) -> Survey:
    """Look through a file's dicts and lists, ``DEEPEST`` deep; a key with points in it is several names."""
    entries: list[Entry] = []
    modules: list[str] = []
    seen: set[int] = set()  # they may hold one another, and each is looked at once

    def walk(node: Any, path: Path, depth: int) -> None:
        if isinstance(node, StoredTensor):
            entries.append((path, node))
        elif _is_module(node):
            modules.append(getattr(node, "origin", ""))
        elif id(node) not in seen and depth <= DEEPEST:
            seen.add(id(node))
            for key, value in node.items() if isinstance(node, Mapping) else enumerate(node):
                if len(seen) < _MOST_NODES and isinstance(value, StoredTensor | Mapping | list | tuple):
                    names = (name for name in str(key).split(".") if name not in _WRAPPERS)
                    walk(value, (*path, *names), depth + 1)

    if isinstance(tree, StoredTensor | Mapping | list | tuple):
        walk(tree, (), 0)
    return Survey(entries, modules[0] if modules else "")


def name_layers(entries: Sequence[Entry]) -> Named | None:
    """The first AlexNet in a file, the one that stands nearest to its top; None where no tensors are one.

    A network is all tensors below one place, so an optimiser's or another network's beside it do not matter.
    """
    for depth in range(DEEPEST + 1):
        groups = _groups(entries, depth)
        fits = {prefix: named for prefix, group in groups.items() if (named := _fit(group)) and not named.rest}
        if fits:
            first, *others = fits
            apart = [key for key, tensor in entries if key[:depth] != first and _is_layer(key, tensor)]
            left_out = () if others else tuple(".".join(key) for key in apart)
            return replace(fits[first], prefix=".".join(first), rest=left_out, others=tuple(map(".".join, others)))
    return None


def nearest(entries: Sequence[Entry]) -> Named:
    """What comes nearest to an AlexNet in a file that holds none, to say what it lacks: the most names known."""
    groups = [group for depth in range(DEEPEST + 1) for group in _groups(entries, depth).values()]
    near = [_by_name(group) for group in groups]
    return max(near, key=lambda named: len(named.tensors) - len(named.rest) / 100, default=Named({}))


def _is_module(node: Any) -> bool:
    """Whether an object of a file is a whole torch.nn.Module, whose tensors mean what its own code makes of them."""
    return isinstance(node, Mapping) and "_modules" in node and "_parameters" in node


def _groups(entries: Sequence[Entry], depth: int) -> dict[Path, list[Entry]]:
    groups: dict[Path, list[Entry]] = {}
    for path, tensor in entries:
        if len(path) > depth:
            groups.setdefault(path[:depth], []).append((path[depth:], tensor))
    return groups


def _is_layer(path: Path, tensor: StoredTensor) -> bool:
    return path[-1] == "weight" and len(tensor.shape) in (2, 4)


def _fit(entries: Sequence[Entry]) -> Named | None:
    """The layers of one network by their shapes; None where they are not AlexNet's."""
    tensors = _without_masks(entries)
    weights = {path[:-1]: tensor.shape for path, tensor in tensors.items() if _is_layer(path, tensor)}
    if len(weights) != len(CONVOLUTIONS) + len(FULLY_CONNECTED):
        return None
    convolutions = _convolutions({path: shape for path, shape in weights.items() if len(shape) == 4})
    dense = _fully_connected({path: shape for path, shape in weights.items() if len(shape) == 2})
    if convolutions is None or dense is None:
        return None
    return _renamed(tensors, convolutions | dense)


def _by_name(entries: Sequence[Entry]) -> Named:
    """The layers of one network by the names that torchvision or this app gives them."""
    layers: dict[Path, str] = {(name,): name for name in (*CONVOLUTIONS, *FULLY_CONNECTED)}
    layers |= {tuple(theirs.split(".")): name for theirs, name in TORCHVISION_KEYS.items()}
    return _renamed(_without_masks(entries), layers)


def _renamed(tensors: dict[Path, StoredTensor], layers: dict[Path, str]) -> Named:
    named, rest, keys = {}, [], {}
    for path, tensor in tensors.items():
        if path[:-1] in layers and path[-1] in ("weight", "bias"):
            key = f"{layers[path[:-1]]}.{path[-1]}"
            named[key], keys[key] = tensor, ".".join(path)
        elif tensor.shape:  # numbers without a shape count steps and epochs
            rest.append(".".join(path))
    return Named(named, tuple(rest), keys=keys)


def _convolutions(weights: dict[Path, tuple[int, ...]]) -> dict[Path, str] | None:
    paths = {shape: path for path, shape in weights.items()}
    for variant in VARIANTS:
        shapes = _shapes(variant)
        if len(weights) == len(shapes) and set(shapes) == set(paths):
            return {paths[shape]: name for shape, name in shapes.items()}
    return None


@lru_cache
def _shapes(variant: Variant) -> dict[tuple[int, ...], str]:
    """The shapes of a variant's five convolutions, all different."""
    convolutions = [step for step in steps(NetworkSpec(variant)) if step.layer.kind == "conv"]
    return {
        (step.layer.out, step.input[0] // step.layer.groups, step.layer.kernel, step.layer.kernel): step.layer.name
        for step in convolutions
    }


def _fully_connected(weights: dict[Path, tuple[int, ...]]) -> dict[Path, str] | None:
    """fc6, fc7 and fc8: the one order in which their shapes fit, or of several that which their names say."""
    if len(weights) != 3:
        return None
    orders = [order for order in itertools.permutations(weights) if _is_chain(*(weights[path] for path in order))]
    if len(orders) > 1:
        by_name = tuple(sorted(weights, key=_natural))
        orders = [order for order in orders if order == by_name and _numbered(by_name)]
    return dict(zip(orders[0], FULLY_CONNECTED, strict=True)) if orders else None


def _is_chain(fc6: tuple[int, ...], fc7: tuple[int, ...], fc8: tuple[int, ...]) -> bool:
    channels = 256  # conv5's, in every variant
    side = math.isqrt(fc6[1] // channels)
    return fc6[1] == channels * side * side > 0 and fc7 == (fc6[0], fc6[0]) and fc8[1] == fc7[0]


def _natural(path: Path) -> list[tuple[bool, int, str]]:
    """A name as people sort it: fc10 after fc9."""
    parts = re.split(r"(\d+)", ".".join(path))
    return [(part.isdigit(), int(part) if part.isdigit() and len(part) < 10 else 0, part) for part in parts]


def _numbered(paths: tuple[Path, ...]) -> bool:
    """Whether names differ in a number alone, which then says their order."""
    return len({re.sub(r"\d+", "0", ".".join(path)) for path in paths}) == 1


def _without_masks(entries: Sequence[Entry]) -> dict[Path, StoredTensor]:
    """Pruned parameters as the product that the network uses: prune keeps weight_orig and weight_mask."""
    tensors = dict(entries)
    for path in [path for path in tensors if path[-1].endswith("_orig")]:
        name = path[-1].removesuffix("_orig")
        original, mask = tensors[path], tensors.get((*path[:-1], f"{name}_mask"))
        if mask is not None and mask.shape == original.shape:
            del tensors[path], tensors[(*path[:-1], f"{name}_mask")]
            tensors[(*path[:-1], name)] = _masked(original, mask)
    return tensors


def _masked(original: StoredTensor, mask: StoredTensor) -> StoredTensor:
    unusable = "" if mask.kind in FLOATS else f"has a mask of {mask.kind}"
    fault = original.fault or mask.fault or unusable
    return replace(original, read=lambda: original.read() * mask.read(), fault=fault)
