"""The processes that a kernel started, ended with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

_GRACE_SECONDS = 1.0


def descendants(pid: int) -> list[psutil.Process]:
    """Return the living processes below one, those that began a session of their own included."""
    if _is_childless(pid):
        return []
    with suppress(psutil.Error):
        return list(psutil.Process(pid).children(recursive=True))
    return []


def _is_childless(pid: int) -> bool:
    """Tell whether a process has no child, where Linux says so: psutil looks at every process of the machine."""
    try:
        return not any((task / "children").read_text() for task in Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return False


def end_descendants(kernel: int, below: Sequence[psutil.Process]) -> int:
    """End what a kernel that has ended left behind, and return how many processes that were.

    Jupyter starts a kernel as the head of a process group: what is still in it, of a kernel that was killed too, goes;
    and so do those of ``below``, as they were found before it ended, that left the group.
    """
    left = [process for process in below if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    for process in left:
        with suppress(psutil.Error):
            process.terminate()
    _, deaf = psutil.wait_procs(left, timeout=_GRACE_SECONDS)
    for process in deaf:
        with suppress(psutil.Error):
            process.kill()
    # One process group is never ours: pid 0 would mean our own, 1 the whole machine.
    if kernel > 1 and kernel != os.getpgrp():
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(kernel, signal.SIGKILL)
    return len(left)
