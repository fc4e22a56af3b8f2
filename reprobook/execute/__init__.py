"""Execution: headless runs through papermill, recorded sessions, and jobs."""

from reprobook.execute.journal import read_trace
from reprobook.execute.options import Kernel, OnEvent, ReplayOptions, RunEvent, RunOptions, ignore
from reprobook.execute.replay import replay_run
from reprobook.execute.run import run_notebook

__all__ = [
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
