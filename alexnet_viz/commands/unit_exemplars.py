"""``units --exemplars``: the photos of a collection that drive units most and least."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alexnet_viz.display import json_text
from alexnet_viz.errors import UnitError
from alexnet_viz.units.collection import Collection
from alexnet_viz.units.objectives import layer_step
from alexnet_viz.units.selectivity import class_selectivity, similarity

if TYPE_CHECKING:
    from PIL import Image

    from alexnet_viz.inspection.model import Model
    from alexnet_viz.values import Exemplars, Ranking


def look_through(model: Model, collection: Collection) -> Exemplars:
    """A collection looked through, with a bar on stderr; stopped, a folder or .zip goes on the next time."""
    from tqdm import tqdm

    from alexnet_viz.units.exemplar_store import collect

    with tqdm(total=len(collection), unit="photo", file=sys.stderr, disable=None) as bar:
        return collect(model, collection, on_progress=lambda seen: bar.update(seen.done - bar.n))


def unit_row(model: Model, collection: Collection, found: Exemplars, layer: str, unit: int) -> dict[str, Any]:
    """Everything that is known of one unit, as JSON has it."""
    most = found.layers[layer].rankings["most"].photos[unit]
    selectivity = class_selectivity(found, layer, unit)
    return {
        "layer": layer,
        "unit": unit,
        **{
            kind: _photos(model, collection, found, layer, unit, ranking)
            for kind, ranking in found.layers[layer].rankings.items()
        },
        "class_selectivity": selectivity and selectivity.index,
        "strongest_classes": {collection.class_names[i]: mean for i, mean in selectivity.strongest}
        if selectivity
        else {},
        "similarity": similarity(found.fc7[most[(most >= 0) & (most < len(found.fc7))]]),
    }


def _photos(
    model: Model, collection: Collection, found: Exemplars, layer: str, unit: int, ranking: Ranking
) -> list[dict[str, Any]]:
    output, names = layer_step(model.info.spec, layer).output, model.info.categories
    rows = []
    for value, photo, cell in zip(ranking.values[unit], ranking.photos[unit], ranking.cells[unit], strict=True):
        if photo >= 0:
            answer = int(found.answers[photo])
            y, x = divmod(int(cell), output[-1]) if len(output) == 3 else (0, 0)
            rows.append(
                {
                    "photo": collection.names[photo],
                    "class": collection.class_of(photo),
                    "answer": names[answer] if answer < len(names) else f"class {answer}",
                    "value": float(value),
                    "y": y,
                    "x": x,
                }
            )
    return rows


def unit_sheet(model: Model, collection: Collection, found: Exemplars, layer: str, unit: int) -> Image.Image:
    """What the unit sees of its photos: a row a ranking, in the order of ``unit_row``."""
    import numpy as np

    from alexnet_viz.figures.tile_sheet import tile_sheet
    from alexnet_viz.figures.units import patch_tiles
    from alexnet_viz.units.patches import patches

    rows = []  # a unit whose values are no numbers has no photos
    for ranking in found.layers[layer].rankings.values():
        photos, cells = (part[unit].tolist() for part in (ranking.photos, ranking.cells))
        count = sum(photo >= 0 for photo in photos)
        if count:
            tiles = patch_tiles(patches(model, collection, layer, unit, photos[:count], cells[:count]), masked=False)
            rows.append(np.pad(tiles, ((0, len(photos) - count), *((0, 0),) * 3), constant_values=128))
    if not rows:
        raise UnitError(f"{layer}:{unit} has no value on these photos: choose another unit, or other weights.")
    return tile_sheet(np.concatenate(rows), columns=len(rows[0]))


def words(row: dict[str, Any]) -> list[str]:
    """A unit's row for people: the first photos of each ranking."""
    lines = [f"{row['layer']}:{row['unit']}" + (f"  {row['file']}" if "file" in row else "")]
    for kind, title in (("most", "largest"), ("least", "smallest"), ("relevant", "relevance")):
        first = [f"{photo['photo']} {photo['value']:.4g}" for photo in row[kind][:3]]
        lines.append(f"  {title}: {', '.join(first)}")
    if row["class_selectivity"] is not None:
        classes = ", ".join(f"{name} {mean:.4g}" for name, mean in row["strongest_classes"].items())
        lines.append(f"  class selectivity {row['class_selectivity']:.2f}: {classes}")
    return lines


def skipped_notes(found: Exemplars) -> list[str]:
    """The photos that could not be read."""
    if not found.skipped_count:
        return []
    return [f"Could not be read ({found.skipped_count:,}):", *(f"  {sentence}" for sentence in found.skipped)]


def as_json(rows: list[dict[str, Any]], collection: Collection, found: Exemplars) -> str:
    """All of it as one JSON object."""
    return json_text(
        {
            "collection": collection.title,
            "photos": found.total,
            "skipped": found.skipped_count,
            "skipped_examples": found.skipped,
            "units": rows,
        },
        indent=2,
    )


def file_of(folder: Path, layer: str, unit: int) -> Path:
    """Where a unit's sheet goes."""
    return folder / f"{layer}-{unit}.exemplars.png"
