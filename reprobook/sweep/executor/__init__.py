"""Where the trials of a sweep run, behind one port."""

from __future__ import annotations

from reprobook.sweep.executor.port import Executor, ExecutorSettings
from reprobook.sweep.model import ExecutorName


def open_executor(name: ExecutorName, settings: ExecutorSettings) -> Executor:
    """Return the executor of this name, to be entered; each is imported only when it is used."""
    if name == "inline":
        from reprobook.sweep.executor.inline import InlineExecutor  # noqa: PLC0415

        return InlineExecutor(settings)
    if name == "ray":
        from reprobook.sweep.executor.ray import RayExecutor  # noqa: PLC0415

        return RayExecutor(settings)
    from reprobook.sweep.executor.local import LocalExecutor  # noqa: PLC0415

    return LocalExecutor(settings)
