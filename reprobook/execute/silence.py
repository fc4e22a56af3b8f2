"""A kernel that was sent a cell and neither says that it has begun with it nor does anything else."""

from __future__ import annotations

import time
from contextlib import suppress

import psutil

# Its heartbeat is no answer: a thread of C gives it whatever the cells have done to Python.
_LONGEST_S = 120.0
# Of the processor's time, meanwhile: one that computes may only be late, held up by a thread of the notebook's say.
_IDLE_S = 5.0


class Silence:
    """How long a kernel has said nothing of the cell that it was sent last.

    Args:
        kernel: Its process id; 0 if it has none on this machine.
    """

    def __init__(self, kernel: int) -> None:
        self._kernel = kernel
        self._heard = True
        self._since = self._used = 0.0

    def ask(self) -> None:
        """Note that the kernel was sent a cell."""
        self._heard, self._since, self._used = False, time.monotonic(), self._processor_time()

    def hear(self) -> None:
        """Note that it said something."""
        self._heard = True

    @property
    def is_final(self) -> bool:
        """Whether the kernel will not answer any more."""
        waited = self._kernel and not self._heard and time.monotonic() - self._since > _LONGEST_S
        return bool(waited) and self._processor_time() - self._used < _IDLE_S

    def _processor_time(self) -> float:
        with suppress(psutil.Error, ValueError):
            times = psutil.Process(self._kernel).cpu_times()
            return float(times.user + times.system)
        return 0.0
