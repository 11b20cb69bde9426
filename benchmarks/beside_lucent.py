"""Optimised images beside lucent's: the same units, the same number of steps, as many pictures at once.

torch-lucent 0.1.8 is no requirement of anything here, and ``make bench`` leaves this file out. In an environment of its
own, beside requirements.txt: ``pip install --no-deps torch-lucent==0.1.8 kornia kornia_rs`` and ``pip install decorator
ipython``. With kornia 0.9 lucent's ``transform.py`` must call ``kornia.geometry.get_rotation_matrix2d`` and
``kornia.geometry.warp_affine``, which have moved.

What a picture reaches is told by the plain picture, 8 bits a colour, through the network on 224 × 224 pixels: the
value of the unit in the middle of the map, before its ReLU, which both were asked for.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from alexnet_viz.inspection.fields import placement
from alexnet_viz.inspection.model import Model, get
from alexnet_viz.units.canvas import Canvas, from_uint8, outputs_to, prepared, to_uint8
from alexnet_viz.units.choices import Choices
from alexnet_viz.units.objectives import layer_step, unit
from alexnet_viz.units.optimise import optimised

LAYERS = ("conv2", "conv3", "conv4")
UNITS, STEPS, SEED = 20, Choices().steps, 0


def ours(model: Model, layer: str, units: list[int]) -> Tensor:
    """Pictures uint8 (N, 224, 224, 3): each on grey, where the map's middle unit sees it."""
    made = optimised(model, [unit(layer, number) for number in units], Choices(steps=STEPS, seed=SEED))
    step, side = layer_step(model.info.spec, layer), model.info.spec.input_size
    edge, jump = placement(model.info.spec, layer)
    first = round(edge + (step.output[2] // 2 + 0.5) * jump - step.receptive_field / 2)
    pictures = np.full((len(units), side, side, 3), 128, np.uint8)
    pictures[:, first : first + step.receptive_field, first : first + step.receptive_field] = made.pixels
    return torch.from_numpy(pictures)


def lucents(model: Model, layer: str, units: list[int], side: int) -> Tensor:
    """Pictures uint8 (N, 224, 224, 3), made on ``side`` pixels with lucent's own parameters, transforms, optimiser."""
    from lucent.optvis import objectives, param, render

    torch.manual_seed(SEED)
    np.random.seed(SEED)
    network = copy.deepcopy(model.network)  # whose hooks are never taken off
    wanted = sum(objectives.neuron(layer, number, batch=place) for place, number in enumerate(units))
    quiet = {"progress": False, "show_image": False}
    (last,) = render.render_vis(
        network, wanted, lambda: param.image(side, batch=len(units)), thresholds=(STEPS,), **quiet
    )
    pictures = torch.from_numpy(last).permute(0, 3, 1, 2)
    whole = model.info.spec.input_size
    if side < whole:  # as lucent itself shows it to the network
        pictures = torch.nn.functional.interpolate(pictures, (whole, whole), mode="bilinear", align_corners=True)
    return to_uint8(pictures)


@torch.no_grad()
def values(model: Model, layer: str, units: list[int], pictures: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Each unit's value in the middle of its map, and its largest anywhere on it."""
    canvas = Canvas(layer, model.info.spec.input_size, padded=True)
    output, _ = outputs_to(model.network, prepared(from_uint8(pictures), model.info.preprocessing), canvas)
    maps = output[torch.arange(len(units)), units]  # (N, h, w)
    return maps[:, maps.shape[1] // 2, maps.shape[2] // 2].numpy(), maps.amax((1, 2)).numpy()


def timed(work: Callable[[], Tensor]) -> tuple[Tensor, float, float]:
    """What it makes, the seconds, and the processor's seconds."""
    start, busy = time.perf_counter(), time.process_time()
    made = work()
    return made, time.perf_counter() - start, time.process_time() - busy


def compare(model: Model, layer: str, side: int) -> None:
    """Seconds and values of the same units, drawn by the seed, here and by lucent on ``side`` pixels."""
    channels = layer_step(model.info.spec, layer).layer.out
    units = np.random.default_rng(SEED).choice(channels, UNITS, replace=False).tolist()
    pictures, seconds, busy = timed(partial(ours, model, layer, units))
    value, _ = values(model, layer, units, pictures)
    pictures, their_seconds, their_busy = timed(partial(lucents, model, layer, units, side))
    print(f"{layer}, lucent on {side} pixels: {seconds:.1f} against {their_seconds:.1f} s, ", end="")
    print(f"ratio {seconds / their_seconds:.3f}, of processor time {busy / their_busy:.3f}")
    for name, theirs in zip(("in the middle", "anywhere"), values(model, layer, units, pictures), strict=True):
        smallest, median, largest = np.percentile(value / theirs, [0, 50, 100])
        print(f"  value over lucent's {name}: {median:.2f} ({smallest:.2f}–{largest:.2f}), ", end="")
        print(f"higher in {(value > theirs).sum()} of {UNITS}", flush=True)


def main() -> None:
    model = get("bundled", device="cpu")
    print(f"{torch.get_num_threads()} threads, PyTorch {torch.__version__}; {UNITS} units, {STEPS} steps, seed {SEED}")
    for side in (128, model.info.spec.input_size):  # lucent's default, and the network's input
        for layer in LAYERS:
            compare(model, layer, side)


if __name__ == "__main__":
    main()
