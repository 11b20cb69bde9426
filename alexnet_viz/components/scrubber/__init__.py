"""A run's weights along the way, in the browser: one slider moves all pictures and the answer together."""

from __future__ import annotations

from collections.abc import Sequence

from alexnet_viz.components.mount import mount

_component = mount(__file__, "player")


def scrubber(
    about: str,
    steps: Sequence[int],
    strips: Sequence[tuple[str, str, list[str]]],
    top: Sequence[Sequence[tuple[str, float]]],
    truth: str,
    *,
    key: str,
) -> None:
    """Show moments of a run, one at a time, the last at first, and play them on demand.

    ``about`` names what is shown: another one begins at its end again. ``strips`` are (title, text alternative, a
    picture's data URI a step), ``top`` the (class, probability) pairs a step, ``truth`` the photo's class or "".
    """
    data = {
        "about": about,
        "steps": list(steps),
        "strips": [{"title": title, "alt": alt, "pictures": pictures} for title, alt, pictures in strips],
        "top": [[list(pair) for pair in pairs] for pairs in top],
        "truth": truth,
    }
    _component(data=data, key=key)
