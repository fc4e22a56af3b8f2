"""Is the process that drives a run still alive?

A pid alone proves nothing: it is reused, means nothing on another host, and after a reboot belongs to a stranger.
"""

from __future__ import annotations

import functools
import os
import platform
from pathlib import Path

import psutil

from reprobook.runs.model import Owner


def current_owner() -> Owner:
    """Describe this process."""
    return owner_of(os.getpid())


def owner_of(pid: int) -> Owner:
    """Describe a process of this host."""
    return Owner(pid=pid, start_time=_start_time(pid) or 0.0, boot_id=_boot_id(), host=platform.node())


def is_dead(owner: Owner | None) -> bool:
    """Say whether the owner is provably dead; in any doubt (another host, hidden processes) it is not."""
    if owner is None or owner.host != platform.node():
        return False
    if owner.boot_id != _boot_id() or not psutil.pid_exists(owner.pid):
        return True
    started = _start_time(owner.pid)
    # Clock ticks are exact on Linux; elsewhere psutil derives the time from a clock that may be adjusted.
    return started is not None and abs(started - owner.start_time) > (0.001 if _PROC.exists() else 2.0)


_PROC = Path("/proc/self/stat")


def _start_time(pid: int) -> float | None:
    """Return when a process started, in seconds; infinity for a zombie, None where it cannot be known.

    On Linux counted from the boot: psutil's wall-clock time moves whenever the clock is set.
    """
    try:
        if not _PROC.exists():
            return psutil.Process(pid).create_time()
        # proc(5): the name may hold spaces and brackets; state is the 3rd field, starttime the 22nd.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (OSError, psutil.Error):
        return None
    if fields[0] in {"Z", "X"}:
        return float("inf")
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")


@functools.cache
def _boot_id() -> str:
    """Return an id of the current boot of this host."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(round(psutil.boot_time()))
