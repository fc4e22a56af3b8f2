"""A pool of forks of a warm server that is the sweep's own."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

from reprobook.errors import ReprobookError
from reprobook.execute import RunEvent
from reprobook.execute.tracking import tracked
from reprobook.execute.warm import WarmRun, WarmServer
from reprobook.runs import Store
from reprobook.runs.metric_tail import MetricTail
from reprobook.sweep.executor.cold import PATIENCE
from reprobook.sweep.executor.port import TaskKey, TrialEvent, TrialTask
from reprobook.sweep.executor.task import ended_event, metric_events, note_event


class WarmTask:
    """A task whose run goes on in a fork.

    Raises:
        ColdOnlyError: If no fork is to be had.
        ReprobookError: If nothing could run.
    """

    def __init__(self, server: WarmServer, task: TrialTask) -> None:
        self.task = task
        self._store = Store(Path(task.store))
        self._found: list[TrialEvent] = []
        self._tail: MetricTail | None = None
        self._deadline = float("inf")
        self._tracking = ExitStack()
        with ExitStack() as undo:
            options, self._told = undo.enter_context(tracked(self._store, task.options, self._take))
            self.run: WarmRun = server.start(Path(task.path), self._store, options, source=task.notebook)
            self._tracking = undo.pop_all()

    def _take(self, event: RunEvent) -> None:
        """Turn an event of the run into one of the task."""
        if event.kind == "started":
            self._tail = MetricTail(self._store.folder(event.text).metrics)
            self._found.append(TrialEvent(kind="started", key=self.task.key, run_id=event.text))
        elif event.kind == "note":
            self._found.append(note_event(self.task, event.text))

    def cancel(self) -> None:
        """Interrupt the run, and begin to count."""
        if self._deadline == float("inf"):
            self._deadline = time.monotonic() + PATIENCE
            self.run.interrupt()

    def news(self) -> list[TrialEvent]:
        """Return what happened since the last call; the end comes last."""
        for event in self.run.events(0.0):
            self._told(event)
        if time.monotonic() > self._deadline:
            self.run.kill()
        found, self._found = self._found, []
        if self._tail is not None:
            found += metric_events(self.task, self.run.run_id or "", self._tail)
        if self.run.ended:
            end = self._end()
            found, self._found = [*found, *self._found, end], []
        return found

    def _end(self) -> TrialEvent:
        """Return how it ended; what the trackers still have to say comes before."""
        run_id = self.run.run_id or ""
        try:
            end = ended_event(self.task, self.run.result())
        except KeyboardInterrupt:
            end = TrialEvent(kind="ended", key=self.task.key, run_id=run_id, status="interrupted")
        except ReprobookError as error:
            text = f"{error} {error.hint}"
            end = TrialEvent(kind="ended", key=self.task.key, run_id=run_id, status="failed", text=text)
        self._tracking.close()
        return end


class WarmPool:
    """The runs of a sweep in forks; the server, and all of them, end with the pool or with this process.

    Args:
        server: Where it was started already.
    """

    def __init__(self, server: WarmServer | None = None) -> None:
        self._server = server or WarmServer(private=True)
        self._tasks: list[WarmTask] = []

    def close(self) -> None:
        """End all runs, and the server."""
        for task in self._tasks:
            task.cancel()
        while self._tasks:
            self.news()
            time.sleep(0.02)
        self._server.close()

    def submit(self, task: TrialTask) -> None:
        """Begin a task.

        Raises:
            ColdOnlyError: If no fork is to be had.
            ReprobookError: If nothing could run.
        """
        self._tasks.append(WarmTask(self._server, task))

    def cancel(self, key: TaskKey) -> None:
        """End a task as interrupted."""
        for each in self._tasks:
            if each.task.key == key:
                each.cancel()

    def waitable(self) -> list[WarmRun]:
        """Return what becomes readable when there is news."""
        return [each.run for each in self._tasks]

    def news(self) -> list[TrialEvent]:
        """Return what happened since the last call."""
        found = [event for each in list(self._tasks) for event in each.news()]
        self._tasks = [each for each in self._tasks if not each.run.ended]
        return found
