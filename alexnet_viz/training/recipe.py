"""One recipe for one training run: a frozen dataclass, checked when it is built, JSON in and out."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from alexnet_viz.display import json_text
from alexnet_viz.errors import RecipeError, SettingError, ShapeError
from alexnet_viz.network.layers import steps
from alexnet_viz.settings import Kind, Setting
from alexnet_viz.values import NetworkSpec, Preprocessing, Variant

SOURCES = ("textures", "folder", "cifar10", "imagenette", "imagenet")
NEED_A_PLACE = ("folder", "imagenet")  # the others are drawn, or can be downloaded into the cache


def _setting(
    default: Any, group: str, help: str, low: float | None = None, high: float | None = None, label: str = ""
) -> Any:
    """A field that ``settings`` makes a Setting of; its kind, options and name are the field's own."""
    return field(default=default, metadata={"group": group, "help": help, "low": low, "high": high, "label": label})


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run. Raises RecipeError for what cannot work.

    ``batch_size`` is the global batch, whatever the number of processes. ``sizes`` holds (from epoch, input side)
    pairs, counted from epoch 0, for a run that grows its photos; empty means ``input_size`` throughout. What
    a field takes, and how a form shows it, is in ``settings()``.
    """

    preset: str = _setting("textbook", "Data and network", "The preset this recipe started from.")
    data: str = _setting(
        "textures",
        "Data and network",
        "textures, folder:PATH (a tree or a .zip), cifar10[:ROOT], imagenette[:ROOT] or imagenet:ROOT.",
    )
    classes: int | None = _setting(
        None, "Data and network", "Train on so many classes of the data, the first ones.", 2, label="Number of classes"
    )
    val_fraction: float = _setting(
        0.1,
        "Data and network",
        "Share held out for validation where the data has no split of its own.",
        0.01,
        0.9,
        label="Validation share",
    )
    variant: Variant = _setting("torchvision", "Data and network", "Which AlexNet.")  # noqa: RUF009
    fc_width: int = _setting(
        4096,
        "Data and network",
        "Units of fc6 and fc7; a small width trains faster.",
        1,
        65536,
        label="Width of fc6 and fc7",
    )
    input_size: int | None = _setting(
        None, "Data and network", "Side of the network's input in pixels.", 1, 1024, label="Input side (pixels)"
    )
    sizes: tuple[tuple[int, int], ...] = _setting(
        (),
        "Data and network",
        "Input sides that grow during training, as FROM_EPOCH:SIDE,…, for example 0:128,20:176,30:224.",
        label="Progressive resizing",
    )
    init: Literal["pytorch", "paper", "he"] = _setting(
        "pytorch", "Data and network", "How the first weights are drawn.", label="First weights"
    )

    start: str = _setting(
        "",
        "Data and network",
        "Weights to go on from (fine-tuning): bundled, imagenet, run:ID[@start], a file. Other classes get a new fc8.",
        label="Go on from weights",
    )
    batch_norm: bool = _setting(
        False,
        "Data and network",
        "Batch normalisation while training, folded into the layers of every checkpoint: learns faster.",
        label="Batch normalisation",
    )

    epochs: int = _setting(10, "Optimisation", "Passes over the training photos.", 1, 100_000)
    batch_size: int = _setting(
        32, "Optimisation", "Photos a step, over all processes together.", 1, 65536, label="Photos a step (batch)"
    )
    optimizer: Literal["sgd", "adamw"] = _setting(
        "sgd", "Optimisation", "SGD with momentum, or AdamW.", label="Optimiser"
    )
    learning_rate: float = _setting(0.01, "Optimisation", "The highest learning rate of the run.", 1e-9, 100)
    momentum: float = _setting(0.9, "Optimisation", "SGD's momentum (AdamW's first beta).", 0, 0.9999)
    nesterov: bool = _setting(False, "Optimisation", "Nesterov's momentum, for SGD.", label="Nesterov momentum")
    weight_decay: float = _setting(0.0, "Optimisation", "Pull of the weights towards zero.", 0, 10)
    schedule: Literal["constant", "step", "plateau", "cosine"] = _setting(
        "constant", "Optimisation", "How the learning rate falls: not, ÷10 every so often, ÷10 on a plateau, cosine."
    )
    step_epochs: int = _setting(
        30, "Optimisation", "Epochs between two divisions by 10 (schedule step).", 1, label="Epochs between ÷10"
    )
    patience: int = _setting(
        5,
        "Optimisation",
        "Epochs without a better validation top-1 before ÷10 (schedule plateau).",
        1,
        label="Patience (epochs)",
    )
    warmup_epochs: float = _setting(
        0.0, "Optimisation", "Epochs in which the learning rate rises from zero.", 0, label="Warm-up (epochs)"
    )
    early_stopping: int = _setting(
        0,
        "Optimisation",
        "End after so many epochs without a better top-1; 0: never.",
        0,
        label="Stop early after (epochs)",
    )

    label_smoothing: float = _setting(0.0, "Regularisation", "Share of the target spread over all classes.", 0, 0.9)
    dropout: float = _setting(0.5, "Regularisation", "Share of fc units dropped at each step.", 0, 0.95)
    augmentation: Literal["none", "crop-flip", "random-resized-crop"] = _setting(
        "none", "Augmentation", "Fixed centre crop; random crop and flip; or random area and aspect, and flip."
    )
    min_area: float = _setting(
        0.08,
        "Augmentation",
        "Smallest share of the photo a random-resized crop shows.",
        0.01,
        1,
        label="Smallest crop's area",
    )
    pca_colour: float = _setting(
        0.0, "Augmentation", "The paper's PCA colour shift, its σ (0.1 there).", 0, 1, label="PCA colour shift σ"
    )
    colour_jitter: float = _setting(0.0, "Augmentation", "Change of brightness, contrast, saturation: up to ±.", 0, 1)
    sharpness: float = _setting(
        0.0, "Augmentation", "Share of photos blurred or sharpened at random.", 0, 1, label="Blurred or sharpened"
    )
    ten_crop: bool = _setting(
        False,
        "Augmentation",
        "Validate by the paper's ten crops too, beside the single one.",
        label="Ten-crop validation",
    )

    seed: int = _setting(0, "Running", "Every random draw of the run follows from it.", 0, 2**31 - 1)
    precision: Literal["auto", "fp32", "bf16", "fp16"] = _setting(
        "auto", "Running", "Number format of the layers' arithmetic; the weights stay fp32. fp16 needs a GPU."
    )
    compile: bool = _setting(
        False, "Running", "torch.compile: slower to start, faster on some GPUs.", label="torch.compile"
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = _setting("auto", "Running", "Where it runs; auto takes a GPU.")
    processes: int = _setting(
        1,
        "Running",
        "Processes on each machine: one a GPU, or a share of the cores.",
        1,
        64,
        label="Processes a machine",
    )
    machines: int = _setting(1, "Running", "Machines that train together.", 1, 1024)
    threads: int = _setting(
        0, "Running", "CPU threads of each process; 0: its share of the cores.", 0, 1024, label="CPU threads"
    )
    workers: int = _setting(
        1, "Running", "Threads that prepare batches ahead; 0: none, between the steps.", 0, 64, label="Data threads"
    )
    checkpoint_minutes: float = _setting(
        5.0, "Running", "Longest time between two checkpoints.", 0, 1440, label="Minutes to a checkpoint"
    )
    snapshots: int = _setting(
        60, "Running", "Pictures in the film of learning, spread over the run.", 0, 1000, label="Pictures in the film"
    )
    kept_megabytes: int = _setting(
        128,
        "Running",
        "Disk for whole weights kept along the run, in half precision, to move through the training with; 0: none.",
        0,
        1_000_000,
        label="Weights kept along the run (MB)",
    )

    def __post_init__(self) -> None:
        for name, setting in settings().items():
            with _as_recipe_error():
                object.__setattr__(self, name, setting.check(getattr(self, name)))
        source, _, where = self.data.partition(":")
        if source not in SOURCES:
            raise RecipeError(f"There is no data {source!r}: choose one of {', '.join(SOURCES)}.")
        if source in NEED_A_PLACE and not where:
            raise RecipeError(f"data={source} needs a place: write {source}:PATH.")
        if self.input_size is None:
            side = self.sizes[-1][1] if self.sizes else NetworkSpec(self.variant).input_size
            object.__setattr__(self, "input_size", side)
        self._check_sizes()
        if self.nesterov and (self.optimizer != "sgd" or self.momentum == 0):
            raise RecipeError("nesterov needs optimizer=sgd with a momentum above 0.")
        if self.warmup_epochs >= self.epochs:
            raise RecipeError(f"warmup_epochs ({self.warmup_epochs:g}) must be less than epochs ({self.epochs}).")
        world = self.processes * self.machines
        if self.batch_size % world:
            raise RecipeError(
                f"batch_size ({self.batch_size}) must divide evenly among the {world} processes: "
                f"use {math.ceil(self.batch_size / world) * world}."
            )
        if self.batch_norm and self.batch_size == 1:
            raise RecipeError("batch_norm needs at least two photos a step: raise batch_size, or set batch_norm=false.")
        if self.batch_norm and world > 1 and self.device == "cpu":
            raise RecipeError("batch_norm over several processes needs GPUs: set processes=1, or batch_norm=false.")
        if self.precision == "fp16" and self.device == "cpu":
            raise RecipeError("precision=fp16 needs a GPU: use bf16 or fp32 on a CPU.")

    def _check_sizes(self) -> None:
        if self.sizes:
            starts = [start for start, _ in self.sizes]
            if self.variant != "torchvision":
                raise RecipeError(f"sizes work with variant=torchvision only: the {self.variant} network has one size.")
            if starts != sorted(set(starts)) or starts[0] != 0:
                raise RecipeError("sizes must begin with epoch 0 and go on with later epochs, as in 0:128,20:224.")
            if starts[-1] >= self.epochs:
                raise RecipeError(f"sizes names epoch {starts[-1]}, but there are {self.epochs}: set sizes too.")
            if self.sizes[-1][1] != self.input_size:
                raise RecipeError(
                    f"sizes ends with {self.sizes[-1][1]} pixels and input_size is {self.input_size}: make them equal."
                )
        for side in {side for _, side in self.sizes} | {self.final_size}:
            try:
                steps(dataclasses.replace(self.spec(2), input_size=side))
            except ShapeError as error:
                raise RecipeError(str(error)) from error

    def spec(self, num_classes: int) -> NetworkSpec:
        """The network that this recipe trains; its input size is the final one."""
        return NetworkSpec(self.variant, num_classes, self.fc_width, self.final_size, dropout=self.dropout)

    @property
    def final_size(self) -> int:
        """The network's input side, chosen or the variant's own."""
        assert self.input_size is not None  # __post_init__ sees to it
        return self.input_size

    @property
    def preprocessing(self) -> Preprocessing:
        """What belongs to the trained weights."""
        return Preprocessing.for_size(self.final_size)

    def size_at(self, epoch: int) -> int:
        """The input side of an epoch, counted from 0."""
        return next((side for start, side in reversed(self.sizes) if epoch >= start), self.final_size)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values by field name."""
        return {**dataclasses.asdict(self), "sizes": [list(pair) for pair in self.sizes]}

    def as_json(self) -> str:
        return json_text(self.as_dict(), indent=1)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Recipe:
        """The recipe that ``as_dict`` described; fields left out take their defaults."""
        _refuse_unknown(values)
        return cls(**values)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        try:
            values = json.loads(text)
        except ValueError as error:
            raise RecipeError(f"The recipe is no valid JSON ({error}).") from error
        if not isinstance(values, dict):
            raise RecipeError("The recipe must be a JSON object of settings.")
        return cls.from_dict(values)

    def changed(self, **values: Any) -> Recipe:
        """A copy with other values, and what hangs on them unless it is given too.

        Other ``epochs`` stretch ``sizes`` and ``warmup_epochs``; an ``input_size`` holds throughout; another
        ``variant`` brings its own input size, unless one was chosen.
        """
        _refuse_unknown(values)
        implied: dict[str, Any] = {}
        if type(epochs := values.get("epochs")) is int:
            implied["warmup_epochs"] = self.warmup_epochs * epochs / self.epochs
            implied["sizes"] = tuple({start * epochs // self.epochs: side for start, side in self.sizes}.items())
        if "sizes" in values:
            implied["input_size"] = None
        elif "input_size" in values:
            implied["sizes"] = ()
        elif values.get("variant", self.variant) != self.variant:
            own = self.sizes or self.input_size == NetworkSpec(self.variant).input_size
            implied |= {"sizes": (), "input_size": None if own else self.input_size}
        return dataclasses.replace(self, **implied | values)

    def with_changes(self, *changes: str) -> Recipe:
        """A copy changed by texts as a shell gives them: ``with_changes("epochs=2", "sizes=0:64,1:96")``."""
        values = {}
        for change in changes:
            name, equals, text = change.partition("=")
            if not equals:
                raise RecipeError(f"{change!r} is no setting: write NAME=VALUE.")
            values[name] = parse(name, text)
        return self.changed(**values)


def preset(name: str) -> Recipe:
    """A recipe by name; RecipeError lists the names there are."""
    if name not in PRESETS:
        raise RecipeError(f"There is no preset {name!r}: choose one of {', '.join(PRESETS)}.")
    return PRESETS[name]


def parse(name: str, text: str) -> Any:
    """The value of a setting that a text stands for; RecipeError if none."""
    _refuse_unknown({name: text})
    with _as_recipe_error():
        return settings()[name].parse(text)


@cache
def settings() -> dict[str, Setting]:
    """The recipe's settings by name, made of its fields: their types, defaults, bounds, labels and help."""
    types = get_type_hints(Recipe)
    return {f.name: _as_setting(f, types[f.name]) for f in dataclasses.fields(Recipe)}


def _as_setting(declared: dataclasses.Field, kind: Any) -> Setting:
    arguments = get_args(kind)
    optional = NoneType in arguments
    if optional:
        kind = next(argument for argument in arguments if argument is not NoneType)
    given = {"name": declared.name, "default": declared.default, "optional": optional, **declared.metadata}
    given["label"] = given["label"] or declared.name.replace("_", " ").capitalize()
    if get_origin(kind) is Literal:
        return Setting(kind="choice", options=get_args(kind), **given)
    if get_origin(kind) is tuple:
        return SizesSetting(kind="text", **given)
    kinds: dict[type, Kind] = {bool: "bool", int: "int", float: "float", str: "text"}
    return Setting(kind=kinds[kind], **given)


class SizesSetting(Setting):
    """(from epoch, input side) pairs, in text as FROM_EPOCH:SIDE,…"""

    expected = "FROM_EPOCH:SIDE pairs of whole numbers, such as 0:128,20:224"

    def _takes(self, value: Any) -> bool:
        return all(type(number) is int and number >= 0 for pair in value for number in pair)

    def check(self, value: Any) -> tuple[tuple[int, int], ...]:
        try:
            pairs = tuple((start, side) for start, side in value)
        except (TypeError, ValueError):
            pairs = ((None, None),)
        if not self._takes(pairs):
            raise SettingError(f"{self.name} must be {self.expected}, not {value!r}.")
        return pairs

    def parse(self, text: str) -> tuple[tuple[int, int], ...]:
        try:
            return self.check([tuple(map(int, pair.split(":", 1))) for pair in text.split(",") if pair.strip()])
        except ValueError:
            return self.check(text)

    def format(self, value: tuple[tuple[int, int], ...]) -> str:
        return ",".join(f"{start}:{side}" for start, side in value)


@contextmanager
def _as_recipe_error() -> Iterator[None]:
    try:
        yield
    except SettingError as error:
        raise RecipeError(str(error)) from error


def _refuse_unknown(values: dict[str, Any]) -> None:
    for name in values:
        if name not in settings():
            raise RecipeError(f"A recipe has no setting {name!r}: choose from {', '.join(settings())}.")


PRESETS: dict[str, Recipe] = {}  # by name
PRESET_DURATIONS: dict[str, str] = {}  # what a preset takes with the data that it is made for, in words


def _preset(name: str, duration: str, **values: Any) -> None:
    PRESETS[name], PRESET_DURATIONS[name] = Recipe(preset=name, **values), duration


# Made to show learning within two minutes on two CPU cores.
_preset(
    "quick",
    "minutes",
    fc_width=512,
    init="paper",  # behind batch normalisation the scale is free, and small weights let conv1's filters show early
    batch_norm=True,
    sizes=((0, 64), (3, 96)),
    epochs=4,
    optimizer="adamw",
    learning_rate=7e-4,
    weight_decay=0.01,
    schedule="cosine",
    warmup_epochs=0.2,
    dropout=0.2,
    augmentation="crop-flip",
    checkpoint_minutes=1.0,
)
_preset("textbook", "hours")
# Krizhevsky, Sutskever, Hinton 2012, section 5.
_preset(
    "paper",
    "days",
    variant="paper",
    init="paper",
    epochs=90,
    batch_size=128,
    weight_decay=5e-4,
    schedule="plateau",
    augmentation="crop-flip",
    pca_colour=0.1,
    ten_crop=True,
)
# torchvision's references/classification: torchrun --nproc_per_node=8 train.py --model alexnet --lr 1e-2
# (32 photos on each of 8 GPUs, 90 epochs, ÷10 every 30).
_preset(
    "torchvision",
    "days",
    epochs=90,
    batch_size=256,
    weight_decay=1e-4,
    schedule="step",
    augmentation="random-resized-crop",
)
# The weights that ship: a compact classifier behind torchvision's tower, photos growing to 224 pixels.
_preset(
    "bundled",
    "hours",
    data="folder:data/tiny-imagenet-100",
    fc_width=1024,
    sizes=((0, 96), (16, 128), (22, 160), (25, 224)),
    init="he",
    batch_norm=True,
    epochs=27,
    batch_size=128,
    learning_rate=0.05,
    nesterov=True,
    weight_decay=5e-4,
    schedule="cosine",
    warmup_epochs=1.0,
    label_smoothing=0.1,
    dropout=0.4,
    augmentation="random-resized-crop",
    min_area=0.3,
    colour_jitter=0.3,
    sharpness=0.4,
)
