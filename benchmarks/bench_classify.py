"""Bytes to Prediction against the bare work: PIL decode, torchvision's transforms, model(x)."""

import io
from collections.abc import Callable

import numpy as np
import torch
import torchvision
from PIL import Image

from alexnet_viz.images.samples import SAMPLES, sample
from alexnet_viz.inspection.model import Model, get
from alexnet_viz.inspection.predictions import classify
from benchmarks.side_by_side import side_by_side


def jpeg(key: str, size: tuple[int, int]) -> bytes:
    """A sample photo as a JPEG of another size."""
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(sample(key)[0])) as image:
        image.resize(size, Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def large_photos() -> list[bytes]:
    """JPEGs of 4000 × 3000 pixels: six cuts of each sample, enlarged, every other one with a sensor's noise."""
    draw, found = np.random.default_rng(0), []
    for one in SAMPLES:
        with Image.open(io.BytesIO(sample(one.key)[0])) as image:
            image = image.convert("RGB")
        for turn in range(6):
            width = draw.uniform(0.5, 1) * min(image.width, image.height * 4 / 3)
            left, top = draw.uniform(0, image.width - width), draw.uniform(0, image.height - width * 3 / 4)
            box = (left, top, left + width, top + width * 3 / 4)
            cut = np.asarray(image.resize((4000, 3000), Image.Resampling.BICUBIC, box))
            if turn % 2:
                cut = (cut + 8 * draw.standard_normal(cut.shape, np.float32)).clip(0, 255).astype(np.uint8)
            buffer = io.BytesIO()
            Image.fromarray(cut).save(buffer, "JPEG", quality=92)
            found.append(buffer.getvalue())
    return found


def bare_of(model: Model) -> Callable[[bytes], list[int]]:
    """The bare work on a photo's bytes: its five strongest classes."""
    transform = torchvision.models.AlexNet_Weights.IMAGENET1K_V1.transforms()

    def bare(data: bytes) -> list[int]:
        with torch.inference_mode():
            image = Image.open(io.BytesIO(data)).convert("RGB")
            probabilities = model.network(transform(image)[None]).softmax(1)[0]
            return probabilities.topk(5).indices.tolist()

    return bare


def main() -> None:
    model = get("bundled")
    bare = bare_of(model)
    for title, size in (("12-megapixel JPEG", (4000, 3000)), ("640×480 JPEG", (640, 480))):
        data = jpeg("raccoon", size)
        side_by_side(title, lambda data=data: classify(model, data, "x"), lambda data=data: bare(data))
    photos = large_photos()
    pairs = [([p.index for p in classify(model, data, "x")[2].predictions], bare(data)) for data in photos]
    first = sum(a[0] == b[0] for a, b in pairs)
    five = sum(set(a) == set(b) for a, b in pairs)
    order = sum(a == b for a, b in pairs)
    print(
        f"JPEGs at reduced scale, {model.info.title}, {len(photos)} photos of 12 megapixels: the same top-1 for "
        f"{first}, the same five for {five}, in the same order for {order}"
    )


if __name__ == "__main__":
    main()
