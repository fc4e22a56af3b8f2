"""Time and memory of this process, asked of the system before and after a cell: no thread samples beside it."""

from __future__ import annotations

import os
import resource
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_TASKS = Path("/proc/self/task")
_STATUS = Path("/proc/self/status")
# Writing 5 sets the peak back to what is resident now (proc(5)).
_CLEAR = Path("/proc/self/clear_refs")
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True)
class Reading:
    """The clocks and the memory at one moment: seconds, and bytes.

    ``queued`` is the time that threads were ready and other processes had the processors.
    """

    clock: float
    cpu: float
    queued: float
    resident: int
    peak: int


def start() -> Reading:
    """Begin to look for a new peak, and read."""
    with suppress(OSError):  # not Linux, or not allowed: then the peak is that of the process so far
        _CLEAR.write_bytes(b"5")
    return read()


def read() -> Reading:
    """Read the clocks and the memory."""
    times = os.times()
    resident = psutil.Process().memory_info().rss
    cpu = times.user + times.system + times.children_user + times.children_system
    return Reading(time.perf_counter(), cpu, _queued(), resident, max(_peak(), resident))


def _queued() -> float:
    """Return how long the threads that live now have waited for a processor (proc(5), schedstat); 0 if none says."""
    waited = 0
    for path in _TASKS.glob("*/schedstat"):
        with suppress(OSError, ValueError, IndexError):  # a thread may end between the list and the look
            waited += int(path.read_text().split()[1])
    return waited * 1e-9


def _peak() -> int:
    """Return the largest resident memory since ``start``, or of the process where the system keeps no other."""
    try:
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def memory_limit() -> int:
    """Return the memory that this process may use: that of the machine, or less in a container."""
    limits = [psutil.virtual_memory().total]
    for path in _LIMITS:
        try:
            limits.append(int(path.read_text()))
        except (OSError, ValueError):
            continue  # not there, or "max"
    return min(limits)
