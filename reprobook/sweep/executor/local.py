"""The executor that runs trials on this machine: in forks of a warm server, or in worker processes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from multiprocessing.connection import wait
from types import TracebackType
from typing import Self

from reprobook.errors import ReprobookError
from reprobook.execute.warm.refusal import ColdOnlyError
from reprobook.sweep.executor.cold import ColdPool
from reprobook.sweep.executor.port import ExecutorSettings, TaskKey, TrialEvent, TrialTask
from reprobook.sweep.executor.task import note_event
from reprobook.sweep.executor.warm import WarmPool

_LOOK = 0.25  # seconds between two looks at the metrics


class LocalExecutor:
    """Runs each task in a fork where it can be, else in a cold kernel, and says why."""

    def __init__(self, settings: ExecutorSettings) -> None:
        self._cold = ColdPool(settings.log)
        self._warm = WarmPool(settings.server) if settings.kernel == "warm" else None
        self._found: list[TrialEvent] = []
        self._refusals: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._warm is not None:
                self._warm.close()
        finally:
            self._cold.close()

    def submit(self, task: TrialTask) -> None:
        """Begin a task."""
        if self._warm is None:
            self._cold.submit(task)
            return
        try:
            self._warm.submit(task)
        except ColdOnlyError as refused:
            if refused.reason not in self._refusals:  # once is enough
                self._refusals.add(refused.reason)
                self._found.append(note_event(task, f"{refused}; cold ones are started"))
            self._cold.submit(task)
        except ReprobookError as error:
            self._found.append(TrialEvent(kind="ended", key=task.key, status="failed", text=f"{error} {error.hint}"))

    def cancel(self, key: TaskKey) -> None:
        """End a task as interrupted."""
        self._cold.cancel(key)
        if self._warm is not None:
            self._warm.cancel(key)

    def events(self, timeout: float) -> Sequence[TrialEvent]:
        """Return what happened; metrics are looked at four times a second."""
        until = time.monotonic() + timeout
        while True:
            found, self._found = [*self._found, *self._cold.news()], []
            found += self._warm.news() if self._warm is not None else []
            left = until - time.monotonic()
            if found or left <= 0:
                return found
            waiting = [*self._cold.waitable(), *(self._warm.waitable() if self._warm is not None else ())]
            if waiting:
                wait(waiting, min(left, _LOOK))
            else:
                time.sleep(left)
