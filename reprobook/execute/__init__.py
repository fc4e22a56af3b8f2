"""Execution: headless runs through papermill, in forks and in this process, recorded sessions, and jobs.

Names are loaded when first used: who asks a warm server for a run needs little of it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from reprobook.execute.front import run_notebook
from reprobook.execute.options import ACCEPT_DATA, Kernel, OnEvent, ReplayOptions, RunEvent, RunOptions, ignore

if TYPE_CHECKING:
    from reprobook.execute.journal import read_trace
    from reprobook.execute.replay import replay_run

__all__ = [
    "ACCEPT_DATA",
    "Kernel",
    "OnEvent",
    "ReplayOptions",
    "RunEvent",
    "RunOptions",
    "ignore",
    "read_trace",
    "replay_run",
    "run_notebook",
]

_HOMES = {"read_trace": "reprobook.execute.journal", "replay_run": "reprobook.execute.replay"}


def __getattr__(name: str) -> Any:
    """Load a public name from where it lives (PEP 562)."""
    if name not in _HOMES:
        msg = f"module 'reprobook.execute' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(_HOMES[name]), name)
