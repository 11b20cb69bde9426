"""``units --map``: the photos of a collection as a map by what a layer makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from alexnet_viz.units.projection import UMAP_COMPONENTS, Projection, principal_components, umap

if TYPE_CHECKING:
    from PIL import Image

    from alexnet_viz.inspection.model import Model
    from alexnet_viz.units.collection import Collection
    from alexnet_viz.values import Exemplars


def projected(found: Exemplars, layer: str, with_umap: bool) -> Projection:
    """The map of what was looked through. Raises DataError for too few photos, UnitError without umap-learn."""
    vectors = getattr(found, layer)
    allowed = found.answers[: len(vectors)] >= 0
    if with_umap:
        return umap(principal_components(vectors, allowed, UMAP_COMPONENTS))
    return principal_components(vectors, allowed)


def as_json(model: Model, collection: Collection, found: Exemplars, layer: str, made: Projection) -> dict[str, Any]:
    """Everything that is known of the map, as JSON has it."""
    names = model.info.categories
    photos = []
    for number, (x, y) in zip(made.photos.tolist(), made.points[:, :2].tolist(), strict=True):
        answer = int(found.answers[number])
        photos.append(
            {
                "photo": collection.names[number],
                "class": collection.class_of(number),
                "answer": names[answer] if answer < len(names) else f"class {answer}",
                "x": x,
                "y": y,
            }
        )
    return {
        "collection": collection.title,
        "layer": layer,
        "projection": "umap" if made.shares is None else "pca",
        "variance_shares": None if made.shares is None else made.shares.tolist(),
        "skipped": found.skipped_count,
        "skipped_examples": found.skipped,
        "photos": photos,
    }


def picture(collection: Collection, found: Exemplars, layer: str, made: Projection) -> Image.Image:
    """The map with its photos, small, in their class's colour."""
    from alexnet_viz.figures.photo_map import map_picture

    title = f"{len(made.photos):,} photos by {layer}: {words(made)}"
    labels = collection.labels[made.photos]
    return map_picture(made.points[:, :2], found.thumbnails[made.photos], labels, collection.class_names, title)


def words(made: Projection) -> str:
    """What the axes are."""
    if made.shares is None:
        return "UMAP"
    first, second = (f"{share:.1%}" for share in made.shares[:2])
    return f"principal components 1 ({first} of all variance) and 2 ({second})"


def file_of(folder: Path, layer: str, made: Projection) -> Path:
    """Where the picture goes."""
    return folder / f"{layer}.{'umap' if made.shares is None else 'pca'}.png"
