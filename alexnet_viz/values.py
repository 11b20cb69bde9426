"""The values that travel between the rooms. Nothing here knows of torch or Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from alexnet_viz.errors import ShapeError
from alexnet_viz.settings import Value as SettingValue

Variant = Literal["torchvision", "paper", "single-tower"]
LayerKind = Literal["conv", "relu", "norm", "pool", "avgpool", "flatten", "dropout", "fc", "softmax"]

VARIANTS: tuple[Variant, ...] = ("torchvision", "paper", "single-tower")
VARIANT_TITLES = {
    "torchvision": "torchvision, 2014",
    "paper": "paper, 2012",
    "single-tower": "single tower",
}
_DEFAULT_SIZE = {"torchvision": 224, "paper": 227, "single-tower": 224}
_DEFAULT_PADDING = {"torchvision": 2, "paper": 0, "single-tower": 2}


# --- the network ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class NetworkSpec:
    """Which AlexNet: everything that fixes its layers and their shapes.

    ``input_size`` and ``conv1_padding`` default to the variant's own (224 with padding 2; 227 without for the paper).
    ``fc_width`` is the number of units of fc6 and fc7. Raises ShapeError for a value no AlexNet can have.
    """

    variant: Variant = "torchvision"
    num_classes: int = 1000
    fc_width: int = 4096
    input_size: int = None  # type: ignore[assignment] # an int from __post_init__ on
    conv1_padding: int = None  # type: ignore[assignment]
    dropout: float = 0.5

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise ShapeError(f"There is no network {self.variant!r}: choose one of {', '.join(VARIANTS)}.")
        if self.input_size is None:
            object.__setattr__(self, "input_size", _DEFAULT_SIZE[self.variant])
        if self.conv1_padding is None:
            object.__setattr__(self, "conv1_padding", _DEFAULT_PADDING[self.variant])
        for name, least in (("num_classes", 1), ("fc_width", 1), ("input_size", 1), ("conv1_padding", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ShapeError(f"{name} must be a whole number of at least {least}, not {value!r}.")
        if not 0 <= self.dropout < 1:
            raise ShapeError(f"dropout must lie in [0, 1), not {self.dropout!r}.")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class LayerInfo:
    """One layer as measured in a forward pass.

    Shapes are PyTorch's, batch first. ``macs`` counts multiply-adds for the whole batch, ``activation_bytes`` the
    float32 output. ``kernel``, ``stride``, ``padding`` and ``groups`` are the layer's own, 1, 1, 0 and 1 where it has
    none. ``receptive_field`` (before clipping at the photo's border) and ``jump`` (between neighbouring units) are in
    pixels of the input; a fully connected layer is counted as the convolution that it equals.
    ``formulas`` holds the arithmetic with its numbers put in; ``time_ms`` is this one pass's time.
    """

    name: str
    kind: LayerKind
    operation: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    params: int
    macs: int
    activation_bytes: int
    receptive_field: int
    jump: int
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    groups: int = 1
    formulas: tuple[str, ...] = ()
    time_ms: float = 0.0


@dataclass(frozen=True)
class Architecture:
    """A network's layers, in order, for one input size and batch."""

    spec: NetworkSpec
    batch: int
    layers: tuple[LayerInfo, ...]

    @property
    def params(self) -> int:
        return sum(layer.params for layer in self.layers)

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    def layer(self, name: str) -> LayerInfo:
        return next(layer for layer in self.layers if layer.name == name)

    def before(self, name: str) -> str | None:
        """The layer whose output a layer reads; None where that is the photo."""
        names = [None, *(layer.name for layer in self.layers)]
        return names[names.index(name) - 1]


@dataclass(frozen=True)
class Preprocessing:
    """How pixels become the network's input; travels with the weights it belongs to.

    Short side to ``resize`` (bilinear, antialiased), centre crop of ``crop`` pixels (at most ``resize``), to [0, 1],
    minus ``mean``, over ``std`` (RGB).
    """

    resize: int = 256
    crop: int = 224
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)

    @staticmethod
    def for_size(size: int) -> Preprocessing:
        """ImageNet's mean and std, with the crop's share of the photo kept at 224 : 256.

        >>> Preprocessing.for_size(112).resize
        128
        """
        return Preprocessing(resize=256 if size in (224, 227) else round(size * 256 / 224), crop=size)


@dataclass(frozen=True)
class WeightsInfo:
    """Where a network's parameters came from, and what belongs to them.

    ``id`` names the very parameters (it changes when a single one does); ``choice`` is what the visitor chose. An
    answer whose highest probability lies below ``unsure_below`` is unsure: nine in ten right answers on validation
    photos lie above (None: not known).
    """

    id: str
    choice: str
    title: str
    spec: NetworkSpec
    categories: tuple[str, ...]
    preprocessing: Preprocessing
    notes: tuple[str, ...] = ()
    unsure_below: float | None = None

    def is_unsure(self, probability: float) -> bool:
        """Whether the highest probability of an answer is below those of nine in ten right answers."""
        return self.unsure_below is not None and probability < self.unsure_below

    @property
    def unsure_note(self) -> str:
        """What to say of an unsure answer."""
        return (
            f"Unsure: the highest probability is below {self.unsure_below or 0:.0%}, as for one in ten right answers "
            "on validation photos."
        )


# --- photos --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Photo:
    """A decoded, checked photo.

    ``pixels`` is uint8 RGB (height, width, 3), upright, read-only, a JPEG's possibly at 1/2, 1/4 or 1/8 of its scale;
    ``size`` is the (width, height) of the original, upright. ``format`` is Pillow's name of the file's format,
    ``digest`` the SHA-256 of its bytes, ``notes`` sentences on what the picture does not show of the file.
    ``decode_ms`` is how long reading it took.
    """

    name: str
    pixels: np.ndarray
    size: tuple[int, int]
    format: str
    digest: str
    notes: tuple[str, ...] = ()
    decode_ms: float = 0.0


@dataclass(frozen=True)
class Geometry:
    """The way from the network's square input back to the photo, whose (width, height) is ``photo``.

    The crop is the square [left, left + side) × [top, top + side) in the photo's own pixels (floats); input pixel
    (x, y) covers the photo's square of edge ``scale`` at (left + x·scale_x, top + y·scale_y).
    """

    photo: tuple[int, int]
    resized: tuple[int, int]
    offset: tuple[int, int]
    crop: int

    @property
    def scale(self) -> tuple[float, float]:
        """Photo pixels per input pixel, (x, y); the two differ by the rounding of the resized size alone."""
        return self.photo[0] / self.resized[0], self.photo[1] / self.resized[1]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The crop on the photo: left, top, right, bottom."""
        return self.to_photo(0, 0) + self.to_photo(self.crop, self.crop)

    def to_photo(self, x: float, y: float) -> tuple[float, float]:
        """A point of the network's input, in photo pixels."""
        sx, sy = self.scale
        return (x + self.offset[0]) * sx, (y + self.offset[1]) * sy


@dataclass(frozen=True, eq=False)
class Preprocessed:
    """What the network sees: ``tensor`` float32 (3, S, S), normalised; ``pixels`` uint8 (S, S, 3) before that.

    ``preprocess_ms`` is how long it took to get there from the photo.
    """

    tensor: np.ndarray
    pixels: np.ndarray
    geometry: Geometry
    preprocess_ms: float = 0.0


@dataclass(frozen=True, eq=False)
class Trace:
    """One forward pass over one photo, recorded: every layer's output by name, in the chain's order.

    ``input`` float32 (3, S, S), normalised; each output float32 without the batch: (channels, side, side) or (units,).
    """

    input: np.ndarray
    outputs: dict[str, np.ndarray]

    @property
    def nbytes(self) -> int:
        return self.input.nbytes + sum(output.nbytes for output in self.outputs.values())


@dataclass(frozen=True, eq=False)
class Unit:
    """All that one channel's values are made of, in one layer, for one photo.

    ``inputs`` is what it reads, float32: (n, side, side) or (n,), the channels from ``first`` on of the layer
    ``below`` ("photo" under conv1): its group's (conv), its neighbours' (norm), all (fc, softmax), else its own.
    ``weights`` (n, k, k) or (n,) and ``bias`` belong to conv and fc. ``output`` is what PyTorch computed: (side, side),
    or () where the layer has no map; there the unit's number is its ``channel``, one of ``channels``. ``lrn`` holds the
    constants of a normalisation (size, alpha, beta, k), as nn.LocalResponseNorm takes them.
    """

    layer: str
    kind: LayerKind
    channel: int
    channels: int
    below: str
    first: int
    inputs: np.ndarray
    output: np.ndarray
    weights: np.ndarray | None = None
    bias: float = 0.0
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    lrn: Mapping[str, float] | None = None


@dataclass(frozen=True, eq=False)
class Value:
    """One value of a unit taken apart.

    ``window`` holds what it read, float32 (n, h, w) or (n,), zeros of the padding included; ``origin`` the (channel,
    row, column) of its first cell in the layer below. ``terms``, float64 and of the same shape, is what each cell
    puts in: input × weight (conv, fc), its share of the mean (avgpool), α·a² (norm), exp(z − max) (softmax), the value
    itself elsewhere. ``total`` is the formula's result, ``torch`` PyTorch's; ``winner`` the flat place in the window
    of the cell that a pooling let through, or that the others surround (norm, softmax).
    """

    origin: tuple[int, int, int]
    window: np.ndarray
    terms: np.ndarray
    bias: float
    total: float
    torch: float
    winner: int | None = None


@dataclass(frozen=True, eq=False)
class Contributions:
    """What each input channel of a convolution or fully connected unit puts into its whole map, strongest first.

    ``channels`` (m,) are the strongest, numbered in the layer below, ``strengths`` (m,) the mean of their |partial
    result|; ``partials`` float32 (m, side, side) or (m,); ``rest`` the sum of the ``others`` channels' partials.
    Σ partials + rest + bias is the unit's output.
    """

    channels: np.ndarray
    strengths: np.ndarray
    partials: np.ndarray
    rest: np.ndarray
    others: int
    bias: float


@dataclass(frozen=True)
class Waypoint:
    """A stop on the strongest path from a value down to the photo (whose "channel" is a colour).

    ``term`` is what this stop's ``value`` puts into the stop above it; ``box`` its receptive field on the network's
    input: left, top, right, bottom in pixels.
    """

    layer: str
    channel: int
    y: int
    x: int
    value: float
    term: float
    box: tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Column:
    """A layer as the overview of the network shows it: a few channels, strongest first, and what feeds them.

    ``shown`` (m,) are channel numbers, ``maps`` their values, float32 (m, side, side) or (m,); a flattened map's are
    (m, side², 1) and its ``shown`` the unit of the largest. ``peak`` is the largest |value| of the whole layer,
    ``signed`` whether it has negative ones. ``source`` is the column that feeds it. ``feeds`` float32 (m, s) is the
    mean |partial result| from each shown channel of the source, below zero where the partial results' sum is; None
    where each channel comes from its own. ``feeders`` names the three strongest inputs of each, also such as are not
    shown, by the mean |partial result|.
    """

    layer: str
    kind: LayerKind
    shape: tuple[int, ...]
    source: str
    shown: np.ndarray
    maps: np.ndarray
    peak: float
    signed: bool
    feeds: np.ndarray | None = None
    feeders: tuple[tuple[tuple[int, float], ...], ...] = ()


# --- answers -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prediction:
    """One class of an answer; ``probability`` after softmax, ``logit`` before."""

    label: str
    index: int
    probability: float
    logit: float


@dataclass(frozen=True, eq=False)
class Classification:
    """A network's answer to one photo: the strongest classes first, and all its logits, float32 (classes,).

    ``times_ms`` splits the time into decode, preprocess and forward.
    """

    file: str
    predictions: tuple[Prediction, ...]
    logits: np.ndarray
    weights: str
    device: str
    times_ms: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict:
        """What the shell prints and the page downloads."""
        return {
            "file": self.file,
            "predictions": [asdict(p) for p in self.predictions],
            "weights": self.weights,
            "device": self.device,
        }


@dataclass(frozen=True, eq=False)
class Attribution:
    """What a method says about one photo and one target.

    ``values`` is float32 and signed: (S, S) on the network's input pixels, summed over the colours, or (h, w) on a
    layer's map. ``placement`` says where the map lies on the input: the left edge of its first cell and a cell's edge,
    in input pixels, down as across; a layer's cells lie around the middles of their receptive fields. ``method``,
    ``layer``, ``target`` (in words) and ``settings`` are its label; ``checks`` holds what the method says of itself
    (convergence delta …), by name.
    """

    values: np.ndarray
    method: str
    target: str
    layer: str | None = None
    settings: Mapping[str, SettingValue] = field(default_factory=dict)
    checks: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    placement: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class PixelCurve:
    """A score while a map's pixels go (deletion) or come (insertion), the strongest first.

    ``share`` and ``score``, both float64 (steps + 1,): the share of pixels changed, 0 … 1, and the score then.
    """

    name: str
    share: np.ndarray
    score: np.ndarray

    @property
    def area(self) -> float:
        """The area under the curve: over share 0 … 1 it is the score's mean."""
        return float(np.sum((self.score[1:] + self.score[:-1]) / 2 * np.diff(self.share)))


def spread(values: np.ndarray, size: int) -> tuple[float, float]:
    """The placement of a square map that covers an input of ``size`` × ``size`` evenly."""
    return 0.0, size / values.shape[0]


def sample_map(
    values: np.ndarray, x: np.ndarray, y: np.ndarray, placement: tuple[float, float], smooth: bool = True
) -> np.ndarray:
    """A map (h, w) at the input's points (x, y), (len(y), len(x)); ``placement`` as in Attribution.

    ``smooth`` interpolates between the cells' centres and holds the outermost beyond them; without it each point has
    its cell's own value. Points off the map get the nearest edge's value.
    """
    rows, columns = values.shape
    left, step = placement
    for axis, (points, cells) in enumerate(((y, rows), (x, columns))):
        at = (np.asarray(points, np.float64) - left) / step
        low = np.floor(at - 0.5 if smooth else at)
        far = (at - 0.5 - low if smooth else np.zeros_like(at)).astype(np.float32)
        first, second = (np.clip(low + step, 0, cells - 1).astype(np.intp) for step in (0, 1))
        far = far[:, None] if axis == 0 else far[None]
        values = values.take(first, axis) * (1 - far) + values.take(second, axis) * far
    return values.astype(np.float32)


@dataclass(frozen=True, eq=False)
class RandomisationStage:
    """A map made again after the layers from fc8 down to ``layer`` lost their weights; None: as it is.

    ``spearman`` is the rank correlation with the map as it is, −1 to 1; NaN where a map has one value.
    """

    layer: str | None
    attribution: Attribution
    spearman: float


# --- units ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class OptimisedImages:
    """Pictures made to drive units of one layer, at ``step`` of ``steps``.

    ``pixels`` is uint8 RGB (N, side, side, 3): what the unit sees, neither more nor less. ``values`` float32 (N,) is
    each objective's value on these very pixels, before any ReLU; ``start`` its value on the picture it began with.
    ``names`` say what each is of; ``notes`` what must be known to read the pictures.
    """

    layer: str
    names: tuple[str, ...]
    pixels: np.ndarray
    values: np.ndarray
    start: np.ndarray
    step: int
    steps: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Inversion:
    """A picture whose activations at ``layer`` are to be a photo's, at ``step`` of ``steps``.

    ``pixels`` is uint8 RGB (S, S, 3), the network's input. ``error`` is ‖φ − φ₀‖ / ‖φ₀‖ on these very pixels: how far
    the layer's output φ, before any ReLU, is from the photo's φ₀; ``start`` the same of the picture it began with.
    ``cosine`` and ``gain`` compare their directions and lengths: φ·φ₀ / (‖φ‖·‖φ₀‖) and ‖φ‖ / ‖φ₀‖.
    """

    layer: str
    pixels: np.ndarray
    error: float
    start: float
    cosine: float
    gain: float
    step: int
    steps: int


@dataclass(frozen=True, eq=False)
class Ranking:
    """For each of a layer's C units the photos of a collection that come first, at most K.

    ``values`` float32 (C, K), ``photos`` int32 (C, K), the photos' numbers in the collection (−1: there is none), and
    ``cells`` int32 (C, K), where on the layer's map it was, row · width + column.
    """

    values: np.ndarray
    photos: np.ndarray
    cells: np.ndarray


@dataclass(frozen=True, eq=False)
class LayerExemplars:
    """A layer's rankings: by each unit's largest value before ReLU on a photo (``most``), by its smallest (``least``),
    and, where that was asked for, by its relevance for the photo's class (``relevant``).

    ``class_sums`` float32 (C, classes) holds, for each class of the collection, the sum over its photos of the unit's
    largest value, or of 0 where that is negative, as behind a ReLU.
    """

    rankings: dict[str, Ranking]
    class_sums: np.ndarray


@dataclass(frozen=True, eq=False)
class Exemplars:
    """The photos of a collection that drive every unit of a network most and least, after ``done`` of ``total``.

    ``layers`` is by the layer's name; ``class_counts`` int64 (classes,) are the photos that went into its
    ``class_sums``. ``answers`` int32 (total,) is the class that the network gave each photo, −1 for none. Of each of
    the first M photos ``conv5`` (averaged over its map), ``fc6`` and ``fc7``, float16 (M, units), are these layers
    behind their ReLU, and ``thumbnails`` uint8 (M, 32, 32, 3) is what the network sees, small; all are zeros for none.
    ``skipped`` says of the first photos that could not be read why; ``skipped_count`` is how many there were.
    """

    layers: dict[str, LayerExemplars]
    class_counts: np.ndarray
    answers: np.ndarray
    conv5: np.ndarray
    fc6: np.ndarray
    fc7: np.ndarray
    thumbnails: np.ndarray
    done: int
    total: int
    skipped: tuple[str, ...] = ()
    skipped_count: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether every photo was looked at."""
        return self.done == self.total


@dataclass(frozen=True, eq=False)
class Patch:
    """What a unit sees of a photo: ``pixels`` uint8 RGB (side, side, 3), grey beyond the network's crop.

    ``mask`` bool (side, side) is the smallest part that holds most of the attribution of the unit's value to pixels.
    """

    pixels: np.ndarray
    mask: np.ndarray


@dataclass(frozen=True, eq=False)
class AnsweredPhoto:
    """A photo as the network sees it, uint8 (S, S, 3), with its strongest classes and their probabilities (``top``).

    ``truth`` is its class in the collection that it comes from, "" for none.
    """

    name: str
    truth: str
    pixels: np.ndarray
    top: tuple[tuple[str, float], ...]


@dataclass(frozen=True, eq=False)
class PhotoNeighbours:
    """A photo as the network sees it, uint8 (S, S, 3), and so the photos ``nearest`` to it, the nearest first."""

    pixels: np.ndarray
    nearest: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class DeviceInfo:
    """A device that can run the network; memory in bytes, None where it cannot be asked for."""

    name: str
    title: str
    memory_total: int | None
    memory_free: int | None


# --- training ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moment:
    """What a run's weights after ``step`` make of one photo and one channel.

    ``kernel`` is the channel's of conv1, float32 (3, k, k), None for a deeper layer's; ``map`` its map after the ReLU,
    float32 (h, w); ``cam`` the Grad-CAM map of ``target``, float32, with its ``placement`` on the input; ``top`` the
    strongest classes with their probabilities.
    """

    step: int
    kernel: np.ndarray | None
    map: np.ndarray
    cam: np.ndarray
    placement: tuple[float, float]
    target: str
    top: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Line:
    """Points of one line. ``kind``: "" or "thin", "faint", "dots", or "area" down to ``floor``.

    ``last`` is the text at the line's end.
    """

    name: str
    colour: str
    x: list[float]
    y: list[float]
    kind: str = ""
    last: str = ""
    floor: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Chart:
    """Lines over ``x``, from zero unless logarithmic; ``percent``: from 0 to 1. ``until`` ends the x axis, if not 0."""

    title: str
    lines: list[Line]
    percent: bool = False
    log: bool = False
    until: float = 0
    x: str = "steps"
