"""Where every layer of a network stands in its drawing, to scale: plain geometry, no colours."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from alexnet_viz.values import Architecture, LayerInfo

# Lengths in the drawing's own units; a page that shows all of it on 1280 pixels shows a unit as about 0.9 pixels.
WIDTH = 1400.0
FLOOR = 440.0  # every block stands on it, so that heights compare at a glance
MAP_TALL = 330.0  # the photo's side
VECTOR_TALL = 400.0  # the longest vector
MAP_THICK = 110.0  # the most channels
VECTOR_THICK = 24.0
SLICE = 10.0  # a layer that keeps its block's shape (ReLU, dropout …) is a slice on that block
LEAST = 5.0  # nothing is drawn smaller
OBLIQUE = (0.40, -0.23)  # where a unit of a map's width goes: right and up
MARGIN = 14.0
GAP = 12.0
NAME, SIZE = 24.0, 21.0  # font sizes of a block's label

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A block as it stands: front face ``thick`` × ``tall`` from ``x`` and ``floor``, and the side of what it holds.

    ``side`` counts a map's pixels and is 0 for a vector; ``tall`` is to scale but never below LEAST.
    """

    x: float
    floor: float
    thick: float
    tall: float
    side: int

    @property
    def run(self) -> Point:
        """The oblique edge: a map's width; a vector has none, and gets a little to stand on."""
        width = self.tall if self.side else VECTOR_THICK
        return width * OBLIQUE[0], width * OBLIQUE[1]

    @property
    def right(self) -> float:
        return self.x + self.thick + self.run[0]

    @property
    def top(self) -> float:
        return self.floor - self.tall + self.run[1]

    def across(self, x: float, u: float, v: float) -> Point:
        """The point at ``u`` of the map's width and ``v`` of its height (from the top left) in the plane at ``x``."""
        return x + u * self.run[0], self.floor - self.tall + u * self.run[1] + v * self.tall

    def face(self, x: float, u: float = 0, v: float = 0, w: float = 1, h: float = 1) -> list[Point]:
        """A rectangle of the map in the plane at ``x``: by default the whole."""
        return [self.across(x, a, b) for a, b in ((u, v), (u + w, v), (u + w, v + h), (u, v + h))]

    def outline(self, grow: float = 0.0) -> list[Point]:
        x, end, low, high, (dx, dy) = self.x, self.x + self.thick, self.floor, self.floor - self.tall, self.run
        x, end, low, high = x - grow, end + grow, low + grow, high - grow
        return [(x, low), (x, high), (x + dx, high + dy), (end + dx, high + dy), (end + dx, low + dy), (end, low)]


@dataclass(frozen=True)
class Drawn:
    """One layer with its boxes, one a group, the first on the floor; ``layer`` is None for the photo."""

    layer: LayerInfo | None
    name: str
    shape: tuple[int, ...]  # without the batch
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Scales:
    """Drawn units for one pixel of a map's side, for one channel, and for one unit of a vector."""

    pixel: float
    channel: float
    unit: float


@dataclass(frozen=True)
class Layout:
    """Every layer's place: ``stacks`` holds blocks, each with the slices on it; ``width`` is the drawing's."""

    stacks: tuple[tuple[Drawn, ...], ...]
    scales: Scales
    width: float

    def closest(self, name: str | None) -> tuple[Drawn, Drawn] | None:
        """A layer and the one before it, whose output it reads."""
        pairs = itertools.pairwise(itertools.chain.from_iterable(self.stacks))
        return next(((before, layer) for before, layer in pairs if layer.name == name), None)


def layout(architecture: Architecture) -> Layout:
    """Place every layer: blocks from left to right on one floor, each as wide as itself and its label need."""
    shapes = [layer.output_shape[1:] for layer in architecture.layers]
    scales = Scales(
        pixel=MAP_TALL / architecture.spec.input_size,
        channel=MAP_THICK / max(shape[0] for shape in shapes if len(shape) == 3),
        unit=VECTOR_TALL / max(shape[0] for shape in shapes if len(shape) == 1),
    )
    side = architecture.spec.input_size
    photo = Drawn(None, "photo", (3, side, side), ())
    stacks: list[list[Drawn]] = [[photo]]
    for layer in architecture.layers:
        drawn = Drawn(layer, layer.name, layer.output_shape[1:], ())
        if layer.kind in ("relu", "norm", "dropout"):
            stacks[-1].append(drawn)
        else:
            stacks.append([drawn])
    stacks = [_stand(stack, scales) for stack in stacks]
    widths = [max(_footprint(stack), label_width(stack[0])) for stack in stacks]
    gap = max(GAP, (WIDTH - 2 * MARGIN - sum(widths)) / (len(stacks) - 1))
    placed, x = [], MARGIN
    for stack, width in zip(stacks, widths, strict=True):
        placed.append(tuple(_shift(drawn, x + (width - _footprint(stack)) / 2) for drawn in stack))
        x += width + gap
    return Layout(tuple(placed), scales, x - gap + MARGIN)


def _stand(stack: list[Drawn], scales: Scales) -> list[Drawn]:
    """Give a block and its slices their boxes, from x = 0; the groups of a grouped convolution stand on each other."""
    main = stack[0]
    groups = main.layer.groups if main.layer else 1
    if len(main.shape) == 3:
        side = main.shape[1]
        thick, tall = max(LEAST, main.shape[0] / groups * scales.channel), max(LEAST, side * scales.pixel)
    else:
        side, thick, tall = 0, VECTOR_THICK, max(LEAST, main.shape[0] * scales.unit)
    first = Box(0, FLOOR, thick, tall, side)
    boxes = tuple(replace(first, floor=FLOOR - i * (tall - first.run[1] + 7)) for i in range(groups))
    slices = (
        tuple(replace(box, x=thick + i * SLICE, thick=SLICE) for box in boxes) for i in range(len(stack) - 1)
    )  # they lie flush on the block
    return [replace(drawn, boxes=own) for drawn, own in zip(stack, (boxes, *slices), strict=True)]


def _shift(drawn: Drawn, x: float) -> Drawn:
    return replace(drawn, boxes=tuple(replace(box, x=box.x + x) for box in drawn.boxes))


def _footprint(stack: list[Drawn]) -> float:
    return stack[-1].boxes[0].right


def label_width(drawn: Drawn) -> float:
    """Room for a block's name and, below it, its output shape."""
    return max(text_width(drawn.name, NAME), *(text_width(line, SIZE) for line in shape_lines(drawn.shape)))


def text_width(text: str, size: float) -> float:
    """An upper bound in any of the usual sans-serif fonts; the browser chooses which one."""
    return size * sum(0.4 if letter in "ijlt.,()1 ·" else 1.0 if letter in "mwMW→" else 0.7 for letter in text)


def shape_lines(shape: tuple[int, ...]) -> list[str]:
    """64×55×55 in two short lines; a vector in one."""
    return [f"{shape[0]:,} ×", f"{shape[1]}×{shape[2]}"] if len(shape) == 3 else [f"{shape[0]:,}"]
