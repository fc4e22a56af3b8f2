"""Run the cells of a notebook in this process, in a real IPython shell: the same results and outputs as from a kernel.

No kernel is started, no message is sent, and neither papermill nor nbclient is imported. For processes that are made
for one run (the fork of a warm server, a worker of a cluster) or that run one trial after the other.

What one process cannot do stays with a kernel: ``needs_kernel`` says which notebooks need one, ``unfit`` which runs.
"""

from __future__ import annotations

import os
import threading
from dataclasses import replace

from reprobook.ambient import NO_PINS
from reprobook.execute.inline.needs import needs_kernel
from reprobook.execute.inline.once import be_for_one_run
from reprobook.execute.inline.threads import THREAD_VARIABLES
from reprobook.execute.kernels import other_environment
from reprobook.execute.options import RunOptions
from reprobook.execute.preparation import Preparation
from reprobook.execute.recording import Recording

__all__ = ["be_for_one_run", "execute_inline", "needs_kernel", "unfit"]


def execute_inline(prepared: Preparation, recording: Recording, options: RunOptions) -> None:
    """Run the cells in this process; how it ended stands in the recording, as after a run in a kernel.

    A cell that ends the process ends it without a word: whoever needs to outlive that gives the run a process.

    Raises:
        ExecutionError: If the process cannot record.
        KeyboardInterrupt: On Ctrl-C or SIGTERM.
    """
    # IPython and ipykernel: whoever only asks needs_kernel does not wait for them.
    from reprobook.execute.inline.execution import execute  # noqa: PLC0415

    execute(prepared, recording, options)


def unfit(prepared: Preparation, options: RunOptions) -> str | None:
    """Say why a run must not happen in this process, which lives on, or None if it may."""
    if replace(options.pins, environment={}) != NO_PINS:
        return "what is pinned stays so for the life of a process"
    late = [name for name, value in options.pins.environment.items() if os.environ.get(name) != value]
    if others := sorted(set(late) - THREAD_VARIABLES):
        return f"{', '.join(others)} must be set before a process starts"
    if options.timeout and threading.current_thread() is not threading.main_thread():
        return "a time limit holds in the main thread only"
    if name := other_environment(prepared):
        return f"{name} is another environment"
    return needs_kernel(prepared.notebook)
