"""Put to the test: deletion and insertion curves, infidelity, sensitivity and the pointing game for several methods."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from alexnet_viz.attribution.methods import METHODS
from alexnet_viz.attribution.targets import CLASSES
from alexnet_viz.components.photo_brush import photo_brush
from alexnet_viz.figures.faithfulness import pixel_curves
from alexnet_viz.progress import CountProgress
from alexnet_viz.settings import Setting
from alexnet_viz.ui.attribution.by_hand import canvas, crop_of
from alexnet_viz.ui.attribution.choices import MapRequest, MethodChoice, compared_methods
from alexnet_viz.ui.attribution.map_jobs import task
from alexnet_viz.ui.shared import jobs, photos, queries
from alexnet_viz.ui.shared.charts import plotly_chart
from alexnet_viz.ui.shared.controls import Control
from alexnet_viz.ui.shared.job_progress import gather
from alexnet_viz.ui.shared.jobs import Task
from alexnet_viz.ui.shared.sidebar import theme
from alexnet_viz.ui.shared.text import markdown
from alexnet_viz.values import Attribution, PixelCurve

if TYPE_CHECKING:
    from alexnet_viz.attribution.faithfulness import Pointing
    from alexnet_viz.inspection.model import Model

BASELINES = {"random": "Random pixels", "centre": "Centred Gaussian"}

STEPS = Control(
    Setting(
        "why_steps",
        "int",
        32,
        "Steps",
        "Forward passes a curve: more, a finer curve and more time.",
        low=8,
        high=224,
        step=8,
    )
)
BOX = Control(Setting("why_box", "text", ""))


def put_to_the_test(model: Model, method_choice: MethodChoice, photo: str) -> None:
    """Curves, numbers and the pointing game for several methods, one photo and one target."""
    left, right = st.columns([4, 1], gap="large", vertical_alignment="bottom")
    with left:
        keys = [method.key for method in compared_methods(method_choice, "why_tested", 2)]
    steps = STEPS.slider(right)
    requests = {key: method_choice.map_request(model, photo, method=METHODS[key])[1] for key in keys}
    tasks = _tasks(model, requests, photo, method_choice, steps)
    progress = st.container()
    with progress:
        values = gather(list(tasks.values()), [True] * len(tasks))
    made = dict(zip(tasks, values, strict=True))
    for problem in dict.fromkeys(value for value in values if isinstance(value, str)):
        st.error(markdown(problem), icon=":material/info:")
    _curves(model, keys, made, method_choice)
    _numbers(keys, made)
    st.subheader("Pointing game: does it point at the object?", anchor=False)
    _pointing_game(model, {key: made[key, "map"] for key in keys}, photo)


def _tasks(
    model: Model, requests: dict[str, MapRequest], photo: str, method_choice: MethodChoice, steps: int
) -> dict[tuple[str, str], Task]:
    """Everything to measure, by (method or baseline, what), in the order in which it is made."""
    from alexnet_viz.attribution import faithfulness as core

    tensor = queries.inputs(photo, model.info.preprocessing).tensor
    size, target = tensor.shape[-1], method_choice.target
    place = (photo, model.info.id, model.device.name, target)
    tasks: dict[tuple[str, str], Task] = {}
    for key, request in requests.items():
        tasks[key, "map"] = task(model, request)

    def values_of(key: str) -> np.ndarray:
        if key == "random":
            return core.random_map(size)
        if key == "centre":
            return core.centre_map(size)
        own = tasks[key, "map"]
        attribution: Attribution = jobs.made.get(own.key, lambda: own.make(lambda done, total: None))
        return core.on_input(attribution.values, size, attribution.placement)

    def draw(key: str, name: str, curve: Callable[..., PixelCurve], progress: CountProgress) -> PixelCurve:
        score = core.share(model, target, tensor)
        return curve(name, score, tensor, values_of(key), steps=steps, progress=progress)

    def infidelity(key: str, progress: CountProgress) -> float:
        return core.infidelity(core.value(model, target), tensor, values_of(key))

    curves = {"deletion": core.deletion, "insertion": core.insertion}
    for key in (*BASELINES, *requests):
        name = BASELINES.get(key) or METHODS[key].title
        for what, curve in curves.items():
            tasks[key, what] = Task(
                (what, place, requests.get(key, key), steps),
                f"{name}, {what}",
                partial(draw, key, name, curve),
            )
    for key, request in requests.items():
        tasks[key, "infidelity"] = Task(
            ("infidelity", request),
            f"{METHODS[key].title}, infidelity",
            partial(infidelity, key),
        )
        if not METHODS[key].slow:
            tasks[key, "sensitivity"] = Task(
                ("sensitivity", request),
                f"{METHODS[key].title}, max-sensitivity",
                partial(_sensitivity, model, request, tensor),
            )
    return tasks


def _sensitivity(
    model: Model, request: MapRequest, tensor: np.ndarray, progress: CountProgress, samples: int = 8
) -> float:
    from alexnet_viz.attribution import faithfulness as core
    from alexnet_viz.attribution.session import Session

    other = queries.inputs(request.other, model.info.preprocessing).tensor if request.other else None
    done = 0

    def explain(shaken: np.ndarray) -> np.ndarray:
        nonlocal done
        attribution = Session(model, shaken, other).attribute(
            request.method, request.target, request.layer, dict(request.settings)
        )
        progress(done := done + 1, samples + 1)
        return attribution.values

    return core.sensitivity(explain, tensor, samples=samples)


def _curves(model: Model, keys: list[str], made: dict, method_choice: MethodChoice) -> None:
    """Both charts, and in words which maps do better than knowing nothing."""
    target = method_choice.target
    if target.layer != CLASSES:
        score = "the unit's value, photo = 1"
    elif len(model.info.categories) == 1:
        score = f"sigmoid of {model.info.categories[0]}'s logit"
    elif target.against is None:
        score = f"probability of {model.info.categories[target.index]}"
    else:
        score = f"probability of {model.info.categories[target.index]} against the other class"
    explanations = {
        "deletion": ("**Deletion**: the strongest pixels turn grey first. A small area is good.", "pixels turned grey"),
        "insertion": (
            "**Insertion**: they come back first into a blurred photo. A large area is good.",
            "pixels brought back",
        ),
    }
    for column, (what, (words, axis)) in zip(st.columns(2, gap="large"), explanations.items(), strict=True):
        with column:
            st.markdown(words)
            curves, lines = (
                [made[key, what] for key in some if isinstance(made[key, what], PixelCurve)]
                for some in (keys, BASELINES)
            )
            if curves or lines:
                chart = partial(pixel_curves, curves, lines, score, axis, theme())
                words = "; ".join(f"{curve.name}: area {curve.area:.3f}" for curve in (*curves, *lines))
                plotly_chart(chart, key=f"why-{what}", alt=f"{what}: {words}")
    verdicts = [_verdict(METHODS[key].title, made, key) for key in keys]
    st.markdown("\n".join(f"- {verdict}" for verdict in verdicts if verdict))
    st.caption(
        "Petsiuk, Das, Saenko 2018. A photo with grey or blurred holes is unlike any photo the network was "
        "trained on: a fall can come from the hole itself. That is why random pixels and a centred "
        "Gaussian stand beside the maps."
    )


def _verdict(title: str, made: dict, key: str) -> str | None:
    """Better or worse than both baselines, in words."""
    asked = [(name, what) for name in (key, *BASELINES) for what in ("deletion", "insertion")]
    area = {where: curve.area for where in asked if isinstance(curve := made.get(where), PixelCurve)}
    if len(area) < len(asked):
        return None
    parts = []
    for what, sign in (("deletion", -1), ("insertion", 1)):
        won = [sign * (area[key, what] - area[name, what]) > 0 for name in BASELINES]
        lost = [words.lower() for words, better in zip(BASELINES.values(), won, strict=True) if not better]
        than = f"not better than {' or '.join(lost)}" if lost else "better than both baselines"
        parts.append(f"{what} {area[key, what]:.3f}, {than}")
    return f"**{title}**: {'; '.join(parts)}."


def _numbers(keys: list[str], made: dict) -> None:
    """A row a method: what it was measured at, and what it says of itself."""
    st.subheader("In numbers", anchor=False)
    rows = []
    for key in keys:
        if made[key, "deletion"] is None:
            continue
        row: dict[str, Any] = {"method": METHODS[key].title}
        for what in ("deletion", "insertion"):
            curve = made[key, what]
            row[what] = curve.area if isinstance(curve, PixelCurve) else None
        for what in ("infidelity", "sensitivity"):
            value = made.get((key, what))
            row[what] = value if isinstance(value, float) else None
        attribution = made[key, "map"]
        checks = attribution.checks if isinstance(attribution, Attribution) else {}
        row["method's checks"] = ", ".join(f"{name} {value:.3g}" for name, value in checks.items())
        rows.append(row)
    if not rows:
        st.caption("Each number appears as soon as it is measured.")
        return
    number = st.column_config.NumberColumn
    st.dataframe(
        rows,
        hide_index=True,
        alt="The methods' deletion and insertion areas, infidelity, max-sensitivity and the methods' checks",
        column_config={
            "deletion": number("deletion ↓", format="%.3f", help="Area under the deletion curve; small is good."),
            "insertion": number("insertion ↑", format="%.3f", help="Area under the insertion curve; large is good."),
            "infidelity": number(
                "infidelity ↓",
                format="%.2f",
                help="The share of the logit's changes, as squares of "
                "the photo grow darker or brighter, that the map does not foretell: 0 the best, 1 as "
                "good as an empty map (Yeh et al. 2019, over its mean squared change).",
            ),
            "sensitivity": number(
                "max-sensitivity ↓",
                format="%.3f",
                help="How far the map moves, over its own size, "
                "when each pixel is shaken by about one step of 255 (Yeh et al. 2019). Not measured "
                "for slow methods.",
            ),
        },
    )


def _pointing_game(model: Model, maps: dict[str, object], photo: str) -> None:
    """A box around the thing, and which map has its strongest place there."""
    size = model.info.preprocessing.crop
    begin = _read_box(BOX.value, size)
    geometry = queries.inputs(photo, model.info.preprocessing).geometry
    left, right = st.columns([1, 1], gap="large")
    with left:
        box = photo_brush(
            *canvas(photo),
            f"{photos.alt(photo)}, to draw a box on",
            crop_of(geometry),
            size,
            key=f"why-box-{photo}-{size}",
            mode="box",
            box=begin,
            height=330,
        ).box
    BOX.choose(",".join(f"{value:.0f}" for value in box) if box else "")
    BOX.resolve()  # into the address
    with right:
        if box is None:
            st.markdown("Draw a box around what the network should look at.")
            return
        attributions = {key: map for key, map in maps.items() if isinstance(map, Attribution)}
        rows = [_points(METHODS[key].title, map, box, size) for key, map in attributions.items()]
        st.dataframe(rows, hide_index=True, alt="Whether each map's strongest place lies in the box")
        st.caption(
            "Yes: its strongest place lies in the box or within 15 pixels of it (Zhang et al. 2018). Share: how "
            "much of the map's positive sum lies in the box; a map that knows nothing would have the box's "
            "share of the area."
        )


def _points(title: str, attribution: Attribution, box: tuple[float, float, float, float], size: int) -> dict:
    from alexnet_viz.attribution.faithfulness import on_input, pointing

    score: Pointing = pointing(on_input(attribution.values, size, attribution.placement), box, size)
    flat = not attribution.values.any()
    return {
        "method": title,
        "points into the box": "–" if flat else "yes" if score.hit else "no",
        "share in the box": "–" if np.isnan(score.energy) else f"{score.energy:.0%}",
        "box's area": f"{score.area:.0%}",
    }


def _read_box(text: str, size: int) -> tuple[float, float, float, float] | None:
    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (left, top, right, bottom) if 0 <= left < right <= size and 0 <= top < bottom <= size else None
