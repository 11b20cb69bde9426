"""Presenter and audience: who a visitor is, and so what they may do (``alexnet_viz.permissions``).

On this machine alone everybody is the presenter. Where others can reach the app, the presenter is who opened the link
with the one-time token that the terminal prints, from this machine; who typed the secret; or whom an OpenID provider
knows by an e-mail address from the list. All others are the audience. A cookie, signed by the server, keeps the role
for a day; the address a request comes from proves nothing, it only narrows where the token works.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import secrets
import time
from collections import OrderedDict, deque
from dataclasses import replace
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import psutil
import streamlit as st
from itsdangerous import BadSignature, TimestampSigner
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from streamlit.runtime.scriptrunner import get_script_run_ctx

from alexnet_viz import permissions
from alexnet_viz.permissions import ALL, Permissions
from alexnet_viz.ui.hosts import app_path, configured_hosts, is_loopback, listens_at

SECRET = "ALEXNET_VIZ_PRESENTER_SECRET"  # or secret under [presenter] in .streamlit/secrets.toml
ROOTS = "ALEXNET_VIZ_AUDIENCE_PATHS"  # folders whose paths the audience may name, as in PATH
PATH = "presenter"  # of the page that makes one the presenter
_COOKIE = "alexnet_viz_presenter"
_LASTS = 24 * 3600  # seconds
_TRIES, _WITHIN = 5, 60.0  # wrong ones from one address within so many seconds; ten times as many from all
_SESSIONS = 1000  # of presenters that are remembered


class _Roles:
    """What makes one the presenter of this server, what the audience may do, and who failed of late to become it."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(24)
        roots = filter(None, os.environ.get(ROOTS, "").split(os.pathsep))
        self.audience = Permissions(roots=tuple(Path(root).expanduser() for root in roots))
        self.presenters: OrderedDict[str, None] = OrderedDict()  # sessions seen to be a presenter's, the latest last
        self._own_key = secrets.token_bytes(32)
        self._wrong: deque[tuple[float, str]] = deque()  # tries of late: when, and from which address

    @property
    def signer(self) -> TimestampSigner:
        """Replicas and later servers with the same secret know the same presenter."""
        return TimestampSigner(configured_secret() or self._own_key, salt="presenter", digest_method=hashlib.sha256)

    def take_token(self, token: str) -> bool:
        """Whether this is the token; then it is used up, and another takes its place."""
        if not _equal(token, self.token):
            return False
        self.token = secrets.token_urlsafe(24)
        return True

    def may_try(self, address: str) -> bool:
        """Whether a secret from this address is looked at: so few wrong ones came of late."""
        since = time.monotonic() - _WITHIN
        while self._wrong and self._wrong[0][0] < since:
            self._wrong.popleft()
        return len(self._wrong) < 10 * _TRIES and sum(other == address for _, other in self._wrong) < _TRIES

    def count_wrong_try(self, address: str) -> None:
        self._wrong.append((time.monotonic(), address))

    def remember_session(self, session: str) -> None:
        """Note a presenter's session, for requests that come outside of its pages."""
        self.presenters[session] = None
        self.presenters.move_to_end(session)
        while len(self.presenters) > _SESSIONS:
            self.presenters.popitem(last=False)


_roles = _Roles()


def _equal(given: str, expected: str) -> bool:
    """Whether two texts are equal, in a time that says nothing of where they differ, nor of how long they are."""
    return hmac.compare_digest(
        *(hashlib.sha256(text.encode(errors="surrogatepass")).digest() for text in (given, expected))
    )


@lru_cache
def _secret_settings(section: str = "presenter") -> dict[str, Any]:
    """A section of .streamlit/secrets.toml, read once: it is asked for several times in each run of a page."""
    return dict(st.secrets.get(section, {})) if st.secrets.load_if_toml_exists() else {}


def has_provider() -> bool:
    """Whether ``st.login`` leads to an OpenID provider that may vouch for a presenter."""
    return bool(_secret_settings().get("emails") and _secret_settings("auth"))


def configured_secret() -> str:
    """The presenter's secret; "" for none, where the terminal's link is the only way."""
    return os.environ.get(SECRET) or str(_secret_settings().get("secret", ""))


# --- who is it? ----------------------------------------------------------------------------------


def is_open_to_others() -> bool:
    """Whether anybody but who sits at this machine can reach the app: then there are roles."""
    return not is_loopback(listens_at()) or not all(map(is_loopback, configured_hosts()))


def is_presenter() -> bool:
    """Whether the visitor of this run of a page, fragment or callback is the presenter; False outside of any."""
    if not is_open_to_others():
        return True
    context = get_script_run_ctx()
    is_it = context is not None and (_is_signed(st.context.cookies.get(_cookie_name(), "")) or _is_listed())
    if context and is_it:
        _roles.remember_session(context.session_id)
    return is_it


def is_presenters_session(session: str) -> bool:
    """Whether a session of Streamlit's, whose pages have run, is a presenter's."""
    return not is_open_to_others() or session in _roles.presenters


def _cookie_name() -> str:
    """Browsers send a host's cookies to all its ports: another server's presenter is not this one's."""
    return f"{_COOKIE}_{st.get_option('server.port')}"


def _is_signed(cookie: str) -> bool:
    try:
        return _roles.signer.unsign(cookie, max_age=_LASTS) == b"presenter"
    except BadSignature:
        return False


def _is_listed() -> bool:
    """Whether an OpenID provider vouches for an e-mail address that [presenter] emails lists."""
    emails = _secret_settings().get("emails", ())
    if not emails or not st.user.get("is_logged_in") or st.user.get("email_verified") is False:
        return False
    return st.user.get("email") in emails


def visitors_permissions() -> Permissions:
    """What the visitor for whom this thread runs may do; a thread of nobody's does what the audience may."""
    return ALL if is_presenter() else _roles.audience


def begin() -> None:
    """Let the core ask who its visitor is; the shell's first line, before any page or callback can ask the core."""
    permissions.set_default(visitors_permissions)


# --- what the audience may do --------------------------------------------------------------------


def audience() -> Permissions:
    """What everybody may do who is not the presenter."""
    return _roles.audience


def allow_checkpoints(allowed: bool) -> None:
    """Whether the audience may upload checkpoints, from now on. Raises NotPermitted where it is not the presenter."""
    if not is_presenter():
        raise permissions.NotPermitted("Only the presenter can change what the audience may do.")
    _roles.audience = replace(_roles.audience, checkpoints=allowed)


def audience_words() -> str:
    """What the audience may do, in two sentences for the terminal and the page."""
    may = _roles.audience
    can = ["explore with photos of their own", *["upload checkpoints"] * may.checkpoints]
    if may.roots:
        can.append(f"name files below {', '.join(map(str, may.roots))}")
    cannot = ["start, change or delete a run", "have this machine download"]
    cannot += ["upload a checkpoint"] * (not may.checkpoints) + ["name a file of this machine"] * (not may.roots)
    return f"Everybody can {_listed(can, 'and')}. Only the presenter can {_listed(cannot, 'or')}."


def _listed(parts: list[str], word: str) -> str:
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}" if len(parts) > 1 else parts[0]


# --- becoming the presenter ----------------------------------------------------------------------


def presenter_link(origin: str) -> str:
    """The link with the one-time token, for a browser of this machine; ``origin`` as http://localhost:8501/base."""
    return f"{origin.rstrip('/')}/{PATH}?token={_roles.token}"


def routes() -> list[Route]:
    """The page that makes one the presenter."""
    return [Route(app_path(PATH), _become_presenter, methods=["GET", "POST"])]


async def _become_presenter(request: Request) -> Response:
    address = request.client.host if request.client else ""
    if request.method == "POST":
        return await _by_secret(request, address)
    token = request.query_params.get("token")
    if token is None:
        return _form() if configured_secret() else _page("The link that the terminal shows makes you the presenter.")
    if not _is_this_machine(address):
        return _page("The terminal's link works in a browser of that machine alone.", 403)
    if not _roles.take_token(token):
        return _page("This link was used already: the terminal shows the next one.", 403)
    print(f"The presenter's link was used; the next one: {presenter_link(str(request.url).partition(f'/{PATH}')[0])}")
    return _welcomed(request)


async def _by_secret(request: Request, address: str) -> Response:
    secret = configured_secret()
    if not secret:
        return _page("This server has no presenter's secret: use the terminal's link.", 403)
    async with request.form(max_files=0, max_fields=4) as form:
        given = form.get("secret")
    # From here on nothing is waited for, so that many tries at once are counted one after the other.
    if not _roles.may_try(address):
        return _form(f"Too many wrong tries: wait {_WITHIN:.0f} seconds.", 429)
    if not isinstance(given, str) or not _equal(given, secret):
        _roles.count_wrong_try(address)
        return _form("That is not the secret.", 403)
    return _welcomed(request)


def _welcomed(request: Request) -> Response:
    """To the app, as its presenter."""
    response = RedirectResponse(request.url.path.removesuffix(PATH) or "/", 303)
    response.set_cookie(
        _cookie_name(),
        _roles.signer.sign(b"presenter").decode(),
        max_age=_LASTS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


def _is_this_machine(address: str) -> bool:
    """Whether a connection comes from this machine: over loopback, or from one of its own addresses to itself."""
    try:
        peer = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(peer, "ipv4_mapped", None) or peer
    own = {entry.address.partition("%")[0] for entries in psutil.net_if_addrs().values() for entry in entries}
    return mapped.is_loopback or str(mapped) in own


_STYLE = (
    "body{font:18px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1.5rem;color-scheme:light dark}"
    "input,button{font:inherit;padding:.5rem .8rem;border-radius:10px;border:1px solid #a8a29e}"
    "button{background:#c2410c;color:#fff;border-color:#c2410c}"
)


def _page(words: str, status: int = 200, more: str = "") -> Response:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Presenter</title><style>{_STYLE}</style><h1>Presenter</h1><p>{escape(words)}</p>{more}"
        '<p><a href="./">Open the app</a></p></html>',
        status,
        {"Cache-Control": "no-store"},
    )


def _form(words: str = "Type the presenter's secret.", status: int = 200) -> Response:
    form = (
        '<form method="post"><label>Secret <input name="secret" type="password" autocomplete="current-password" '
        "required autofocus></label> <button>Go on</button></form>"
    )
    return _page(words, status, form)
