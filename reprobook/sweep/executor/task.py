"""A task carried out by the process that calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reprobook.errors import ReprobookError
from reprobook.execute import RunEvent
from reprobook.execute.preparation import prepare
from reprobook.execute.run import run_prepared
from reprobook.runs import RunFolder, Store
from reprobook.runs.metric_tail import MetricTail
from reprobook.sweep.executor.port import TrialEvent, TrialTask


def run_task(
    task: TrialTask,
    tell: Callable[[TrialEvent], None],
    on_event: Callable[[RunEvent], None] = lambda _: None,
) -> None:
    """Make the run of a task, and tell of its beginning, its metrics and its end; ``on_event`` sees its events too.

    Raises:
        KeyboardInterrupt: On Ctrl-C or SIGTERM, after the run was sealed and its end was told.
    """
    store = Store(Path(task.store))
    begun: list[str] = []

    def follow(event: RunEvent) -> None:
        if event.kind == "started":
            begun.append(event.text)
            tell(TrialEvent(kind="started", key=task.key, run_id=event.text))
        elif event.kind == "note":
            tell(note_event(task, event.text))
        on_event(event)

    try:
        run = run_prepared(prepare(Path(task.path), task.options, task.notebook), store, task.options, follow)
    except ReprobookError as error:
        # Nothing ran, or the disk refused: of this trial, not of the sweep.
        run_id = begun[0] if begun else ""
        tell(TrialEvent(kind="ended", key=task.key, run_id=run_id, status="failed", text=f"{error} {error.hint}"))
        return
    except KeyboardInterrupt:
        tell(TrialEvent(kind="ended", key=task.key, run_id=begun[0] if begun else "", status="interrupted"))
        raise
    tell(ended_event(task, run))


def ended_event(task: TrialTask, run: RunFolder) -> TrialEvent:
    """Return the end of a run as an event."""
    record = run.read_record()
    text = f"{record.error.ename}: {record.error.evalue}" if record.error else ""
    status = record.status if record.status in {"succeeded", "interrupted"} else "failed"
    return TrialEvent(kind="ended", key=task.key, run_id=run.run_id, status=status, text=text)


def metric_events(task: TrialTask, run_id: str, tail: MetricTail) -> list[TrialEvent]:
    """Return the values that a run has logged since the last look."""
    return [
        TrialEvent(kind="metric", key=task.key, run_id=run_id, name=each.name, value=each.value, step=each.step)
        for each in tail.new()
    ]


def note_event(task: TrialTask, text: str) -> TrialEvent:
    """Return a text for people as an event."""
    return TrialEvent(kind="note", key=task.key, text=text)
