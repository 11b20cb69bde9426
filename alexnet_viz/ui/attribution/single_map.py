"""One map, large; two classes beside each other; all five convolutions as a strip; and the method's card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from alexnet_viz.attribution.methods import Method
from alexnet_viz.attribution.targets import CLASSES, Target
from alexnet_viz.components.heat_maps import heat_maps
from alexnet_viz.figures.attribution import MapStyle, common
from alexnet_viz.ui.attribution.choices import ALL, NONE, MapRequest, MethodChoice
from alexnet_viz.ui.attribution.map_jobs import maps
from alexnet_viz.ui.attribution.map_pictures import Shown, downloads, label, panel_of, tile
from alexnet_viz.ui.shared.error_boundary import callback
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.values import Attribution

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model

TALL = 372  # CSS pixels: with it the first screen of 1280 × 720 holds the picture and its legend
CONVOLUTIONS = ("conv1", "conv2", "conv3", "conv4", "conv5")


def one_map(model: Model, method_choice: MethodChoice, photo: str, look: MapStyle) -> None:
    """The map over the photo and alone; for two classes the three maps of both; for all layers a strip of five."""
    if method_choice.target.against is not None and method_choice.layer != ALL:
        _two_classes(model, method_choice, photo, look)
    elif method_choice.layer == ALL:
        asked = [method_choice.map_request(model, photo, layer=layer) for layer in CONVOLUTIONS]
        row(asked, list(CONVOLUTIONS), look, "why-strip", columns="repeat(5, minmax(0, 1fr))", height=300)
        st.caption("Each layer on a scale of its own: their sizes cannot be compared by colour.")
    else:
        _large(*method_choice.map_request(model, photo), look)


def _large(model: Model, request: MapRequest, look: MapStyle) -> None:
    (attribution,) = maps([(model, request)])
    if isinstance(attribution, str):
        st.error(markdown(attribution), icon=":material/info:")
    if not isinstance(attribution, Attribution):
        return
    panel = panel_of(model, request, attribution, look, f"Why “{short(model, request.target)}”")
    rows, columns = attribution.values.shape
    of = f"{rows} × {columns} places of {request.layer}" if request.layer else f"{rows} × {columns} pixels of the input"
    alone = replace(panel, title="The map alone", note=f"{of}, each as it is.")
    tiles = [tile(panel, request, look, "over", longest=1000), tile(alone, request, look, "raw", raw=True)]
    wide = max(190, round(TALL * panel.photo.size[0] / panel.photo.size[1]))  # the text below needs some room
    heat_maps(tiles, key="why-map", columns=f"minmax(0, {wide}px) minmax(0, 300px)", height=TALL)
    st.caption(markdown(label(model, request)))
    for note in attribution.notes:
        st.info(note, icon=":material/info:")
    downloads([(model, request, attribution, panel)], look, label(model, request))
    _checks(attribution)


def _two_classes(model: Model, method_choice: MethodChoice, photo: str, look: MapStyle) -> None:
    """Why A, why B, and what makes the difference, on one screen."""
    target, against = method_choice.target, method_choice.target.against
    assert against is not None
    targets = Target.of_class(target.index), Target.of_class(against), target
    asked = [method_choice.map_request(model, photo, target=each) for each in targets]
    difference = asked[2][1]
    settings = dict(difference.settings)
    if "rectify" in settings:  # what speaks for the second class is to be seen, too
        settings["rectify"] = False
        asked[2] = model, replace(difference, settings=tuple(sorted(settings.items())))
    names = [first_name(model.info.categories[index]) for index in (target.index, against)]
    titles = [f"Why {names[0]}", f"Why {names[1]}", f"{names[0]} rather than {names[1]}"]
    row(asked, titles, look, "why-two", columns="repeat(3, minmax(0, 1fr))", height=330, together=2)
    signed = (
        ("rectify" in settings or method_choice.method.signed)
        and not settings.get("absolute")
        and look.part == "signed"
    )
    blue = f": red speaks for {markdown(names[0])}, blue for {markdown(names[1])}" if signed else ""
    st.caption(f"The first two on one scale. The third asks for the difference of the two logits{blue}.")


def row(
    asked: Sequence[tuple[Model, MapRequest]],
    titles: Sequence[str],
    look: MapStyle,
    key: str,
    *,
    columns: str = "",
    height: int,
    together: int = 0,
    linked: bool = True,
    pick: bool = False,
) -> list[Shown]:
    """Maps side by side, with downloads; the first ``together`` of them on one scale. Returns those that are there.

    With ``pick`` each has a button that opens it as the one map.
    """
    results = maps(asked)
    for problem in dict.fromkeys(result for result in results if isinstance(result, str)):
        st.error(markdown(problem), icon=":material/info:")
    shown = [
        (model, request, result, panel_of(model, request, result, look, title))
        for (model, request), result, title in zip(asked, results, titles, strict=True)
        if isinstance(result, Attribution)
    ]
    if not shown:
        return []
    if together:
        panels = [each[3] for each in shown]
        panels = [*common(panels[:together]), *panels[together:]]
        shown = [(*each[:3], panel) for each, panel in zip(shown, panels, strict=True)]
    tiles = [tile(panel, request, look, str(i)) for i, (_, request, _, panel) in enumerate(shown)]
    requests = [request for _, request, *_ in shown]
    heat_maps(
        tiles,
        key=key,
        columns=columns,
        height=height,
        linked=linked,
        pick="Enlarge" if pick else "",
        on_pick=callback(lambda number: open_as_one(requests[int(number)])),
    )
    for note in dict.fromkeys(note for each in shown for note in each[2].notes):
        st.info(note, icon=":material/info:")
    downloads(shown, look, label(*shown[0][:2]))
    return shown


def open_as_one(request: MapRequest) -> None:
    """What a tile's button does: its method and class become the page's method_choice."""
    state = st.session_state
    state.why_view, state.why_method = "map", request.method
    if request.target.layer == CLASSES:
        against = request.target.against
        state.why_class, state.why_not = str(request.target.index), NONE if against is None else str(against)


def short(model: Model, target: Target) -> str:
    """A target in as few words as a heading needs."""
    if target.layer == CLASSES and target.against is None:
        return first_name(model.info.categories[target.index])
    return target.describe(model.info.categories)


def first_name(label: str) -> str:
    """ImageNet's labels list synonyms: the first."""
    return label.split(",")[0]


def _checks(attribution: Attribution) -> None:
    """What the method says of itself, as numbers."""
    if attribution.checks:
        st.markdown(" · ".join(f"{name} **{value:.3g}**" for name, value in attribution.checks.items()))
    if "convergence delta" in attribution.checks:
        st.caption(
            "The map's values should add up to the target's change from the baseline to the photo; the convergence "
            "delta is what they miss it by, “missed” its share."
        )


def card(method: Method) -> None:
    """What the method asks, what it costs, where it misleads, where it comes from."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(f"What {method.title} asks", anchor=False)
        st.markdown(f"{method.asks}\n\nCost: {method.cost}.")
        st.caption(method.reference)
        for setting in method.settings:
            st.caption(f"**{setting.label}**: {setting.help}")
    with right:
        st.subheader("How far to trust it", anchor=False)
        always = (
            "It explains a **logit**, one number before the softmax, of this network: not the photo, and not what a "
            "person would see.",
            "**Put to the test**, above, measures it here: take away what it calls important and see.",
        )
        placed = (
            "Each place is drawn where the middle of its receptive field lies. The papers spread a layer's places "
            "evenly over the crop instead, which moves the outermost by half a place.",
        )
        traps = (*method.traps, *(placed if method.layered else ()), *always)
        st.markdown("\n".join(f"- {trap}" for trap in traps))
