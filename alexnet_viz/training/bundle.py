"""A run's network made into weights that ship: halved, measured again as they lie on the disk, and described."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from alexnet_viz.disk import write_atomically
from alexnet_viz.errors import RunError
from alexnet_viz.inspection.filters import noise_like
from alexnet_viz.network.files import read_weights, save_weights
from alexnet_viz.network.sources import BUNDLED
from alexnet_viz.network.weights import load
from alexnet_viz.training import augment, data, runs
from alexnet_viz.training.data_place import current_recipe
from alexnet_viz.training.recipe import preset
from alexnet_viz.values import NetworkSpec, Preprocessing

BATCH = 100
SURE_SHARE = 0.9  # of the right answers on validation photos count as sure


def bundle(run: Path, folder: Path = BUNDLED.parent, on_progress: Callable[[str], None] = print) -> dict[str, Any]:
    """Write a run's last checkpoint to ``folder`` in half precision, and a JSON beside it that says what it can do.

    All figures are those of the halved weights on the run's validation photos, by the app's own preprocessing, in
    float32. Returns the JSON. Raises RunError if the run has no checkpoint, DataError if its photos are gone.
    """
    names = runs.read_index(run)["last"]
    if not names:
        raise RunError(f"The run {run.name} has no checkpoint yet: let it train.")
    state, described = read_weights(run / "checkpoints" / f"{names[0]}.safetensors")
    recipe = runs.read_run(run).recipe
    splits = data.load(current_recipe(run, recipe))  # first: without its photos nothing may be overwritten
    stages = _stages(run)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / BUNDLED.name
    about: dict[str, Any] = {
        "spec": NetworkSpec(**described["spec"]),
        "categories": data.short_names([tuple(name.split(", ")) for name in described["categories"]]),
        "preprocessing": Preprocessing(**described["preprocessing"]),
        "title": f"Bundled, {len(described['categories'])} classes",
        "source": f"trained for {sum(len(stage['curve']) for stage in stages)} epochs by the preset {recipe.preset}",
    }
    halves = {key: value.half() for key, value in state.items()}
    save_weights(path, halves, **about)
    labels = splits.val.labels
    probabilities = _probabilities(path, splits.val, on_progress)
    best = probabilities.max(1)
    right = probabilities.argmax(1) == labels
    unsure_below = round(float(np.quantile(best[right], 1 - SURE_SHARE)), 3)
    save_weights(path, halves, **about, extra={"unsure_below": unsure_below})  # what the app hints by
    strange = _probabilities(path, data.load(preset("quick")).val, on_progress).max(1)  # none of its classes
    top5 = np.argsort(-probabilities, axis=1)[:, :5]
    card = {
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "spec": about["spec"].as_dict(),
        "preprocessing": asdict(about["preprocessing"]),
        "photos": {"train": len(splits.train), "val": len(labels)},
        "top1": float(right.mean()),
        "top5": float((top5 == labels[:, None]).any(1).mean()),
        "unsure_below": unsure_below,
        "unsure": {
            "right": float((best[right] < unsure_below).mean()),
            "wrong": float((best[~right] < unsure_below).mean()),
            "textures": float((strange < unsure_below).mean()),
        },
        "conv1_noise_like": noise_like(state["conv1.weight"].float().numpy()).nonzero()[0].tolist(),
        "per_class_top1": {
            name: float(right[labels == label].mean()) for label, name in enumerate(about["categories"])
        },
        "stages": stages,
        "categories": list(about["categories"]),
    }
    write_atomically(path.with_suffix(".json"), (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode())
    return card


def _stages(run: Path) -> list[dict[str, Any]]:
    """Recipe, versions and validation curve of a run, after those of the run that it went on from."""
    record = runs.read_run(run)
    kind, _, before = record.recipe.start.partition(":")
    earlier = _stages(runs.find_run(before, run.parent)) if kind == "run" else []
    rows = [row for row in runs.latest(runs.read_metrics(run)[0]) if row["split"] == "val"]
    return [
        *earlier,
        {
            "run": run.name,
            "recipe": record.recipe.as_dict()
            | {"data": "folder:DATA"},  # a path of one machine says nothing on another
            "about": {
                key: record.status.about[key] for key in ("device", "precision", "threads", "processes", "torch")
            },
            "curve": [{key: row[key] for key in ("epoch", "step", "loss", "top1", "top5")} for row in rows],
        },
    ]


@torch.inference_mode()
def _probabilities(path: Path, photos: data.ImageSet, on_progress: Callable[[str], None]) -> np.ndarray:
    """What the weights in a file say of each photo, float32 (N, classes)."""
    network, info = load(str(path))
    probabilities = []
    for start in range(0, len(photos), BATCH):
        rows = np.arange(start, min(start + BATCH, len(photos)))
        x = augment.eval_batch(photos, rows, info.preprocessing, device="cpu")
        probabilities.append(network(x).softmax(1).numpy())
        on_progress(f"measured {rows[-1] + 1:,} of {len(photos):,} photos")
    return np.concatenate(probabilities)
