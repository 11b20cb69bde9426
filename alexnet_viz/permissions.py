"""What the person behind a call may do: everything in the shell, in the app what their role allows.

The core's entries ask here (starting a run, opening a path, fetching from the internet), so that a page that shows a
button too many gives nothing away. Threads that work for a person take their permissions along (``carried``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Literal, ParamSpec, TypeVar

from alexnet_viz.display import display_name
from alexnet_viz.errors import NotPermitted

P = ParamSpec("P")
R = TypeVar("R")
Action = Literal["runs", "downloads", "checkpoints"]

_REFUSALS: dict[Action, str] = {
    "runs": "Only the presenter can start, change or delete training runs and time what they cost.",
    "downloads": "Only the presenter can let this server download files.",
    "checkpoints": "Only the presenter can add checkpoints here: ask for them, or choose other weights.",
}


@dataclass(frozen=True)
class Permissions:
    """``runs``: start, stop, resume, annotate, delete; ``downloads``: have the server fetch; ``checkpoints``: upload.

    ``roots`` are the folders in and below which paths of this machine may be named; None for everywhere.
    """

    runs: bool = False
    downloads: bool = False
    checkpoints: bool = False
    roots: tuple[Path, ...] | None = ()


ALL = Permissions(runs=True, downloads=True, checkpoints=True, roots=None)

_permissions: ContextVar[Permissions | None] = ContextVar("permissions", default=None)


def _all() -> Permissions:
    return ALL


_default: Callable[[], Permissions] = _all


def set_default(default: Callable[[], Permissions]) -> None:
    """Where nothing else is set ``default`` says what may be done, asked anew each time: a server knows its visitor."""
    global _default
    _default = default


def current() -> Permissions:
    """The permissions of the person for whom this code runs."""
    return _permissions.get() or _default()


@contextmanager
def acting_with(permissions: Permissions) -> Iterator[None]:
    """Inside, in this thread, these permissions hold."""
    token = _permissions.set(permissions)
    try:
        yield
    finally:
        _permissions.reset(token)


def carried(function: Callable[P, R]) -> Callable[P, R]:
    """A function for another thread, which keeps there the permissions of the caller of this one."""
    permissions = current()

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with acting_with(permissions):
            return function(*args, **kwargs)

    return run


def require(action: Action) -> None:
    """Raises NotPermitted, with a sentence that says who can."""
    if not getattr(current(), action):
        raise NotPermitted(_REFUSALS[action])


def require_path(path: Path) -> None:
    """NotPermitted where this path, with all links followed, is not in or below a root that may be named.

    It says the same of what is there and of what is not, and so tells nothing of the disk.
    """
    roots = current().roots
    if roots is None:
        return
    try:
        place = Path(path).expanduser().resolve()
    except (OSError, ValueError, RuntimeError):
        place = None
    if place is None or not any(place.is_relative_to(root.resolve()) for root in roots):
        raise NotPermitted(
            f"Only the presenter can name files of this server ({display_name(path)[:100]}): upload a photo of your "
            "own, or choose what is offered."
        )
