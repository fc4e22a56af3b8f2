"""The kernel of a cold run, started before its driver imports what talks to it: both take long, on a processor each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reprobook.execute.heavy import uncollected
from reprobook.execute.kernels import asks_for_own, kernel_name, run_environment
from reprobook.execute.options import RunOptions
from reprobook.execute.preparation import Preparation
from reprobook.execute.waiting_kernel import WaitingKernel

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
    if options.kernel == "inline":
        yield None
        return
    waiting = _waiting(prepared, options)
    try:
        manager = _started(prepared, options, waiting)
    finally:
        if waiting is not None:
            waiting.close()
    try:
        yield manager
    finally:
        if manager is not None and manager.has_kernel:
            in_its_loop(manager.shutdown_kernel, now=True)


def _waiting(prepared: Preparation, options: RunOptions) -> WaitingKernel | None:
    """Start the process of a kernel of this environment; which one it is, jupyter_client knows when it is imported."""
    if not asks_for_own(prepared):
        return None
    try:
        return WaitingKernel(run_environment(prepared, options, os.environ), str(prepared.cwd))
    except OSError:
        return None


def _started(prepared: Preparation, options: RunOptions, waiting: WaitingKernel | None) -> Any:
    with uncollected():
        from reprobook.execute.kernel_manager import RunKernelManager  # noqa: PLC0415 - takes long to import

    try:
        manager = RunKernelManager(kernel_name=kernel_name(prepared))
        manager.waiting = waiting
        in_its_loop(
            manager.start_kernel,
            extra_arguments=[*ARGUMENTS, *([HISTORY] if manager.ipykernel else ())],
            env=run_environment(prepared, options, os.environ),
            cwd=str(prepared.cwd),
        )
    # The boundary to a process that is not there yet: the system, jupyter_client and zmq each have errors for it.
    except Exception:  # noqa: BLE001
        return None
    return manager


def in_its_loop(action: Any, *arguments: Any, **options: Any) -> Any:
    """Do something asynchronous with a kernel, in the event loop that nbclient will use, and return what it gives."""
    from jupyter_core.utils import run_sync  # noqa: PLC0415 - see above

    return run_sync(action)(*arguments, **options)
