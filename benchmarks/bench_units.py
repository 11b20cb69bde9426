"""What optimised images cost: steps against the bare forward and backward, batches against single ones, whole sheets.

The bare work is the network as far as the layer, forward and backward on the very same canvas and batch: neither
parameterisation, transforms nor steps. Beside it the same network on 224 pixels, which is what one would write.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import torch
from torch import nn

from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.images.samples import sample
from alexnet_viz.inspection.model import Model, get
from alexnet_viz.units.canvas import Canvas, canvas_of, outputs_to, pooled
from alexnet_viz.units.choices import BATCH, Choices
from alexnet_viz.units.inversion import inverted
from alexnet_viz.units.objectives import unit
from alexnet_viz.units.optimise import optimised
from benchmarks.side_by_side import side_by_side

STEPS = 24
LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5")


def bare(network: nn.Module, canvas: Canvas, batch: int) -> None:
    """STEPS times forward to the canvas's layer and backward to the pictures."""
    pictures = torch.randn(batch, 3, canvas.side, canvas.side)
    for _ in range(STEPS):
        pictures.requires_grad_()
        output, _ = outputs_to(network, pictures, canvas)
        (gradient,) = torch.autograd.grad(pooled(output, False).diagonal().sum(), pictures)
        pictures = gradient.detach()


def ours(model: Model, layer: str, channels: range) -> None:
    optimised(model, [unit(layer, channel) for channel in channels], Choices(steps=STEPS))


def singly(model: Model, layer: str) -> None:
    for channel in range(BATCH):
        ours(model, layer, range(channel, channel + 1))


def timed(title: str, work: Callable[[], object]) -> None:
    start = time.perf_counter()
    work()
    print(f"{title}: {time.perf_counter() - start:.1f} s", flush=True)


def main() -> None:
    model = get("bundled", device="cpu")
    network = model.network
    print(f"{torch.get_num_threads()} threads, PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}")
    for layer in LAYERS:
        canvas = canvas_of(model.info.spec, layer)
        together = partial(ours, model, layer, range(BATCH))
        title = f"{layer}, {BATCH} pictures of {canvas.side} pixels, {STEPS} steps"
        side_by_side(f"{title} / bare", together, partial(bare, network, canvas, BATCH), rounds=7)
        whole = Canvas(layer, model.info.spec.input_size, padded=True)
        side_by_side(f"{title} / bare on {whole.side}", together, partial(bare, network, whole, BATCH), rounds=3)
        side_by_side(f"{title} / {BATCH} single ones", together, partial(singly, model, layer), rounds=3)
    timed("one picture of conv5, 96 steps", partial(optimised, model, [unit("conv5", 37)], Choices()))
    sheets = [[unit("conv2", c) for c in range(first, first + BATCH)] for first in range(0, 192, BATCH)]
    timed("all 192 of conv2, 96 steps", lambda: [optimised(model, batch, Choices()) for batch in sheets])
    pixels = preprocess(decode(sample("cat")[0], "cat"), model.info.preprocessing).pixels
    for layer in (*LAYERS, "fc6", "fc7", "fc8"):
        timed(f"inversion of {layer}", partial(inverted, model, pixels, layer))


if __name__ == "__main__":
    main()
