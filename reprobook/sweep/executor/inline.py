"""The executor that runs trials in this process, one after the other: for debugging and for tests."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from reprobook.sweep.executor.port import ExecutorSettings, TaskKey, TrialEvent, TrialTask
from reprobook.sweep.executor.task import run_task


class InlineExecutor:
    """Runs a task when it is asked for events, to its end: a pruned trial is not cut short, only judged so.

    The process keeps its own hash seed, which a seed cannot change any more: what depends on the order of a set of
    texts may differ from a run that has a process to itself.
    """

    def __init__(self, settings: ExecutorSettings) -> None:
        del settings  # one at a time, in this process, with the threads that it has
        self._tasks: deque[TrialTask] = deque()
        self._cancelled: list[TrialEvent] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tasks.clear()

    def submit(self, task: TrialTask) -> None:
        """Queue a task."""
        self._tasks.append(task)

    def events(self, timeout: float) -> Sequence[TrialEvent]:
        """Run the next task and return what happened; wait only where there is none.

        Raises:
            KeyboardInterrupt: On Ctrl-C, after the run was sealed as interrupted.
        """
        found, self._cancelled = self._cancelled, []
        if self._tasks and not found:
            task = self._tasks.popleft()
            run_task(replace(task, options=replace(task.options, kernel="inline")), found.append)
        elif not found:
            time.sleep(timeout)
        return found

    def cancel(self, key: TaskKey) -> None:
        """Take a task that has not begun out of the queue."""
        if any(task.key == key for task in self._tasks):
            self._tasks = deque(task for task in self._tasks if task.key != key)
            self._cancelled.append(TrialEvent(kind="ended", key=key, status="interrupted"))
