"""How the attribution page asks for maps: as tasks, the slow ones in the background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from alexnet_viz.attribution.methods import METHODS
from alexnet_viz.progress import CountProgress
from alexnet_viz.ui.attribution.choices import MapRequest
from alexnet_viz.ui.shared import queries
from alexnet_viz.ui.shared.job_progress import gather
from alexnet_viz.ui.shared.jobs import Task
from alexnet_viz.values import Attribution

if TYPE_CHECKING:
    from alexnet_viz.inspection.model import Model


def task(model: Model, request: MapRequest) -> Task:
    """How a map is made, in the background or at once."""

    def make(progress: CountProgress) -> Attribution:
        session = queries.session(model, request.photo, request.other)
        return session.attribute(request.method, request.target, request.layer, dict(request.settings), progress)

    return Task(request, METHODS[request.method].title, make)


def maps(asked: Sequence[tuple[Model, MapRequest]]) -> list[Attribution | str | None]:
    """The requested maps, as ``gather`` returns them."""
    return gather([task(*request) for request in asked], [METHODS[request.method].slow for _, request in asked])
