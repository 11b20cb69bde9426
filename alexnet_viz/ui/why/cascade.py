"""Cascading randomisation on the page: the map as fc8, then fc7 … down to conv1 lose their training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from alexnet_viz.attribution.methods import METHODS, Method
from alexnet_viz.components.heat_maps import heat_maps
from alexnet_viz.figures.attribution import Look, common, taken
from alexnet_viz.figures.faithfulness import cascade
from alexnet_viz.ui import address, ask
from alexnet_viz.ui.jobs import Progress, Task
from alexnet_viz.ui.sidebar import theme
from alexnet_viz.ui.why.asking import gather, task
from alexnet_viz.ui.why.choices import Question, Wish
from alexnet_viz.ui.why.pictures import downloads, label, panel_of, tile
from alexnet_viz.values import Attribution

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

LAYERS = ("fc8", "fc7", "fc6", "conv5", "conv4", "conv3", "conv2", "conv1")


def randomised_layers(network: Model, question: Question, photo: str, look: Look, together: bool) -> None:
    """The chosen method's maps step by step, and its rank correlation beside another method's."""
    others = [key for key in METHODS if key != question.method.key]
    first = "guided-backprop" if "guided-backprop" in others else others[0]
    address.seed("why_against", first, allowed=others)
    other = st.selectbox("In the chart beside", others, key="why_against", persist_state="session",
                         format_func=lambda key: METHODS[key].title,
                         help="Guided backprop is the known case of a map that hardly falls.")  # fmt: skip
    address.show("why_against", other)
    methods = [question.method, METHODS[other]]
    wishes = {method.key: question.wish(network, photo, method=method)[1] for method in methods}
    tasks = [one for method in methods for one in _steps(network, method, wishes[method.key])]
    found = gather(tasks, [method.slow for method in methods for _ in range(len(LAYERS) + 1)])
    for problem in dict.fromkeys(one for one in found if isinstance(one, str)):
        st.error(problem, icon=":material/info:")
    own, beside = found[: len(LAYERS) + 1], found[len(LAYERS) + 1 :]
    _tiles(network, wishes[question.method.key], own, look, together)
    lines = {method.title: _kept(each, look) for method, each in zip(methods, (own, beside), strict=True)}
    words = "; ".join(f"{name}: {', '.join(f'{one:.2f}' for one in line)}" for name, line in lines.items())
    chart = cascade(["trained", *LAYERS], lines, theme())
    st.plotly_chart(chart, key="why-cascade", config={"displayModeBar": False}, alt=words)
    st.caption(
        "Adebayo et al. 2018, cascading randomisation: from the left, more and more layers lose their training. A line "
        "that stays up belongs to a map that does not depend on what the network learned. Rank correlation of the maps "
        "as shown, with the trained network's; the class stays the same."
    )


def _steps(network: Model, method: Method, wish: Wish) -> list[Task]:
    """The trained network's map, and one for each layer down to which all is random."""

    def made(down_to: str, progress: Progress) -> Attribution:
        from alexnet_viz.attribution.cascade import randomised
        from alexnet_viz.attribution.session import Session

        how = network.info.preprocessing
        other = ask.inputs(wish.other, how).tensor if wish.other else None
        session = Session(randomised(network, down_to), ask.inputs(wish.photo, how).tensor, other)
        return session.attribute(wish.method, wish.target, wish.layer, dict(wish.knobs), progress)

    random = [
        Task(("cascade", wish, layer), f"{method.title}, random down to {layer}",
             lambda progress, layer=layer: made(layer, progress)) for layer in LAYERS
    ]  # fmt: skip
    return [task(network, wish), *random]


def _tiles(network: Model, wish: Wish, found: list[object], look: Look, together: bool) -> None:
    names = ["As trained", *(f"Random to {layer}" for layer in LAYERS)]
    there = [(name, one) for name, one in zip(names, found, strict=True) if isinstance(one, Attribution)]
    if not there:
        return
    panels = [panel_of(network, wish, one, look, name) for name, one in there]
    panels = common(panels) if together else panels
    tiles = [tile(one, (wish, one.title), look, one.title, longest=420) for one in panels]
    heat_maps(tiles, key="why-cascade-maps", columns="repeat(auto-fit, minmax(min(165px, 100%), 1fr))", height=200)
    shown = [(network, wish, one, drawn) for (_, one), drawn in zip(there, panels, strict=True)]
    downloads(shown, look, f"Cascading randomisation: {label(network, wish)}")


def _kept(found: list[object], look: Look) -> list[float]:
    """The rank correlation of each step's map with the trained one's; NaN where there is none."""
    from alexnet_viz.attribution.faithfulness import spearman

    trained = found[0]
    if not isinstance(trained, Attribution):
        return [np.nan] * len(found)
    base = taken(trained.values, look.part)[0]
    return [
        spearman(base, taken(one.values, look.part)[0]) if isinstance(one, Attribution) else np.nan for one in found
    ]
