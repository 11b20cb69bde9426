"""The film of learning, played in the browser: conv1's filters, and the fixed photo's maps and answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from alexnet_viz.components.mount import mount

_component = mount(__file__, "player")


def packed(story: dict[str, Any], first: int, frames: Sequence[bytes], top: Sequence[list]) -> bytes:
    """Frames of a film from ``first`` on (see figures.training.frame), as the browser takes them.

    ``story``: ``steps`` of all frames, ``filters`` [n, h, w], ``maps`` {layer: [n, h, w]}, ``look`` (what is shown of
    the filters at first, "learned" or "filters"), ``photo`` (a data URI, if not sent before) and ``truth``. ``top``
    holds for each of ``frames`` its [class, probability] pairs.
    """
    header = json.dumps({**story, "first": first, "top": list(top)}).encode()
    return b"".join([len(header).to_bytes(4, "big"), header, *frames])


def film(run: str, source: str, every: float, *, key: str) -> None:
    """Show the film of a run, another one of another ``run``, from what the address ``source`` answers.

    The browser begins with the newest frame, asks for those that come each ``every`` seconds, if that is not 0, and
    for the others once somebody wants to see them: ``first=`` is the first that it lacks.
    """
    _component(data={"run": run, "source": source, "every": every}, key=key)
