"""What a layer's weights say without any photo: norms, orientation and hue of kernels, spectra, dead filters, votes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alexnet_viz.inspection.model import Model

NOISE = 0.26  # of 20,000 kernels of Gaussian noise, 99 % gather less of their energy in one place of the spectrum
NEAR_ZERO = 0.01  # of the layer's largest |weight|
DEAD = 0.01  # of the layer's median filter norm


@dataclass(frozen=True, eq=False)
class Filters:
    """One layer's parameters: ``weight`` float32 (out, in / groups, k, k) or (out, in), ``bias`` (out,).

    Output i sees the inputs of its own group alone: with two groups the first half of the outputs reads the first half
    of the inputs.
    """

    layer: str
    weight: np.ndarray
    bias: np.ndarray
    groups: int = 1

    @property
    def inputs(self) -> int:
        """How many input channels (or units) the layer gets."""
        return self.weight.shape[1] * self.groups


@dataclass(frozen=True, eq=False)
class Summary:
    """A layer's weights in numbers: ``norms`` (out,) are each filter's Euclidean norm, ``counts`` over ``edges`` the
    histogram of all weights; ``near_zero`` is the share with |w| below 1 % of the largest, ``dead`` the filters whose
    norm is below 1 % of the median norm.
    """

    norms: np.ndarray
    counts: np.ndarray
    edges: np.ndarray
    near_zero: float
    dead: tuple[int, ...]
    mean: float
    std: float


def filters(model: Model, layer: str) -> Filters:
    """A layer's parameters; on the CPU they share the network's memory, read-only by agreement."""
    module = getattr(model.network, layer)
    weight, bias = (parameter.detach().cpu().numpy() for parameter in (module.weight, module.bias))
    return Filters(layer, weight, bias, getattr(module, "groups", 1))


def summary(of: Filters, bins: int = 61) -> Summary:
    """Histogram (``bins``, odd: zero lies in the middle one), norms and the shares of what does nothing."""
    flat = of.weight.reshape(len(of.weight), -1)
    norms = np.sqrt(np.einsum("ij,ij->i", flat, flat))
    peak = float(np.abs(flat).max()) or 1.0
    counts, edges = np.histogram(flat, bins, (-peak, peak))
    near_zero = float((np.abs(flat) < NEAR_ZERO * peak).mean())
    dead = tuple(np.flatnonzero(norms <= DEAD * np.median(norms)).tolist())
    return Summary(norms, counts, edges, near_zero, dead, float(flat.mean()), float(flat.std()))


def sources(of: Filters, unit: int) -> np.ndarray:
    """The input channels that an output unit is connected to, int (in / groups,)."""
    each, outputs = of.weight.shape[1], len(of.weight) // of.groups
    return np.arange(each) + unit // outputs * each


def slices(of: Filters, unit: int, side: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """An output unit's kernel, one map an input channel, strongest first: (numbers, float32 (channels, k, k)).

    ``side`` folds a fully connected row behind a flatten back into maps of that side.
    """
    kernel = of.weight[unit]
    maps = kernel.reshape(-1, side, side) if side else kernel
    channels = np.arange(len(maps)) if side else sources(of, unit)
    strongest = np.argsort(-np.linalg.norm(maps.reshape(len(maps), -1), axis=1), kind="stable")
    return channels[strongest], maps[strongest]


def norm_grid(of: Filters, side: int | None = None) -> np.ndarray:
    """The norm of the weights from every input channel to every output, float32 (out, in); NaN where there are none."""
    weight = of.weight.reshape(len(of.weight), -1, side or 1, side or 1) if of.weight.ndim == 2 else of.weight
    norms = np.sqrt(np.einsum("oikl,oikl->oi", weight, weight))
    if of.groups == 1:
        return norms
    grid = np.full((len(norms), of.inputs), np.nan, np.float32)
    for unit, row in enumerate(norms):
        grid[unit, sources(of, unit)] = row
    return grid


def shrunk(grid: np.ndarray, most: int = 256) -> tuple[np.ndarray, tuple[int, int]]:
    """A grid of at most ``most`` a side, each cell a block's root mean square; and the block's (rows, columns)."""
    rows, columns = (-(-n // most) for n in grid.shape)
    if rows == columns == 1:
        return grid, (1, 1)
    height, width = (-(-n // block) for n, block in zip(grid.shape, (rows, columns), strict=True))
    padded = np.full((height * rows, width * columns), np.nan, np.float32)
    padded[: grid.shape[0], : grid.shape[1]] = grid
    blocks = padded.reshape(height, rows, width, columns)
    finite = np.isfinite(blocks).sum(axis=(1, 3))
    total = np.nansum(blocks**2, axis=(1, 3))
    return np.sqrt(total / np.where(finite, finite, np.nan), dtype=np.float32), (rows, columns)


# --- conv1's kernels, which are small colour pictures ----------------------------------------------


def spectrum(kernel: np.ndarray, size: int = 32) -> np.ndarray:
    """|2-D FFT| of a kernel (3, k, k), over the colours the root of the summed squares; float32 (size, size).

    Zero frequency lies at [size // 2, size // 2], the axes run to half a cycle a pixel.
    """
    padded = np.fft.fft2(kernel, (size, size), axes=(-2, -1))
    return np.fft.fftshift(np.sqrt((np.abs(padded) ** 2).sum(axis=0))).astype(np.float32)


def noise_like(kernels: np.ndarray) -> np.ndarray:
    """Which of conv1's kernels (n, 3, k, k) look like noise or are dead, bool (n,).

    A filter gathers its energy: the strongest 3 × 3 frequencies of its power spectrum, with their mirror image, hold
    more of it than they do in noise. A kernel whose norm is below 1 % of the median one is dead.
    """
    power = (np.abs(np.fft.fft2(kernels, axes=(-2, -1))) ** 2).sum(axis=1)  # (n, k, k)
    side, near = power.shape[-1], (-1, 0, 1)
    around = sum(np.roll(power, (dy, dx), axis=(1, 2)) for dy in near for dx in near)
    gathered = np.zeros(len(power))
    for index, (spectrum, energy) in enumerate(zip(power, around, strict=True)):
        y, x = np.unravel_index(energy.argmax(), energy.shape)
        mask = np.zeros_like(spectrum, bool)
        for row, column in ((y, x), (-y, -x)):
            mask[np.ix_([(row + d) % side for d in near], [(column + d) % side for d in near])] = True
        gathered[index] = spectrum[mask].sum() / (spectrum.sum() or 1)
    norms = np.sqrt(power.sum(axis=(1, 2)))
    return (gathered < NOISE) | (norms <= DEAD * np.median(norms))


def orientation(kernels: np.ndarray, size: int = 32) -> np.ndarray:
    """Along which direction the stripes of each kernel (n, 3, k, k) run: degrees in [0, 180), 0 level, 90 upright.

    From the strongest frequency other than zero: stripes run across it.
    """
    middle = size // 2
    angles = np.zeros(len(kernels))
    for index, kernel in enumerate(kernels):
        power = spectrum(kernel - kernel.mean(axis=(1, 2), keepdims=True), size)
        power[middle, middle] = 0
        fy, fx = np.unravel_index(power.argmax(), power.shape)
        angles[index] = np.degrees(np.arctan2(-(fy - middle), fx - middle)) + 90
    return (angles % 180).astype(np.float32)


def hue(kernels: np.ndarray) -> np.ndarray:
    """The colour that each kernel (n, 3, k, k) turns to most strongly: degrees in [0, 360), 0 red, 120 green, 240 blue.

    From the position with the largest colour part, which is what is left of (r, g, b) without their mean.
    """
    colour = kernels - kernels.mean(axis=1, keepdims=True)
    flat = colour.reshape(len(kernels), 3, -1)
    at = (flat**2).sum(axis=1).argmax(axis=1)
    red, green, blue = flat[np.arange(len(kernels)), :, at].T
    return (np.degrees(np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)) % 360).astype(np.float32)


def colourfulness(kernels: np.ndarray) -> np.ndarray:
    """The share of each kernel's energy that is colour, not brightness, in (n, 3, k, k): float64 (n,), 0 to 1.

    Brightness is what red, green and blue have in common, their mean.
    """
    values = kernels.astype(np.float64)
    colour = ((values - values.mean(axis=1, keepdims=True)) ** 2).sum(axis=(1, 2, 3))
    whole = (values**2).sum(axis=(1, 2, 3))
    return np.divide(colour, whole, out=np.zeros_like(colour), where=whole > 0)


@dataclass(frozen=True)
class ColourSplit:
    """The mean ``colourfulness`` of the first and the second half of conv1's kernels.

    ``p`` is the share of random halves whose means are at least as far apart.
    """

    first: float
    second: float
    p: float

    @property
    def is_significant(self) -> bool:
        """Whether chance alone would hardly split the kernels so: p below 1 %."""
        return self.p < 0.01

    @property
    def verdict(self) -> str:
        """What the test says, in a sentence."""
        says = "the groups split by colour" if self.is_significant else "chance alone splits them so"
        return f"Of random halves {self.p:.2%} lie at least as far apart: {says} (permutation test)."

    @property
    def notes(self) -> tuple[str, str, str]:
        """What to say of the first group, of the second, and of both, a line each."""
        return (
            f"First group, which conv2's first half reads: colour has {self.first:.0%} of its kernels' energy",
            f"Second group, which conv2's second half reads: colour has {self.second:.0%}",
            self.verdict,
        )


def colour_split(kernels: np.ndarray, permutations: int = 9999, seed: int = 0) -> ColourSplit:
    """Whether the two groups of conv1's kernels (n, 3, k, k) split by colour, by a permutation test.

    Krizhevsky, Sutskever, Hinton 2012 saw one GPU's kernels become colour-agnostic and the other's colour-specific in
    every run (section 6.1). p counts the split itself, too, so that it is never 0 (Phipson, Smyth 2010).
    """
    shares, half = colourfulness(kernels), len(kernels) // 2
    rng = np.random.default_rng(seed)
    drawn = np.stack([rng.permutation(shares) for _ in range(permutations)])
    apart = np.abs(drawn[:, :half].mean(axis=1) - drawn[:, half:].mean(axis=1))
    first, second = float(shares[:half].mean()), float(shares[half:].mean())
    at_least = int((apart >= abs(first - second) - 1e-12).sum())  # sums of another order may differ by rounding
    return ColourSplit(first, second, (1 + at_least) / (1 + permutations))


def kernel_order(of: Filters, by: str, halves: bool = False) -> np.ndarray:
    """Kernel numbers sorted ``by`` index, norm (largest first), orientation or hue; on request within each half."""
    if halves:
        order, half = kernel_order(of, by), len(of.weight) // 2
        return np.concatenate([order[order < half], order[order >= half]])
    if by == "index":
        return np.arange(len(of.weight))
    if by == "norm":
        return np.argsort(-np.linalg.norm(of.weight.reshape(len(of.weight), -1), axis=1), kind="stable")
    return np.argsort(orientation(of.weight) if by == "orientation" else hue(of.weight), kind="stable")


# --- fully connected units -------------------------------------------------------------------------


def votes(of: Filters, unit: int, before: np.ndarray | None = None, top: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """The inputs that speak loudest for and against a unit: (numbers, values), values falling; at most ``top`` of each.

    A value is the weight, or with the layer's input ``before`` (in,) weight times input, a term of the unit's sum.
    """
    terms = of.weight[unit] if before is None else of.weight[unit] * before
    order = np.argsort(-terms, kind="stable")
    for_, against = order[terms[order] > 0][:top], order[terms[order] < 0][-top:]
    chosen = np.concatenate([for_, against])
    return chosen, terms[chosen]
