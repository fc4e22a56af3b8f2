"""Shell lines of a notebook (``!command``) that failed: IPython goes on after them, and marks nothing."""

from __future__ import annotations

from collections.abc import Mapping

from reprobook.trace import Trace


def failed_shell_lines(trace: Trace) -> Mapping[int, int]:
    """Return the cells whose last shell line failed, each with the exit code; a signal's is negative."""
    return {index: cell.exit_code for index, cell in trace.by_cell().items() if cell.exit_code}
