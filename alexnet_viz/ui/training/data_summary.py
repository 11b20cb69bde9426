"""The summary of the training data before Start: listed once for all visitors, with progress and a stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait

import streamlit as st

from alexnet_viz import permissions
from alexnet_viz.display import display_name
from alexnet_viz.errors import Stopped
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.training import data
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.training.summary import DataSummary
from alexnet_viz.ui.shared.text import markdown

QUICK = 1.5  # seconds in which most folders are listed: until then the page waits, and shows no progress
UNWATCHED = 30.0  # seconds without a look, after which nobody waits for a listing any more
SHOWN = 50  # classes in the table


class Listing:
    """A folder that is being listed in the background, with what it is doing in words."""

    def __init__(self, recipe: Recipe) -> None:
        self.words = "listing"
        self._stop = threading.Event()
        self._seen = time.monotonic()
        self.answer: Future[DataSummary | None] = _listers.submit(
            permissions.carried(data.examine), recipe, self._progress
        )

    def look(self) -> None:
        """Somebody still waits for it."""
        self._seen = time.monotonic()

    def stop(self) -> None:
        self._stop.set()
        self.answer.cancel()

    def _progress(self, words: str) -> None:
        self.words = words
        if self._stop.is_set() or time.monotonic() - self._seen > UNWATCHED:
            raise Stopped


_listers = ThreadPoolExecutor(2, "lister")
_listings: LRUCache[Listing] = LRUCache(16)


def data_summary(recipe: Recipe) -> bool:
    """Show what a run of this recipe would train on. False while it is not known: then nothing can start.

    Raises the DataError of data that cannot be trained on.
    """
    if recipe.data == "textures":
        return True  # the recipe's line says it
    listing = _listings.get(_key(recipe), lambda: Listing(recipe))
    listing.look()
    if not wait([listing.answer], QUICK).done:
        st.fragment(_progress, run_every=0.5)(listing)
        return False
    if listing.answer.cancelled() or isinstance(listing.answer.exception(), Stopped):
        st.info("The listing was stopped before its end.", icon=":material/pause_circle:")
        _list_again()
        return False
    if listing.answer.exception():
        _list_again()  # the error itself is the caller's to show
    if summary := listing.answer.result():
        _show(summary)
    return True


def _key(recipe: Recipe) -> Hashable:
    """What the summary depends on. A change deep in a folder leaves no trace here: hence the button."""
    _, place = data.place_of(recipe)
    stamp: tuple[int, ...] = ()
    try:
        status = place.stat()
        stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
    except OSError:
        pass
    return recipe.data, recipe.classes, recipe.val_fraction, recipe.seed, stamp, st.session_state.get("_listed_again")


def _list_again() -> None:
    if st.button("List again", icon=":material/refresh:", key="list_again", help="After files were added or removed."):
        st.session_state._listed_again = time.time_ns()
        st.rerun()


def _progress(listing: Listing) -> None:
    """How far it is; once it is done the page runs anew."""
    listing.look()
    if listing.answer.done():
        st.rerun()
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.caption(f":material/hourglass_top: {markdown(listing.words)} …")
    if right.button("Stop", icon=":material/stop:", key="stop_listing", width="stretch"):
        listing.stop()


def _show(summary: DataSummary) -> None:
    """One line, and the rest behind it."""
    left_out = sum(kind.count for kind in summary.left_out)
    parts = [f"**{markdown(summary.headline)}**"]
    if left_out:
        parts.append(f"{left_out:,} left out")
    with st.expander(" · ".join(parts), icon=":material/folder_open:"):
        lines = [*map(markdown, summary.notes), *(f"Left out: {markdown(str(kind))}." for kind in summary.left_out)]
        if lines:
            st.markdown("\n".join(f"- {line}" for line in lines))
        st.dataframe(
            {
                "class": [display_name(name) for name in summary.class_names[:SHOWN]],
                "to train on": summary.train[:SHOWN],
                "to validate": summary.val[:SHOWN],
            },
            height="content" if len(summary.class_names) < 8 else 280,
        )
        if len(summary.class_names) > SHOWN:
            st.caption(f"The first {SHOWN} of {len(summary.class_names):,} classes.")
        _list_again()
    for note in summary.notes[:1]:
        st.caption(f":material/info: {markdown(note)}")
