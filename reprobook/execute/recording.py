"""What the driver of a run and papermill's engine tell each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# Its driver waits for the end of a kernel; a run in the driver's own process ends as that process does.
_LEAVE_EARLY = "__import__('reprobook.execute.leaving', fromlist=['leaving']).leave_early({journal!r})\n"


@dataclass
class Recording:
    """What the driver gives to the engine and gets back from it.

    Attributes:
        prologue: Code that the process which runs the cells executes, silently, before the first.
        journal: What the process records into, line by line.
        env: Environment of the kernel.
        cwd: Its working folder.
        on_cell: Called with the index among all cells as a cell begins.
        stop_after: Index among all cells of the last one to run; None: all.
        manager: The manager of a kernel that was started already, for the engine to end.
        asked: The prologue, where it was sent to the kernel of ``manager`` already.
        traced: Whether each cell that runs is to leave a record.
        notebook: The executed notebook.
        failed: Index among all cells of the cell that ended the run.
        error: What ended it.
    """

    prologue: str
    journal: str
    env: dict[str, str]
    cwd: str
    on_cell: Callable[[int], None]
    stop_after: int | None = None
    traced: bool = False
    manager: Any = field(default=None, repr=False)
    asked: Any = field(default=None, repr=False)
    notebook: Any = None
    failed: int | None = None
    error: BaseException | None = field(default=None, repr=False)

    @property
    def kernel_prologue(self) -> str:
        """The prologue as a kernel is sent it."""
        return _LEAVE_EARLY.format(journal=self.journal) + self.prologue
