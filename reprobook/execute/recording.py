"""What the driver of a run and papermill's engine tell each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Recording:
    """What the driver gives to the engine and gets back from it.

    Attributes:
        prologue: Code sent to the kernel, silently, before the first cell.
        env: Environment of the kernel.
        cwd: Its working folder.
        on_cell: Called with the index among all cells as a cell begins.
        stop_after: Index among all cells of the last one to run; None: all.
        manager: The manager of a kernel that was started already, for the engine to end.
        traced: Whether each cell that runs is to leave a record.
        notebook: The executed notebook.
        failed: Index among all cells of the cell that ended the run.
        error: What ended it.
    """

    prologue: str
    env: dict[str, str]
    cwd: str
    on_cell: Callable[[int], None]
    stop_after: int | None = None
    traced: bool = False
    manager: Any = field(default=None, repr=False)
    notebook: Any = None
    failed: int | None = None
    error: BaseException | None = field(default=None, repr=False)
