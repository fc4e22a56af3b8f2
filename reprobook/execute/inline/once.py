"""Whether this process ends with the run that it is lent to: then only what records are written with is put back."""

from __future__ import annotations

import os

_processes: set[int] = set()


def be_for_one_run() -> None:
    """Say that this process ends with its run."""
    _processes.add(os.getpid())


def is_for_one_run() -> bool:
    """Tell whether it does."""
    return os.getpid() in _processes
