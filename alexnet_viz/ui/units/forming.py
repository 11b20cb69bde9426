"""Pictures that form step by step in the background: what there is of them is kept for the page."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Protocol

from alexnet_viz.progress import CountProgress
from alexnet_viz.ui.shared import jobs
from alexnet_viz.ui.shared.jobs import Task


class Forming(Protocol):
    """A state of something that forms, after ``step`` of ``steps``."""

    @property
    def step(self) -> int: ...
    @property
    def steps(self) -> int: ...


# The newest state of pictures that are not finished, or were stopped: bounded, the oldest go.
_unfinished: OrderedDict[Hashable, Forming] = OrderedDict()


def forming(request: Hashable, title: str, make: Callable[[], Iterable[Forming]]) -> Task:
    """The task of making the last state that ``make`` gives; each one on the way is ``newest`` for a while."""

    def run(progress: CountProgress) -> Forming:
        for state in make():
            _unfinished[request] = state
            _unfinished.move_to_end(request)
            while len(_unfinished) > 64:
                _unfinished.popitem(last=False)
            progress(state.step, state.steps)
        _unfinished.pop(request, None)
        return state

    return Task(request, title, run)


def newest(request: Hashable) -> Any:
    """The finished state, else the one on its way or where it was stopped, else None."""
    return jobs.made.peek(request) or _unfinished.get(request)
