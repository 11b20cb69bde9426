"""``units``: what units respond to, as pictures made to drive them; what layers still know of a photo."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alexnet_viz.commands import unit_exemplars, unit_map
from alexnet_viz.commands.common import assignments, load_model, make_folder, network_options, print_lines, print_notes
from alexnet_viz.commands.photos import read
from alexnet_viz.display import json_text
from alexnet_viz.errors import UnitError
from alexnet_viz.units.choices import BATCH, EXAGGERATION, INVERSION_SETTINGS, Choices, inversion_of
from alexnet_viz.units.collection import named
from alexnet_viz.units.objectives import CLASSES, Objective, layer_step
from alexnet_viz.units.objectives import unit as unit_of
from alexnet_viz.units.projection import MAP_LAYERS, umap_missing

if TYPE_CHECKING:
    from PIL import Image

    from alexnet_viz.commands.common import Commands
    from alexnet_viz.inspection.model import Model


def add(commands: Commands) -> None:
    """The command and its options."""
    units = commands.add_parser("units", help="pictures of what units respond to")
    what = units.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--unit",
        action="append",
        metavar="LAYER:NUMBER",
        help="conv5:37, fc7:12, or a class: fc8:'Egyptian cat'. Several of one layer are made together; one named "
        "twice gets two different pictures",
    )
    what.add_argument(
        "--layer", metavar="LAYER", help="all of a layer: with --sheet a convolution, with --exemplars any"
    )
    what.add_argument("--photo", type=Path, metavar="FILE", help="with --inversion: what each layer still knows of it")
    what.add_argument(
        "--map", choices=MAP_LAYERS, help="all photos of --collection as a map by this layer: principal components"
    )
    units.add_argument("--umap", action="store_true", help="with --map: by UMAP, where umap-learn is installed")
    units.add_argument("--sheet", action="store_true", help="one picture of all of --layer's channels")
    units.add_argument(
        "--inversion",
        action="store_true",
        help="one picture: --photo, and for each layer what was made from noise to have the photo's activations there; "
        "--set exaggeration=3 for a caricature, exaggeration=dream for DeepDream",
    )
    units.add_argument(
        "--exemplars", action="store_true", help="instead: the photos of --collection that drive --unit or --layer most"
    )
    units.add_argument("--collection", metavar="PLACE", help="a folder of photos, a .zip, or run:ID")
    units.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="steps=256, seed=1 …; a wrong one lists all"
    )
    units.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="where to (default: here)")
    network_options(units)
    units.set_defaults(run=_units)


def _units(options: argparse.Namespace) -> int:
    """Write what drives units up and down, a layer's sheet, a photo's strip or a map, and print what they reached."""
    if options.umap and not options.map:
        raise UnitError("UMAP is of a collection's photos: --collection FOLDER --map fc7 --umap.")
    if options.map:
        return _map(options)
    if options.exemplars != bool(options.collection):
        raise UnitError("Exemplars are of a collection: --collection FOLDER --exemplars --unit conv5:37.")
    if options.exemplars:
        if options.photo or options.sheet or options.inversion or options.set:
            raise UnitError("--exemplars goes with --unit or --layer alone: leave the other choices out.")
        return _exemplars(options)
    if options.sheet != bool(options.layer):
        raise UnitError("A sheet is of a layer: --layer conv4 --sheet. A single unit is --unit conv4:12.")
    if options.inversion != bool(options.photo):
        raise UnitError("An inversion is of a photo: --photo cat.jpg --inversion.")
    values = assignments(options.set)
    if options.inversion:
        exaggeration, choices = inversion_of(values)
    else:
        choices = Choices.of(values)
    model = load_model(options)
    make_folder(options.out)
    if options.inversion:
        rows = _inversions(model, options, exaggeration, choices)
    elif options.sheet:
        rows = _sheet(model, options, choices)
    else:
        rows = _pictures(model, options, choices)
    if options.json:
        print(json_text(rows, indent=2))
    else:
        for row in rows:
            print_lines([f"{row['file']}  {row['name']}{_reached(row)}", *(f"  {note}" for note in row["notes"])])
    print_notes(model.info)
    return 0


def _exemplars(options: argparse.Namespace) -> int:
    """Write what each unit sees of its photos, and print which they are; for a whole layer print alone."""
    model = load_model(options)
    if options.layer:
        layer = layer_step(model.info.spec, options.layer).layer
        wanted = [(layer.name, unit) for unit in range(layer.out)]
    else:
        objectives = [_objective(text, model) for text in options.unit]
        for objective in objectives:
            objective.check(model.info.spec)
        wanted = [(objective.layer, objective.terms[0][0]) for objective in objectives]
        make_folder(options.out)
    collection = named(options.collection)
    found = unit_exemplars.look_through(model, collection)
    rows = [unit_exemplars.unit_row(model, collection, found, layer, unit) for layer, unit in wanted]
    if options.unit:
        for row in rows:
            file = unit_exemplars.file_of(options.out, row["layer"], row["unit"])
            _save(unit_exemplars.unit_sheet(model, collection, found, row["layer"], row["unit"]), file)
            row["file"] = str(file)
    if options.json:
        print(unit_exemplars.as_json(rows, collection, found))
    else:
        print_lines(line for row in rows for line in unit_exemplars.words(row))
    for line in unit_exemplars.skipped_notes(found):
        print(line, file=sys.stderr)
    print_notes(model.info)
    return 1 if found.skipped_count else 0


def _map(options: argparse.Namespace) -> int:
    """Write a map of a collection's photos, and print where they lie."""
    if not options.collection:
        raise UnitError("A map is of a collection: --collection FOLDER --map fc7.")
    if options.exemplars or options.sheet or options.inversion or options.set:
        raise UnitError("--map goes with --collection and --umap alone: leave the other choices out.")
    if options.umap and (why := umap_missing()):
        raise UnitError(why)
    model = load_model(options)
    make_folder(options.out)
    collection = named(options.collection)
    found = unit_exemplars.look_through(model, collection)
    made = unit_map.projected(found, options.map, options.umap)
    file = unit_map.file_of(options.out, options.map, made)
    _save(unit_map.picture(collection, found, options.map, made), file)
    if options.json:
        print(json_text({"file": str(file), **unit_map.as_json(model, collection, found, options.map, made)}, indent=2))
    else:
        print_lines([f"{file}  {len(made.photos):,} photos by {options.map}: {unit_map.words(made)}"])
    for line in unit_exemplars.skipped_notes(found):
        print(line, file=sys.stderr)
    print_notes(model.info)
    return 1 if found.skipped_count else 0


def _reached(row: dict[str, Any]) -> str:
    if "error" in row:
        return f": error {row['error']:.3f}, activations ×{row['gain']:.3g}, cosine {row['cosine']:.3f}"
    return f": {row['value']:.4g}, from {row['start']:.4g} at first" if "value" in row else ""


def _pictures(model: Model, options: argparse.Namespace, choices: Choices) -> list[dict[str, Any]]:
    from PIL import Image

    from alexnet_viz.units.optimise import optimised

    units = [_objective(text, model) for text in options.unit]
    rows = []
    for direction, sign, objectives in (("up", 1, units), ("down", -1, [-unit for unit in units])):
        images = optimised(model, objectives, choices)
        drawn: Counter[Objective] = Counter()
        for number, objective in enumerate(objectives):
            drawn[objective] += 1
            again = f"-{drawn[objective]}" if drawn[objective] > 1 else ""
            value, start = (sign * float(values[number]) for values in (images.values, images.start))
            unit = objective.terms[0][0]
            file = options.out / f"{objective.layer}-{unit}.{direction}{again}.png"
            _save(Image.fromarray(images.pixels[number]), file)
            rows.append(
                {
                    "file": str(file),
                    "name": images.names[number],
                    "layer": objective.layer,
                    "unit": unit,
                    "direction": direction,
                    "value": value,
                    "start": start,
                    "settings": vars(choices),
                    "notes": images.notes,
                }
            )
    return rows


def _sheet(model: Model, options: argparse.Namespace, choices: Choices) -> list[dict[str, Any]]:
    from tqdm import tqdm

    from alexnet_viz.figures.tile_sheet import tile_sheet
    from alexnet_viz.figures.units import sheet_tiles
    from alexnet_viz.units.optimise import optimised

    layer = layer_step(model.info.spec, options.layer).layer
    if layer.kind != "conv":
        raise UnitError(f"{layer.name} has too many units for a sheet: choose a convolution, or single ones by --unit.")
    batches, values, notes = [], [], []
    with tqdm(total=layer.out, unit="channel", desc=layer.name, file=sys.stderr, disable=None) as bar:
        for first in range(0, layer.out, BATCH):
            channels = range(first, min(first + BATCH, layer.out))
            images = optimised(model, [unit_of(layer.name, channel) for channel in channels], choices)
            batches.append(images.pixels)
            values += images.values.tolist()
            notes += [f"Channels {first} to {channels[-1]}: {note}" for note in images.notes]
            bar.update(len(channels))
    file = options.out / f"{layer.name}.sheet.png"
    _save(tile_sheet(sheet_tiles(batches, layer.out, BATCH), columns=16), file)
    return [
        {
            "file": str(file),
            "name": f"{layer.out} channels of {layer.name}, row by row from 0 on",
            "layer": layer.name,
            "values": values,
            "settings": vars(choices),
            "notes": notes,
        }
    ]


def _inversions(model: Model, options: argparse.Namespace, exaggeration: str, choices: Choices) -> list[dict[str, Any]]:
    """One strip: the photo as the network sees it, then a picture a layer; a row a layer."""
    import numpy as np
    from tqdm import tqdm

    from alexnet_viz.figures.tile_sheet import tile_sheet
    from alexnet_viz.images.decode import decode
    from alexnet_viz.images.preprocess import preprocess
    from alexnet_viz.network.keys import CONVOLUTIONS, FULLY_CONNECTED
    from alexnet_viz.units.inversion import inverted, manner_of

    pixels = preprocess(decode(read(options.photo), str(options.photo)), model.info.preprocessing).pixels
    manner, gain = manner_of(exaggeration)
    layers = tqdm((*CONVOLUTIONS, *FULLY_CONNECTED), unit="layer", file=sys.stderr, disable=None)
    found = [inverted(model, pixels, layer, choices, manner, gain) for layer in layers]
    file = options.out / f"{options.photo.name}.{manner}.png"
    _save(tile_sheet(np.stack([pixels, *(one.pixels for one in found)]), columns=len(found) + 1), file)
    settings = {EXAGGERATION.name: exaggeration, **{name: getattr(choices, name) for name in INVERSION_SETTINGS}}
    measures = ("layer", "error", "start", "cosine", "gain")
    return [
        {
            "file": str(file),
            "name": one.layer,
            **{name: getattr(one, name) for name in measures},
            "settings": settings,
            "notes": (),
        }
        for one in found
    ]


def _objective(text: str, model: Model) -> Objective:
    """What ``--unit`` names: conv5:37, or fc8 with a class's name."""
    layer, _, number = text.partition(":")
    if not number:
        raise UnitError(f"--unit needs LAYER:NUMBER, such as conv5:37, not {text!r}.")
    layer_step(model.info.spec, layer)
    if layer == CLASSES:
        from alexnet_viz.attribution.targets import class_index

        return unit_of(layer, class_index(number, model.info.categories))
    try:
        return unit_of(layer, int(number))
    except ValueError as error:
        raise UnitError(f"--unit needs a number behind {layer}, such as {layer}:37, not {text!r}.") from error


def _save(picture: Image.Image, file: Path) -> None:
    try:
        picture.save(file)
    except OSError as error:
        raise UnitError(
            f"{file} cannot be written ({error.strerror or error}): free space, or choose another --out."
        ) from error
