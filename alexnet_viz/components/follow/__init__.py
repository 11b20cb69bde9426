"""A button by which the audience follows the presenter from view to view, and the presenter leads."""

from __future__ import annotations

from typing import Literal, NamedTuple

from alexnet_viz.components.mount import mount

_component = mount(__file__)


class View(NamedTuple):
    """A page's path and its query parameters."""

    page: str
    parameters: dict[str, str]


def follow(role: Literal["presenter", "audience"], feed: str, *, is_leading: bool, key: str) -> View | bool | None:
    """Draw the button. ``feed`` is where the browser listens for the presenter's view, relative to the page.

    Returns for one run what changed: the view that a follower is to see, or whether the presenter leads from now on.
    """
    data = {"role": role, "feed": feed, "leading": is_leading}
    result = _component(data=data, key=key, on_view_change=lambda: None, on_leads_change=lambda: None)
    if role == "presenter":
        return result.leads
    view = result.view
    return View(str(view["page"]), {str(k): str(v) for k, v in view["parameters"].items()}) if view else None
