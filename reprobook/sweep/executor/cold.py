"""A pool of worker processes on this machine, whose runs have a kernel process each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from reprobook.runs import Store
from reprobook.runs.metric_tail import MetricTail
from reprobook.sweep.executor.port import TaskKey, TrialEvent, TrialTask
from reprobook.sweep.executor.task import metric_events

PATIENCE = 20.0  # seconds that a cancelled run has to end by itself


class WorkerProcess:
    """One worker, and the task that it has."""

    def __init__(self, log: Path | None) -> None:
        self.connection, theirs = Pipe()
        with theirs, open(log or os.devnull, "ab") as output:  # noqa: PTH123  # a Path would not take os.devnull
            self._process = subprocess.Popen(  # noqa: S603  # our own module
                [sys.executable, "-m", "reprobook.sweep.executor.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output if log else None,
                stderr=output if log else None,
                # Ctrl-C in a terminal reaches the driver alone, which then ends the workers in order.
                start_new_session=True,
            )
        self.task: TrialTask | None = None
        self.run_id = ""
        self.tail: MetricTail | None = None
        self.deadline = float("inf")

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def give(self, task: TrialTask) -> None:
        """Begin a task."""
        self.task, self.run_id, self.tail, self.deadline = task, "", None, float("inf")
        self._send(task)

    def cancel(self) -> None:
        """Ask it to end its task, and begin to count."""
        if self.task is not None and self.deadline == float("inf"):
            self.deadline = time.monotonic() + PATIENCE
            self._send(self.task.key)

    def _send(self, message: TrialTask | TaskKey) -> None:
        """Send; of a worker that has died the next look finds the connection closed."""
        with suppress(OSError):
            self.connection.send(message)

    def hang_up(self) -> None:
        """Tell it that nobody listens: it ends its run and leaves."""
        self.connection.close()
        self.deadline = time.monotonic() + PATIENCE

    def left(self) -> bool:
        """Tell whether it has ended; one that was asked to long ago is killed, with all that it started."""
        if self._process.poll() is None and time.monotonic() > self.deadline:
            self.kill()
        return self._process.poll() is not None

    def kill(self) -> None:
        """End it at once; its kernel would notice by itself, but only after a second."""
        try:
            family = [*psutil.Process(self.pid).children(recursive=True), psutil.Process(self.pid)]
        except psutil.NoSuchProcess:
            return
        for each in family:
            try:
                each.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:
                continue
        self._process.wait()


class ColdPool:
    """Worker processes, one a job, each started when it is first needed.

    Args:
        log: File that they write what they print to.
    """

    def __init__(self, log: Path | None) -> None:
        self._log = log
        self._workers: list[WorkerProcess] = []

    def close(self) -> None:
        """End all runs and processes."""
        for worker in self._workers:
            worker.hang_up()
        waiting = self._workers
        while waiting := [worker for worker in waiting if not worker.left()]:
            time.sleep(0.02)
        self._workers = []

    def submit(self, task: TrialTask) -> None:
        """Give a task to a worker that has none."""
        worker = next((each for each in self._workers if each.task is None), None)
        if worker is None:
            worker = WorkerProcess(self._log)
            self._workers.append(worker)
        worker.give(replace(task, options=replace(task.options, kernel="cold")))

    def cancel(self, key: TaskKey) -> None:
        """End a task as interrupted."""
        for worker in self._workers:
            if worker.task is not None and worker.task.key == key:
                worker.cancel()

    def waitable(self) -> list[Connection]:
        """Return what becomes readable when there is news."""
        return [worker.connection for worker in self._workers]

    def news(self) -> list[TrialEvent]:
        """Return what happened since the last call."""
        return [event for worker in list(self._workers) for event in self._news_of(worker)]

    def _news_of(self, worker: WorkerProcess) -> list[TrialEvent]:
        """Return what one worker sent, and what its run has logged."""
        found: list[TrialEvent] = []
        try:
            while worker.connection.poll():
                found += self._received(worker, worker.connection.recv())
        except (EOFError, OSError):
            return found + self._lost(worker)
        if time.monotonic() > worker.deadline:
            worker.kill()  # it closes the connection, so the next look finds it lost
        if worker.task is not None and worker.tail is not None:
            found += metric_events(worker.task, worker.run_id, worker.tail)
        return found

    def _received(self, worker: WorkerProcess, event: TrialEvent) -> list[TrialEvent]:
        """Take an event of a worker; before the end of a run come the metrics that it logged last."""
        if worker.task is None or event.key != worker.task.key:
            return []
        if event.kind == "started":
            worker.run_id = event.run_id
            worker.tail = MetricTail(Store(Path(worker.task.store)).folder(event.run_id).metrics)
        if event.kind != "ended":
            return [event]
        last = metric_events(worker.task, worker.run_id, worker.tail) if worker.tail is not None else []
        worker.task, worker.tail, worker.deadline = None, None, float("inf")
        return [*last, event]

    def _lost(self, worker: WorkerProcess) -> list[TrialEvent]:
        """Take a worker that died out of the pool, and say what became of its task."""
        self._workers.remove(worker)
        cancelled = worker.deadline < float("inf")
        worker.kill()
        worker.connection.close()
        if worker.task is None:
            return []
        Store(Path(worker.task.store)).mark_dead()
        text = "" if cancelled else f"the worker process {worker.pid} was killed"
        ended = TrialEvent(kind="ended", key=worker.task.key, run_id=worker.run_id, status="lost", text=text)
        return [replace(ended, status="interrupted") if cancelled else ended]
