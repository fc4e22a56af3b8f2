"""Why a run cannot be a warm one."""

from __future__ import annotations

from reprobook.errors import ExecutionError


class ColdOnlyError(ExecutionError):
    """No fork is to be had, or it would not give the results of a fresh process; the message says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no warm kernel: {reason}", hint="Use a cold kernel: --kernel cold.")
        self.reason = reason
