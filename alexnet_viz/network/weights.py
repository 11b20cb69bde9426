"""A network with its weights: from ImageNet, the bundled file, a seed, a checkpoint or a training run."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from alexnet_viz.errors import ShapeError, WeightsError
from alexnet_viz.network.files import read_weights
from alexnet_viz.network.layers import smallest_input, steps
from alexnet_viz.network.sources import BUNDLED, START, Progress, download_imagenet, imagenet_file, path_of
from alexnet_viz.network.variants import AlexNet, build, from_torchvision, initialise
from alexnet_viz.values import VARIANT_TITLES, NetworkSpec, Preprocessing, Variant, WeightsInfo

RANDOM_SEED = 2012


def load(
    choice: str,
    variant: Variant = "torchvision",
    on_progress: Progress | None = None,
    runs: Path | None = None,
) -> tuple[AlexNet, WeightsInfo]:
    """The network with the chosen weights, in eval mode, float32, on the CPU, its parameters frozen.

    ``variant`` counts for ``random`` alone: other weights say themselves what they fit. ``imagenet`` is downloaded
    when it is not in the cache. ``runs`` is where ``run:<id>`` looks. Raises WeightsError; never puts other weights in
    the place of those asked for.
    """
    if choice == "random":
        network, info = _random(NetworkSpec(variant))
    elif choice == "imagenet":
        network, info = _imagenet(on_progress)
    elif choice == "bundled" and not BUNDLED.is_file():
        raise WeightsError("This copy of the app holds no bundled weights: choose random, imagenet or a file.")
    else:
        network, info = _checkpoint(path_of(choice, runs), choice)
    return network.eval().requires_grad_(False), info


def _imagenet(on_progress: Progress | None) -> tuple[AlexNet, WeightsInfo]:
    path = imagenet_file()
    if not path.is_file():
        download_imagenet(on_progress)
    state, _ = read_weights(path)
    state = from_torchvision(state)
    spec = infer_spec(state, path.name)
    from torchvision.models import AlexNet_Weights  # 2 s of import, needed for these weights alone

    how = AlexNet_Weights.IMAGENET1K_V1.transforms()
    info = WeightsInfo(
        id=f"imagenet:{path.stem}",
        choice="imagenet",
        title="ImageNet, 1000 classes",
        spec=spec,
        categories=tuple(AlexNet_Weights.IMAGENET1K_V1.meta["categories"]),
        preprocessing=Preprocessing(how.resize_size[0], how.crop_size[0], tuple(how.mean), tuple(how.std)),
        source="torchvision AlexNet_Weights.IMAGENET1K_V1",
    )
    return _network(spec, state, path.name), info


def _random(spec: NetworkSpec) -> tuple[AlexNet, WeightsInfo]:
    info = WeightsInfo(
        id=f"random:{spec.variant}:{RANDOM_SEED}",
        choice="random",
        title=f"Random (untrained), {VARIANT_TITLES[spec.variant]}",
        spec=spec,
        categories=_numbered(spec.num_classes),
        preprocessing=Preprocessing.for_size(spec.input_size),
        source=f"PyTorch's default initialisation, seed {RANDOM_SEED}",
        notes=("Untrained: its answers mean nothing.",),
    )
    return build(spec, RANDOM_SEED), info


def _checkpoint(path: Path, choice: str) -> tuple[AlexNet, WeightsInfo]:
    state, described = read_weights(path)
    state = from_torchvision(state)
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        spec = NetworkSpec(**described["spec"]) if described else infer_spec(state, path.name)
        info = WeightsInfo(
            id=f"sha256:{digest}",
            choice=choice,
            title=described.get("title", path.name),
            spec=spec,
            categories=tuple(described.get("categories") or _numbered(spec.num_classes)),
            preprocessing=_preprocessing(described, spec),
            source=described.get("source", path.name),
            notes=() if described else ("The file names no classes: they are numbered.",),
            unsure_below=described.get("unsure_below"),
        )
    except (KeyError, TypeError) as error:
        raise WeightsError(f"{path.name}: its description is not one that this app wrote ({error!r}).") from error
    if len(info.categories) != spec.num_classes:
        raise WeightsError(f"{path.name} names {len(info.categories)} classes for {spec.num_classes} outputs.")
    if choice.startswith("run:") and choice.endswith(START):
        title = f"{choice.removeprefix('run:').removesuffix(START)}, at its start"
        notes = ("Untrained: its answers mean nothing.",)
        return _begun(described["recipe"], spec), replace(info, id=info.id + START, title=title, notes=notes)
    return _network(spec, state, path.name), info


@torch.no_grad()
def _begun(recipe: dict, spec: NetworkSpec) -> AlexNet:
    """What a run began with, drawn again as its recipe says, with its new batch normalisations folded in."""
    if recipe.get("start"):
        raise WeightsError(f"This run went on from other weights, “{recipe['start']}”: choose those.")
    network = build(spec)
    initialise(network, recipe["seed"], recipe["init"])
    if recipe["batch_norm"]:
        scale = 1 / (torch.ones(()) + nn.BatchNorm2d(1).eps).sqrt()
        for name, parameter in network.named_parameters():
            if not name.startswith("fc8."):
                parameter.mul_(scale)
    return network


def infer_spec(state: dict[str, Tensor], name: str) -> NetworkSpec:
    """Which AlexNet a state dict belongs to, from its shapes; WeightsError names the first that fits none."""
    shapes = {key: tuple(value.shape) for key, value in state.items()}
    for key in ("conv1.weight", "conv2.weight", "fc6.weight", "fc8.weight"):
        if key not in shapes:
            found = ", ".join(list(shapes)[:3])
            raise WeightsError(f"{name} is no AlexNet: it has no {key} (its first keys are {found}).")
    conv1, conv2, fc6, fc8 = (shapes[f"{layer}.weight"] for layer in ("conv1", "conv2", "fc6", "fc8"))
    if conv1[1:] != (3, 11, 11) or conv1[0] not in (64, 96):
        raise WeightsError(
            f"{name}: conv1.weight has shape {conv1}, an AlexNet has (64, 3, 11, 11) or (96, 3, 11, 11)."
        )
    variant = "torchvision" if conv1[0] == 64 else "paper" if conv2[1:2] == (48,) else "single-tower"
    if len(fc6) != 2 or len(fc8) != 2:
        raise WeightsError(f"{name}: fc6.weight and fc8.weight must be matrices, not {fc6} and {fc8}.")
    known = NetworkSpec(variant, num_classes=fc8[0], fc_width=fc6[0])
    if variant == "torchvision":  # pools to 6×6 whatever the photo's size
        return known
    paddings = (known.conv1_padding, 2 - known.conv1_padding)
    for size in (known.input_size, 227, 224, *range(smallest_input(known), 513)):
        for padding in paddings:
            spec = NetworkSpec(variant, fc8[0], fc6[0], size, padding)
            try:
                flat = next(step.output[0] for step in steps(spec) if step.layer.kind == "flatten")
            except ShapeError:
                continue
            if flat == fc6[1]:
                return spec
    raise WeightsError(f"{name}: fc6.weight takes {fc6[1]:,} inputs, and no photo size up to 512 gives that many.")


def _network(spec: NetworkSpec, state: dict[str, Tensor], name: str) -> AlexNet:
    """A network around these very tensors (as float32), after checking every key and shape in the chain's order."""
    with torch.device("meta"):
        network = AlexNet(spec)
    expected = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    for key, shape in expected.items():
        if key not in state:
            raise WeightsError(f"{name} has no {key}: it is not a {spec.variant} AlexNet.")
        if tuple(state[key].shape) != shape:
            raise WeightsError(f"{name}: {key} has shape {tuple(state[key].shape)}, the network needs {shape}.")
        if not torch.isfinite(state[key]).all():
            raise WeightsError(f"{name}: {key} holds values that are not finite (NaN or infinity): it cannot be used.")
    if extra := next((key for key in state if key not in expected), None):
        raise WeightsError(f"{name} has a key {extra!r} that a {spec.variant} AlexNet does not have.")
    network.load_state_dict({key: state[key].float() for key in expected}, assign=True)
    return network


def _preprocessing(described: dict, spec: NetworkSpec) -> Preprocessing:
    if "preprocessing" not in described:
        return Preprocessing.for_size(spec.input_size)
    how = described["preprocessing"]
    read = Preprocessing(int(how["resize"]), int(how["crop"]), tuple(how["mean"]), tuple(how["std"]))
    if not 1 <= read.crop <= read.resize or len(read.mean) != 3 or len(read.std) != 3 or min(read.std) <= 0:
        raise TypeError(f"preprocessing {how}")
    return read


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"class {index}" for index in range(count))
