"""Execution: headless runs through papermill, recorded sessions, and jobs."""

from reprobook.execute.journal import read_trace
from reprobook.execute.options import OnEvent, ReplayOptions, RunEvent, RunOptions, ignore
from reprobook.execute.run import replay_run, run_notebook

__all__ = ["OnEvent", "ReplayOptions", "RunEvent", "RunOptions", "ignore", "read_trace", "replay_run", "run_notebook"]
