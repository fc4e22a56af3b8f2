"""Warm kernels: forks of a server process that has imported the heavy packages of the notebook.

A server belongs to one interpreter, hash seed and environment, never runs a line of a notebook, and ends by itself.
Where a fork would not be safe, or would not give the results of a fresh process, there is none: the run is a cold
one, and says why.
"""

from __future__ import annotations

from reprobook.execute.warm.client import WarmServer, run_warm, warm_server
from reprobook.execute.warm.handle import WarmRun

__all__ = ["WarmRun", "WarmServer", "run_warm", "warm_server"]
