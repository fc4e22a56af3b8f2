"""How many processors there are for this process; asked before anything heavy is imported."""

from __future__ import annotations

import os


def usable_cpus() -> int | None:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()
