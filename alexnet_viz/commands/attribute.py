"""``attribute``: which parts of photos speak for an answer, as files."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alexnet_viz.commands.common import assignments, load_model, make_folder, network_options, print_lines, print_notes
from alexnet_viz.commands.photos import Failures, photos_in, read
from alexnet_viz.display import json_text
from alexnet_viz.errors import AttributionError
from alexnet_viz.values import Photo, Preprocessed

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from alexnet_viz.attribution.targets import Target
    from alexnet_viz.commands.common import Commands
    from alexnet_viz.inspection.model import Model


def add(commands: Commands) -> None:
    """The command and its options."""
    attribute = commands.add_parser("attribute", help="which parts of photos speak for an answer")
    attribute.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="image files, or folders of them")
    attribute.add_argument(
        "--method", default="grad-cam", help="saliency, grad-cam, occlusion …; a wrong one lists all"
    )
    attribute.add_argument(
        "--class", dest="target", metavar="NAME", help="a class's name or number (default: the answer)"
    )
    attribute.add_argument("--against", metavar="NAME", help="a class to take off: why this one and not that one?")
    attribute.add_argument(
        "--unit", metavar="LAYER:CHANNEL[:ROW,COLUMN]", help="a unit instead of a class: conv4:12:3,7"
    )
    attribute.add_argument("--layer", help="for the maps of a layer (default: conv5)")
    attribute.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="change one of its settings"
    )
    attribute.add_argument("--other", type=Path, metavar="PHOTO", help="what --set baseline=photo compares with")
    attribute.add_argument(
        "--out",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="where to (default: here). Photos of one name have their folder's in front: a-IMG.jpg, b-IMG.jpg",
    )
    network_options(attribute)
    attribute.set_defaults(run=_attribute)


def _attribute(options: argparse.Namespace) -> int:
    """For each photo an overlay (.png), the map (.npy) and all that it came from (.json)."""
    from tqdm import tqdm

    from alexnet_viz.attribution.methods import method
    from alexnet_viz.images.decode import decode
    from alexnet_viz.images.preprocess import preprocess
    from alexnet_viz.output_names import output_names

    method(options.method).resolve(settings := assignments(options.set))
    model = load_model(options)
    how, other = model.info.preprocessing, None
    if options.other:
        other = preprocess(decode(read(options.other), options.other.name), how).tensor
    make_folder(options.out)
    photos = list({os.path.abspath(photo): photo for photo in photos_in(options.photos)}.values())
    failures, written = Failures(len(photos)), []
    with tqdm(photos, unit="photo", file=sys.stderr, disable=None if len(photos) > 1 else True) as bar:
        for file, name in zip(bar, output_names(photos, f".{options.method}.json"), strict=True):
            with failures.of(file):
                photo = replace(decode(read(file), str(file)), name=file.name)
                base = str(options.out / f"{name}.{options.method}")
                written.append(_explain(model, photo, preprocess(photo, how), settings, other, options, base))
    if options.json:
        print(json_text(written, indent=2))
    else:
        for path in written:
            line = f"{path['overlay']}  {path['method']} of {path['target']}"
            print_lines([line, *(f"  {note}" for note in path["notes"])])
    print_notes(model.info)
    return failures.code()


def _explain(
    model: Model,
    photo: Photo,
    inputs: Preprocessed,
    settings: dict[str, str],
    other: np.ndarray | None,
    options: argparse.Namespace,
    base: str,
) -> dict[str, Any]:
    """One photo's map, written to files whose names begin with ``base``; what the .json says."""
    import numpy as np

    from alexnet_viz.attribution.session import Session
    from alexnet_viz.attribution.targets import CLASSES
    from alexnet_viz.figures.attribution import MapStyle, overlay, panel

    session = Session(model, inputs.tensor, other)
    target = _target(options, model.info.categories, session.chain.outputs[CLASSES])
    attribution = session.attribute(options.method, target, options.layer, settings)
    card: dict[str, Any] = {
        "photo": photo.name,
        "sha256": photo.digest,
        "size": photo.size,
        "crop": inputs.geometry.box,
        "method": attribution.method,
        "target": attribution.target,
        "layer": attribution.layer,
        "settings": attribution.settings,
        "checks": attribution.checks,
        "notes": attribution.notes,
        "map": {
            "shape": attribution.values.shape,
            "min": float(attribution.values.min()),
            "max": float(attribution.values.max()),
        },
        "weights": {"title": model.info.title, "id": model.info.id},
        "overlay": f"{base}.png",
    }
    look = MapStyle()
    drawn = panel(
        attribution.method, attribution.target, photo, inputs.geometry, attribution.values, look, attribution.placement
    )
    try:
        overlay(drawn, look).save(card["overlay"])
        np.save(f"{base}.npy", attribution.values)
        Path(f"{base}.json").write_text(json_text(card, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise AttributionError(
            f"{base}.png, .npy and .json cannot be written ({error.strerror}): free space, or choose another --out."
        ) from error
    return card


def _target(options: argparse.Namespace, categories: tuple[str, ...], logits: Tensor) -> Target:
    """What --class, --against and --unit ask for; the network's own answer where they say nothing."""
    from alexnet_viz.attribution.targets import Target, class_index

    if options.unit:
        layer, _, rest = options.unit.partition(":")
        try:
            channel, _, place = rest.partition(":")
            return Target.unit(layer, int(channel), *(int(number) for number in place.split(",") if place))
        except (ValueError, TypeError) as error:
            raise AttributionError(
                f"--unit needs LAYER:CHANNEL or LAYER:CHANNEL:ROW,COLUMN, not {options.unit!r}."
            ) from error
    index = class_index(options.target, categories) if options.target else int(logits[0].argmax())
    return Target.contrast(index, class_index(options.against, categories)) if options.against else Target(index)
