"""Cascading randomisation on the page: the map as fc8, then fc7 … down to conv1 lose their training."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from alexnet_viz.attribution.methods import METHODS
from alexnet_viz.components.heat_maps import heat_maps
from alexnet_viz.figures.attribution import MapStyle, common
from alexnet_viz.figures.faithfulness import cascade
from alexnet_viz.progress import CountProgress
from alexnet_viz.settings import Setting
from alexnet_viz.ui.attribution.choices import MapRequest, MethodChoice
from alexnet_viz.ui.attribution.map_pictures import downloads, label, panel_of, tile
from alexnet_viz.ui.shared import queries
from alexnet_viz.ui.shared.charts import plotly_chart
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.job_progress import gather
from alexnet_viz.ui.shared.jobs import Task
from alexnet_viz.ui.shared.sidebar import theme
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.values import RandomisationStage

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

_KNOWN = "Guided backprop is the known case of a map that hardly falls."
AGAINST = Control(Setting("why_against", "text", None, "Also in the chart", _KNOWN))


def randomised_layers(model: Model, method_choice: MethodChoice, photo: str, look: MapStyle, together: bool) -> None:
    """The chosen method's maps step by step, and its rank correlation beside another method's."""
    others = [key for key in METHODS if key != method_choice.method.key]
    first = "guided-backprop" if "guided-backprop" in others else others[0]
    other = AGAINST.among(others, first)
    AGAINST.selectbox(format_func=lambda key: METHODS[key].title)
    requests = [
        method_choice.map_request(model, photo, method=METHODS[key])[1] for key in (method_choice.method.key, other)
    ]
    results = gather([_task(model, request) for request in requests], [True] * len(requests))
    for problem in dict.fromkeys(result for result in results if isinstance(result, str)):
        st.error(markdown(problem), icon=":material/info:")
    stages_of = {
        request: stages for request, stages in zip(requests, results, strict=True) if isinstance(stages, tuple)
    }
    if requests[0] in stages_of:
        _tiles(model, requests[0], stages_of[requests[0]], look, together)
    if stages_of:
        lines = {
            METHODS[request.method].title: [stage.spearman for stage in stages] for request, stages in stages_of.items()
        }
        layers = [stage.layer or "trained" for stage in next(iter(stages_of.values()))]
        words = "; ".join(
            f"{name}: {', '.join(f'{correlation:.2f}' for correlation in line)}" for name, line in lines.items()
        )
        plotly_chart(partial(cascade, layers, lines, theme()), key="why-cascade", alt=words)
    st.caption(
        "Adebayo et al. 2018, cascading randomisation: from the left, more and more layers lose their training. A line "
        "that stays up belongs to a map that does not depend on what the network learned. Rank correlation of whole "
        "maps, signs and all, with the trained network's; the class stays the same."
    )


def _task(model: Model, request: MapRequest) -> Task:
    """All stages of one method's map."""

    def make(progress: CountProgress) -> tuple[RandomisationStage, ...]:
        from alexnet_viz.attribution.randomisation import cascade as undo

        how = model.info.preprocessing
        tensor = queries.inputs(request.photo, how).tensor
        other = queries.inputs(request.other, how).tensor if request.other else None
        return undo(
            model, tensor, request.method, request.target, request.layer, dict(request.settings), progress, other
        )

    return Task(("cascade", request), f"{METHODS[request.method].title}, layers made random", make)


def _tiles(
    model: Model, request: MapRequest, stages: tuple[RandomisationStage, ...], look: MapStyle, together: bool
) -> None:
    titles = [f"Random to {stage.layer}" if stage.layer else "As trained" for stage in stages]
    panels = [
        panel_of(model, request, stage.attribution, look, title) for stage, title in zip(stages, titles, strict=True)
    ]
    panels = common(panels) if together else panels
    tiles = [tile(panel, (request, panel.title), look, panel.title, longest=420) for panel in panels]
    heat_maps(tiles, key="why-cascade-maps", columns="repeat(auto-fit, minmax(min(165px, 100%), 1fr))", height=200)
    shown = [(model, request, stage.attribution, drawn) for stage, drawn in zip(stages, panels, strict=True)]
    downloads(shown, look, f"Cascading randomisation: {label(model, request)}")
