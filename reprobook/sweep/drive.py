"""A sweep driven by this process, from the lock to the last state."""

from __future__ import annotations

from reprobook.errors import ReprobookError
from reprobook.execute.signals import sigterm_interrupts
from reprobook.execute.warm import WarmServer
from reprobook.runs import Store
from reprobook.sweep.driver import Driver
from reprobook.sweep.executor import open_executor
from reprobook.sweep.executor.port import ExecutorSettings
from reprobook.sweep.folder import SweepFolder
from reprobook.sweep.model import ExecutorName, OnSweepEvent, SweepEvent, SweepStatus
from reprobook.sweep.outcome import may_be_made
from reprobook.sweep.plan import Plan


def drive(folder: SweepFolder, store: Store, on_event: OnSweepEvent, server: WarmServer | None = None) -> SweepStatus:
    """Drive a sweep until it has ended, and return how; ``server`` is what its runs are forked from, if there is one.

    Raises:
        InputError: If another process drives it, or it makes no sense to go on.
        ExecutionError: If its runs log no such metric.
        KeyboardInterrupt: On Ctrl-C or SIGTERM; it can be resumed.
    """
    with folder.driven():
        plan = folder.read_plan()
        if folder.state().status == "succeeded" and not any(
            may_be_made(told.trial) for told in folder.journal.read().values()
        ):
            return "succeeded"
        folder.set_state("running")
        on_event(SweepEvent(kind="started", text=folder.sweep_id))
        status: SweepStatus = "interrupted"
        error: str | None = None
        try:
            with sigterm_interrupts(), open_executor(*_executor(plan, folder, server)) as executor:
                status = Driver(folder, store, executor, on_event).drive()
            error = f"no trial came to a value of {plan.options.metric}" if status == "failed" else None
        except ReprobookError as problem:
            status, error = "failed", f"{problem} {problem.hint}".strip()
            raise
        finally:
            folder.journal.close()
            folder.set_state(status, error)
    return status


def _executor(plan: Plan, folder: SweepFolder, server: WarmServer | None) -> tuple[ExecutorName, ExecutorSettings]:
    """Return the name of the executor of a plan, and its settings."""
    options = plan.options
    settings = ExecutorSettings(
        jobs=options.jobs,
        kernel=options.kernel,
        threads=plan.threads,
        address=options.address,
        device=options.device,
        log=folder.log,
        server=server,
    )
    return options.executor, settings
