"""The identity of a process: pid and birth, which hold when the clock is set and after a restart of the machine."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import psutil

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class ProcessId(NamedTuple):
    """One process of this machine. ``pid`` 0 is none.

    ``started`` is its start in seconds since 1970 by the clock of that moment, for people and for files of older
    versions; ``birth`` names the start so that it does not move with the clock (see ``birth_of``).
    """

    pid: int = 0
    started: float = 0.0
    birth: str = ""


def identity(process: psutil.Process | None = None) -> ProcessId:
    """What names a process (by default this one) until the end of days."""
    process = process or psutil.Process()
    return ProcessId(process.pid, process.create_time(), birth_of(process))


def birth_of(process: psutil.Process) -> str:
    """The start of a process as the kernel recorded it, and the machine's boot.

    psutil's public create_time() adds the time of the boot, which moves when the clock is set. Its own test of identity
    does not: on Linux it takes the seconds from the boot to the start (/proc/PID/stat), which the boot's id completes;
    on macOS the clock's time as recorded at the fork, which nothing changes later.
    """
    return f"{process._ident[1]}@{_boot_id()}"


@cache
def _boot_id() -> str:
    """Another one after each boot; empty where the system has none, and start times are dates."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def living(pid: int, started: float, birth: str = "") -> psutil.Process | None:
    """That very process if it lives, and is no zombie; else None. Without ``birth`` the start time decides."""
    if pid <= 0:
        return None
    try:
        process = psutil.Process(pid)
        # A start time comes in clock ticks, and its offset, the boot time, may be corrected by a little.
        same = birth_of(process) == birth if birth else abs(process.create_time() - started) < 2.0
        return process if same and process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD) else None
    except psutil.Error:
        return None


def is_alive(pid: int, started: float, birth: str = "") -> bool:
    return living(pid, started, birth) is not None
