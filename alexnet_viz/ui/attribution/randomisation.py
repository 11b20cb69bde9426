"""Cascading randomisation on the page: the map as fc8, then fc7 … down to conv1 lose their training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from alexnet_viz.attribution.methods import METHODS
from alexnet_viz.components.heat_maps import heat_maps
from alexnet_viz.figures.attribution import MapStyle, common
from alexnet_viz.figures.faithfulness import cascade
from alexnet_viz.settings import Setting
from alexnet_viz.ui.attribution.choices import MapRequest, MethodChoice
from alexnet_viz.ui.attribution.map_jobs import gather
from alexnet_viz.ui.attribution.map_pictures import downloads, label, panel_of, tile
from alexnet_viz.ui.shared import queries
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.jobs import Progress, Task
from alexnet_viz.ui.shared.sidebar import theme
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.values import RandomisationStage

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

_KNOWN = "Guided backprop is the known case of a map that hardly falls."
AGAINST = Control(Setting("why_against", "text", None, "In the chart beside", _KNOWN))


def randomised_layers(model: Model, question: MethodChoice, photo: str, look: MapStyle, together: bool) -> None:
    """The chosen method's maps step by step, and its rank correlation beside another method's."""
    others = [key for key in METHODS if key != question.method.key]
    first = "guided-backprop" if "guided-backprop" in others else others[0]
    other = AGAINST.among(others, first)
    AGAINST.selectbox(format_func=lambda key: METHODS[key].title)
    wishes = [question.wish(model, photo, method=METHODS[key])[1] for key in (question.method.key, other)]
    found = gather([_task(model, wish) for wish in wishes], [True] * len(wishes))
    for problem in dict.fromkeys(one for one in found if isinstance(one, str)):
        st.error(markdown(problem), icon=":material/info:")
    there = {wish: stages for wish, stages in zip(wishes, found, strict=True) if isinstance(stages, tuple)}
    if wishes[0] in there:
        _tiles(model, wishes[0], there[wishes[0]], look, together)
    if there:
        lines = {METHODS[wish.method].title: [one.spearman for one in stages] for wish, stages in there.items()}
        layers = [one.layer or "trained" for one in next(iter(there.values()))]
        words = "; ".join(f"{name}: {', '.join(f'{one:.2f}' for one in line)}" for name, line in lines.items())
        st.plotly_chart(cascade(layers, lines, theme()), key="why-cascade", config={"displayModeBar": False}, alt=words)
    st.caption(
        "Adebayo et al. 2018, cascading randomisation: from the left, more and more layers lose their training. A line "
        "that stays up belongs to a map that does not depend on what the network learned. Rank correlation of whole "
        "maps, signs and all, with the trained network's; the class stays the same."
    )


def _task(model: Model, wish: MapRequest) -> Task:
    """All stages of one method's map."""

    def make(progress: Progress) -> tuple[RandomisationStage, ...]:
        from alexnet_viz.attribution.randomisation import cascade as undo

        how = model.info.preprocessing
        tensor = queries.inputs(wish.photo, how).tensor
        other = queries.inputs(wish.other, how).tensor if wish.other else None
        return undo(model, tensor, wish.method, wish.target, wish.layer, dict(wish.settings), progress, other)

    return Task(("cascade", wish), f"{METHODS[wish.method].title}, layers made random", make)


def _tiles(
    model: Model, wish: MapRequest, stages: tuple[RandomisationStage, ...], look: MapStyle, together: bool
) -> None:
    titles = [f"Random to {one.layer}" if one.layer else "As trained" for one in stages]
    panels = [panel_of(model, wish, one.attribution, look, title) for one, title in zip(stages, titles, strict=True)]
    panels = common(panels) if together else panels
    tiles = [tile(one, (wish, one.title), look, one.title, longest=420) for one in panels]
    heat_maps(tiles, key="why-cascade-maps", columns="repeat(auto-fit, minmax(min(165px, 100%), 1fr))", height=200)
    shown = [(model, wish, one.attribution, drawn) for one, drawn in zip(stages, panels, strict=True)]
    downloads(shown, look, f"Cascading randomisation: {label(model, wish)}")
