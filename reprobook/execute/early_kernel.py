"""The kernel of a cold run, started before its driver imports what talks to it: both take long, on a processor each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reprobook.execute.kernels import kernel_name, run_environment
from reprobook.execute.options import RunOptions
from reprobook.execute.preparation import Preparation

# The kernel's own log on the terminal says nothing that the run's record does not.
ARGUMENTS = ("--IPKernelApp.log_level=CRITICAL",)
# What nbclient adds for an ipykernel: the history of a run is nobody's.
HISTORY = "--HistoryManager.hist_file=:memory:"


@contextmanager
def early_kernel(prepared: Preparation, options: RunOptions) -> Iterator[Any]:
    """Start the kernel of a run, and give its manager; None if it has none, or it does not start.

    Whoever runs the cells then starts one the usual way, and says what is wrong. A kernel that nobody ended by the end
    of the block is killed.
    """
    manager = None if options.kernel == "inline" else _started(prepared, options)
    try:
        yield manager
    finally:
        if manager is not None and manager.has_kernel:
            _wait_for(manager.shutdown_kernel, now=True)


def _started(prepared: Preparation, options: RunOptions) -> Any:
    from reprobook.execute.kernel_manager import RunKernelManager  # noqa: PLC0415 - takes long to import

    try:
        manager = RunKernelManager(kernel_name=kernel_name(prepared))
        _wait_for(
            manager.start_kernel,
            extra_arguments=[*ARGUMENTS, *([HISTORY] if manager.ipykernel else ())],
            env=run_environment(prepared, options, os.environ),
            cwd=str(prepared.cwd),
        )
    # The boundary to a process that is not there yet: the system, jupyter_client and zmq each have errors for it.
    except Exception:  # noqa: BLE001
        return None
    return manager


def _wait_for(action: Any, **options: Any) -> None:
    """Do something asynchronous, in the event loop that nbclient will use."""
    from jupyter_core.utils import run_sync  # noqa: PLC0415 - see above

    run_sync(action)(**options)
