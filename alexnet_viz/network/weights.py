"""A network with its weights: from ImageNet, the bundled file, a seed, a checkpoint or a training run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from operator import itemgetter
from pathlib import Path

import torch
from torch import Tensor, nn

from alexnet_viz.errors import ShapeError, WeightsError
from alexnet_viz.network.class_names import class_names
from alexnet_viz.network.colours import TORCHVISION, colours
from alexnet_viz.network.description import checked_spec, described
from alexnet_viz.network.files import open_checkpoint, reading
from alexnet_viz.network.keys import Named, name_layers, nearest, survey
from alexnet_viz.network.layers import smallest_input, steps
from alexnet_viz.network.sources import (
    BUNDLED,
    PREPROCESSING,
    START,
    download_imagenet,
    imagenet_file,
    path_of,
    split_choice,
    split_run,
)
from alexnet_viz.network.stored import COUNTS, FLOATS, Contents, StoredTensor
from alexnet_viz.network.variants import AlexNet, build, initialise
from alexnet_viz.progress import CountProgress
from alexnet_viz.values import VARIANT_TITLES, NetworkSpec, Preprocessing, Variant, WeightsInfo

RANDOM_SEED = 2012


def load(
    choice: str,
    variant: Variant = "torchvision",
    on_progress: CountProgress | None = None,
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
        path = path_of(choice, runs)
        assert path is not None  # only random weights are in no file
        network, info = _checkpoint(path, choice)
    return network.eval().requires_grad_(False), info


def _imagenet(on_progress: CountProgress | None) -> tuple[AlexNet, WeightsInfo]:
    path = imagenet_file()
    if not path.is_file():
        download_imagenet(on_progress)
    named = _layers(open_checkpoint(path), path.name)
    spec = infer_spec(named.tensors, path.name, named.rest, named.in_file)
    from torchvision.models import AlexNet_Weights  # 2 s of import, needed for these weights alone

    how = AlexNet_Weights.IMAGENET1K_V1.transforms()
    info = WeightsInfo(
        id=f"imagenet:{path.stem}",
        choice="imagenet",
        title="ImageNet, 1000 classes",
        spec=spec,
        categories=tuple(AlexNet_Weights.IMAGENET1K_V1.meta["categories"]),
        preprocessing=Preprocessing(how.resize_size[0], how.crop_size[0], tuple(how.mean), tuple(how.std)),
    )
    return _network(spec, named, path), info


def _random(spec: NetworkSpec) -> tuple[AlexNet, WeightsInfo]:
    info = WeightsInfo(
        id=f"random:{spec.variant}:{RANDOM_SEED}",
        choice="random",
        title=f"Random (untrained), {VARIANT_TITLES[spec.variant]}",
        spec=spec,
        categories=_numbered(spec.num_classes),
        preprocessing=Preprocessing.for_size(spec.input_size),
        notes=("Untrained: its answers mean nothing.",),
    )
    return build(spec, RANDOM_SEED), info


def _checkpoint(path: Path, choice: str) -> tuple[AlexNet, WeightsInfo]:
    contents = open_checkpoint(path)
    named = _layers(contents, path.name)
    about = described(contents.description, path.name) if contents.description is not None else None
    spec = about.spec if about else infer_spec(named.tensors, path.name, named.rest, named.in_file)
    preprocessing, as_said = split_choice(choice)[1], about.preprocessing if about else None
    way = colours(preprocessing or TORCHVISION)
    sizes = as_said or Preprocessing.for_size(spec.input_size)
    how = way.prepare(sizes) if preprocessing else sizes
    network = _network(spec, named, path)
    if preprocessing and way.bgr:  # the network's own order is turned here, so that all others see R, G, B
        conv1 = network.get_parameter("conv1.weight")
        conv1.data = conv1.data.flip(1)
    _check_finite(network, how, path.name)
    names, names_note = class_names({"tree": contents.tree, "beside": contents.beside}, spec.num_classes)
    notes = () if about else (*_place_notes(named), names_note)
    if preprocessing or not as_said:
        notes += (_preprocessing_note(way.title, bool(preprocessing)),)
    chosen = f", {preprocessing}" if preprocessing not in ("", TORCHVISION) else ""
    info = WeightsInfo(
        id=f"sha256:{_digest(path)}{PREPROCESSING * bool(preprocessing)}{preprocessing}",
        choice=choice,
        title=((about and about.title) or path.name) + chosen,
        spec=spec,
        categories=(about and about.categories) or names or _numbered(spec.num_classes),
        preprocessing=how,
        notes=notes,
        unsure_below=about.unsure_below if about else None,
    )
    if choice.startswith("run:") and choice.endswith(START):
        title = f"{split_run(choice)[0]}, at its start"
        notes = ("Untrained: its answers mean nothing.",)
        return _begun(about.recipe if about else None, spec, path.name), replace(
            info, id=info.id + START, title=title, notes=notes
        )
    return network, info


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _preprocessing_note(title: str, chosen: bool) -> str:
    if chosen:
        return f"Photos are prepared as you chose ({title})."
    return (
        f"The file does not say how photos were prepared for it: assumed is {title}. Choose another preprocessing if "
        "its answers are wrong for every photo."
    )


def _place_notes(named: Named) -> tuple[str, ...]:
    if named.others:
        return (f"The file holds several networks; this is “{named.prefix}”, beside it: {_some(named.others)}.",)
    return (f"Left out of the file: {_some(named.rest)}.",) if named.rest else ()


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(f"“{name}”" for name in names[:3]) + f" and {len(names) - 3} more" * (len(names) > 3)


def _layers(contents: Contents, name: str) -> Named:
    """A file's tensors under this app's names; where they are no AlexNet's, what comes nearest. Raises WeightsError."""
    content = survey(contents.tree)
    named = name_layers(content.entries)
    if named is not None:
        return named
    if content.module:
        raise WeightsError(
            f"{name} cannot be loaded as plain weights: it is a whole model ({content.module}), and loading one runs "
            "its code. Load it where it was made, save model.state_dict() and use that."
        )
    if strange := next((kind for kind in content.kinds if kind not in (*FLOATS, *COUNTS)), None):
        raise WeightsError(f"{name} holds {strange} tensors: save the state_dict() of the network in plain float32.")
    near = nearest(content.entries)
    if near.tensors or near.rest:
        return near
    foreign = [name for name in contents.foreign if not name.startswith(("collections.", "torch."))]
    if foreign:
        raise WeightsError(
            f"{name} cannot be loaded as plain weights: it holds objects ({foreign[0]}) and no state dict. Save "
            "model.state_dict() and use that."
        )
    raise WeightsError(f"{name} holds no state dict: save model.state_dict() and use that.")


@torch.no_grad()
def _begun(recipe: dict | None, spec: NetworkSpec, name: str) -> AlexNet:
    """What a run began with, drawn again as its recipe says, with its new batch normalisations folded in."""
    try:
        seed, scheme, batch_norm, start = itemgetter("seed", "init", "batch_norm", "start")(recipe or {})
    except (KeyError, TypeError) as error:
        raise WeightsError(f"{name} does not hold its run's recipe: choose the run's weights.") from error
    if start:
        raise WeightsError(f"This run went on from other weights, “{start}”: choose those.")
    network = build(spec)
    initialise(network, seed, scheme)
    if batch_norm:
        scale = 1 / (torch.ones(()) + nn.BatchNorm2d(1).eps).sqrt()
        for name, parameter in network.named_parameters():
            if not name.startswith("fc8."):
                parameter.mul_(scale)
    return network


def infer_spec(
    state: Mapping[str, Tensor | StoredTensor],
    name: str,
    rest: Iterable[str] = (),
    in_file: Callable[[str], str] = str,
) -> NetworkSpec:
    """Which AlexNet a state dict belongs to, from its shapes; WeightsError names the first that fits none.

    ``rest`` are the keys beside it in the file; ``in_file`` gives the file's own name of a key.
    """
    shapes = {key: tuple(value.shape) for key, value in state.items()}
    for key in ("conv1.weight", "conv2.weight", "fc6.weight", "fc8.weight"):
        if key not in shapes:
            first_keys = ", ".join([*rest, *map(in_file, shapes)][:3])
            raise WeightsError(f"{name} is no AlexNet: it has no {in_file(key)} (its first keys are {first_keys}).")
    conv1, conv2, fc6, fc8 = (shapes[f"{layer}.weight"] for layer in ("conv1", "conv2", "fc6", "fc8"))
    if conv1[1:] != (3, 11, 11) or conv1[0] not in (64, 96):
        raise WeightsError(
            f"{name}: {in_file('conv1.weight')} has shape {conv1}, an AlexNet has (64, 3, 11, 11) or (96, 3, 11, 11)."
        )
    variant: Variant = "torchvision" if conv1[0] == 64 else "paper" if conv2[1:2] == (48,) else "single-tower"
    if len(fc6) != 2 or len(fc8) != 2 or 0 in (*fc6, *fc8):
        raise WeightsError(
            f"{name}: {in_file('fc6.weight')} and {in_file('fc8.weight')} must be matrices, not {fc6} and {fc8}."
        )
    known = checked_spec(NetworkSpec(variant, num_classes=fc8[0], fc_width=fc6[0]), name)
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
    raise WeightsError(
        f"{name}: {in_file('fc6.weight')} takes {fc6[1]:,} inputs, and no photo size up to 512 gives that many."
    )


def _network(spec: NetworkSpec, named: Named, path: Path) -> AlexNet:
    """A network around a file's tensors, as float32, once all keys and shapes are checked in the chain's order."""
    with torch.device("meta"):
        network = AlexNet(spec)
    expected, name = {key: tuple(value.shape) for key, value in network.state_dict().items()}, path.name
    for key, shape in expected.items():
        stored = named.tensors.get(key)
        if stored is None:
            raise WeightsError(f"{name} has no {named.in_file(key)}: it is not a {spec.variant} AlexNet.")
        if stored.shape != shape:
            raise WeightsError(f"{name}: {named.in_file(key)} has shape {stored.shape}, the network needs {shape}.")
        if stored.fault or stored.kind not in FLOATS:
            fault = stored.fault or f"is kept as {stored.kind}, not as {', '.join(FLOATS)}"
            raise WeightsError(
                f"{name}: {named.in_file(key)} {fault}: save the network's state_dict() in plain float32."
            )
    if not named.prefix and (extra := next((key for key in named.rest), None)):
        raise WeightsError(f"{name} has a key {extra!r} that a {spec.variant} AlexNet does not have.")
    with reading(path):
        state = {key: _parameter(named.tensors[key].read()) for key in expected}
    network.load_state_dict(state, assign=True)
    return network


def _parameter(value: Tensor) -> Tensor:
    """Values as float32 in a storage of their own size."""
    value = value.float().contiguous()
    return value.clone() if value.untyped_storage().nbytes() > value.nbytes else value


@torch.no_grad()
def _check_finite(network: AlexNet, how: Preprocessing, name: str) -> None:
    """WeightsError where a parameter is not finite, or where an answer to some photo could overflow float32.

    A layer's output is at most its input's largest value times the largest Σ|weight| of a unit, plus its bias. A
    trained network stays twenty orders of magnitude below float32's end.
    """
    largest = max(max(abs(mean), abs(1 - mean)) / std for mean, std in zip(how.mean, how.std, strict=True))
    for key, layer in network.named_children():
        if not isinstance(layer, nn.Conv2d | nn.Linear):
            continue
        sums = torch.linalg.vector_norm(layer.weight.flatten(1), 1, dim=1)
        largest = float(sums.max()) * largest + float(layer.get_parameter("bias").abs().max())
        if largest < torch.finfo(torch.float32).max:
            continue
        for parameter in ("weight", "bias"):
            if not torch.isfinite(getattr(layer, parameter)).all():
                raise WeightsError(
                    f"{name}: {key}.{parameter} holds values that are not finite (NaN or infinity): it cannot be used."
                )
        raise WeightsError(f"{name}: the weights of {key} are so large that answers overflow: it cannot be used.")


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"class {index}" for index in range(count))
