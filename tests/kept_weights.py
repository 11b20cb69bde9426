"""Whole weights along a run, as its worker writes them."""

from pathlib import Path

from alexnet_viz.network.checkpoint_index import kept_file
from alexnet_viz.network.files import save_weights
from alexnet_viz.network.variants import build
from alexnet_viz.training import runs
from alexnet_viz.training.textures import CLASS_NAMES


def keep(run: Path, *steps: int) -> None:
    """Keep other weights for each step in a run on the textures."""
    recipe = runs.read_run(run).recipe
    spec = recipe.spec(len(CLASS_NAMES))
    for step in steps:
        file = kept_file(run, step)
        file.parent.mkdir(exist_ok=True)
        state = {name: weight.half() for name, weight in build(spec, step).state_dict().items()}
        about = {"categories": CLASS_NAMES, "preprocessing": recipe.preprocessing, "title": file.stem}
        save_weights(file, state, spec=spec, source="a test", **about)
