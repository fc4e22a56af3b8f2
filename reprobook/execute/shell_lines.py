"""Shell lines of a notebook (``!command``) that failed: IPython goes on after them, and marks nothing."""

from __future__ import annotations

from collections.abc import Mapping

from reprobook.execute.journal import read_trace
from reprobook.execute.options import OnEvent, RunEvent
from reprobook.runs import RunFolder
from reprobook.trace import Trace


def failed_shell_lines(trace: Trace) -> Mapping[int, int]:
    """Return the cells whose last shell line failed, each with the exit code; a signal's is negative."""
    return {index: cell.exit_code for index, cell in trace.by_cell().items() if cell.exit_code}


def report_failed_shell_lines(run: RunFolder, total: int, on_event: OnEvent) -> None:
    """Send a note of each shell line that failed in a sealed run."""
    for cell, code in failed_shell_lines(read_trace(run)).items() if run.trace.exists() else ():
        text = f"cell {cell}: a shell line failed (exit code {code}), and the notebook went on"
        on_event(RunEvent("note", cell, total, text))
