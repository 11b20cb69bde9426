"""``figure``: Figures 3 and 4 of the 2012 paper, of any network, as a file for a slide."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from alexnet_viz.commands.common import load_model, network_options, print_notes
from alexnet_viz.display import json_text
from alexnet_viz.errors import UserError

if TYPE_CHECKING:
    from alexnet_viz.commands.common import Commands
    from alexnet_viz.figures.drawing import Drawing
    from alexnet_viz.inspection.model import Model
    from alexnet_viz.units.collection import Collection

_FIGURES = ("3", "4-left", "4-right")


def add(commands: Commands) -> None:
    """The command and its options."""
    figure = commands.add_parser("figure", help="Figures 3 and 4 of the 2012 paper, of any network")
    figure.add_argument(
        "which",
        choices=_FIGURES,
        help="3: conv1's kernels; 4-left: photos with their five strongest classes; 4-right: photos, and those nearest "
        "to them by fc7",
    )
    figure.add_argument("--out", type=Path, required=True, metavar="FILE", help="a .svg, .png or .pdf")
    figure.add_argument(
        "--collection", metavar="PLACE", help="Figure 4's photos: a folder, a .zip, or run:ID (default: the samples)"
    )
    figure.add_argument("--seed", type=int, default=0, metavar="N", help="another one draws other photos (default: 0)")
    network_options(figure)
    figure.set_defaults(run=_figure)


def _figure(options: argparse.Namespace) -> int:
    from alexnet_viz.figures.drawing import FORMATS

    kind = options.out.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise UserError(f"{options.out} must end in {', '.join(f'.{name}' for name in FORMATS)}: choose another --out.")
    model = load_model(options)
    if options.which == "3":
        drawing = _kernels(model)
    else:
        drawing = _photos(model, options.which, options.collection, options.seed)
    try:
        options.out.write_bytes(FORMATS[kind][0](drawing))
    except OSError as error:
        raise UserError(f"{options.out} cannot be written ({error.strerror}): choose another --out.") from error
    row = {"file": str(options.out), "title": drawing.title}
    print(json_text([row], indent=2) if options.json else f"{row['file']}  {row['title']}")
    print_notes(model.info)
    return 0


def _kernels(model: Model) -> Drawing:
    from alexnet_viz.figures.paper import kernels_figure
    from alexnet_viz.inspection.filters import colour_split, filters, kernel_order

    of, halves = filters(model, "conv1"), model.info.spec.variant == "paper"
    notes = colour_split(of.weight).notes if halves else ()
    order = kernel_order(of, "norm", halves)
    return kernels_figure(of.weight, order, common=False, title=f"Kernels of conv1, {model.info.title}", notes=notes)


def _photos(model: Model, which: str, place: str | None, seed: int) -> Drawing:
    from alexnet_viz.commands.unit_exemplars import look_through
    from alexnet_viz.figures.paper import answers_figure, neighbours_figure
    from alexnet_viz.units.collection import named
    from alexnet_viz.units.paper_figures import answered_photos, neighbour_rows

    collection = named(place) if place else _samples()
    if which == "4-left":
        return answers_figure(answered_photos(model, collection, seed), f"Five strongest classes, {model.info.title}")
    rows = neighbour_rows(model, collection, look_through(model, collection), seed)
    return neighbours_figure(rows, f"Nearest photos, {model.info.title}")


def _samples() -> Collection:
    from alexnet_viz.images.decode import decode
    from alexnet_viz.images.samples import SAMPLES, sample
    from alexnet_viz.units.collection import of_photos

    keys = [photo.key for photo in SAMPLES]
    return of_photos("the samples", keys, [photo.title for photo in SAMPLES], lambda key: decode(*sample(key)))
