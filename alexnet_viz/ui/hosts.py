"""Where the app listens, and under which hosts it answers."""

from __future__ import annotations

import ipaddress
import socket
from functools import cache

import streamlit as st

EVERYONE = ("0.0.0.0", "::")  # what server.address is where the app listens to the whole network

# Ends that no public name has (RFC 6762, RFC 8375, and ICANN's reservation of .internal), and a common router's.
_LOCAL_ENDS = (".local", ".home.arpa", ".internal", ".lan")


def listens_at() -> str:
    """The address that the app listens at, as server.address has it."""
    return st.get_option("server.address") or EVERYONE[0]


def app_path(*parts: str) -> str:
    """The path of something that the app serves, below the path that it is served under itself."""
    return "/".join(["", *filter(None, [st.get_option("server.baseUrlPath").strip("/")]), *parts])


def own_address() -> str | None:
    """This machine's address on its network, if it has one; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address that belongs to nobody (RFC 5737)
        except OSError:
            return None
        return probe.getsockname()[0]


def host_name(host: str) -> str:
    """The name or address in a ``Host`` header, without its port, in small letters; "" where there is none.

    >>> host_name("Laptop.local.:8501"), host_name("[::1]:80"), host_name("a@b"), host_name("::1")
    ('laptop.local', '::1', '', '::1')
    """
    if host.startswith("["):
        name, closed, rest = host[1:].partition("]")
        if not closed:
            return ""
    elif host.count(":") > 1:
        name, rest = host, ""
    else:
        name, colon, port = host.partition(":")
        rest = colon + port
    if rest and not (rest[0] == ":" and rest[1:].isascii() and rest[1:].isdigit()):
        return ""
    name = name.lower().rstrip(".")
    return "" if not name or set(name) & set("/\\@?# \t") else name


def is_address(name: str) -> bool:
    """Whether a host is an IP address, not a name that somebody's DNS resolves."""
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def is_loopback(name: str) -> bool:
    """Whether a host is one under which a machine reaches itself alone.

    >>> is_loopback("localhost"), is_loopback("127.3.2.1"), is_loopback("::1"), is_loopback("127.0.0.1.example.org")
    (True, True, True, False)
    """
    if is_address(name):
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    return name == "localhost" or name.endswith(".localhost")


def configured_hosts() -> list[str]:
    """The names in server.allowedHosts and browser.serverAddress, under which a proxy may offer the app."""
    names = [*(st.get_option("server.allowedHosts") or ()), st.get_option("browser.serverAddress") or "localhost"]
    return [name.strip().lower().rstrip(".") for name in names]


def begin() -> None:
    """At the server's start: Streamlit, which checks server.allowedHosts too, answers as is shown here, as well."""
    if allowed := st.get_option("server.allowedHosts"):
        more = ["localhost", "127.0.0.1", "::1"]
        if not is_loopback(listens_at()):
            more += [*sorted(_own_names()), *filter(None, [own_address()])]
        st.config.set_option("server.allowedHosts", [*allowed, *more])


@cache
def _own_names() -> frozenset[str]:
    """This machine's name, alone and as a local network spells it."""
    name = socket.gethostname().lower()
    return frozenset([name, *(f"{name.partition('.')[0]}{end}" for end in _LOCAL_ENDS)])


def is_allowed(name: str) -> bool:
    """Whether the app answers a request for this host.

    A page of another site can let its own name resolve to this machine (DNS rebinding), so a name must be one that
    was configured, or one that no public DNS gives; an IP address needs no DNS. Where the app listens to this machine
    alone, so must the host.
    """
    if is_loopback(name) or any(_matches(name, pattern) for pattern in configured_hosts()):
        return True
    if is_loopback(listens_at()):
        return False
    return is_address(name) or name in _own_names()


def _matches(name: str, pattern: str) -> bool:
    """As Streamlit reads server.allowedHosts: a name, ``*.example.org`` for all below one, or ``*`` for any."""
    return pattern == "*" or name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:]))
