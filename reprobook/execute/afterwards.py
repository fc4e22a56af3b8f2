"""What is said at the end of a run that no cell failed of: shell lines, threads, secrets that are shown."""

from __future__ import annotations

from reprobook.execute.options import OnEvent, RunEvent
from reprobook.execute.shell_lines import failed_shell_lines
from reprobook.execute.shown_secrets import report_shown_secrets
from reprobook.runs import RunFolder
from reprobook.trace import Trace


def report_afterwards(run: RunFolder, trace: Trace | None, total: int, on_event: OnEvent) -> None:
    """Send the notes of a sealed run; ``trace`` is what it was sealed with."""
    if trace is not None:
        _report_shell_lines(trace, total, on_event)
        _report_threads(trace, total, on_event)
    report_shown_secrets(run, total, on_event)


def _report_shell_lines(trace: Trace, total: int, on_event: OnEvent) -> None:
    for cell, code in failed_shell_lines(trace).items():
        text = f"cell {cell}: a shell line failed (exit code {code}), and the notebook went on"
        on_event(RunEvent("note", cell, total, text))


def _report_threads(trace: Trace, total: int, on_event: OnEvent) -> None:
    """Send a note of each exception that ended a thread; equal ones make one note."""
    counts: dict[tuple[int | None, str, str], int] = {}
    for each in trace.thread_errors:
        key = (each.cell, each.ename, each.evalue)
        counts[key] = counts.get(key, 0) + 1
    for (cell, ename, evalue), count in counts.items():
        threads = "a thread" if count == 1 else f"{count} threads"
        said = f"{ename}: {evalue.partition(chr(10))[0]}" if evalue else ename
        text = f"in or after cell {cell}, {threads} ended by {said}; the notebook went on without"
        on_event(RunEvent("note", cell, total, text))
