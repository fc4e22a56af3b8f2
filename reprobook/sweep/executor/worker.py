"""A worker process of the local executor: ``python -m reprobook.sweep.executor.worker FD``.

It takes tasks from a socket whose other end is the driver's, and makes their runs one after the other. When that end
is closed, however the driver died, it ends its run as interrupted and leaves: nothing outlives a sweep.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from multiprocessing.connection import Connection

from reprobook.execute import RunEvent
from reprobook.sweep.executor.port import TaskKey, TrialEvent, TrialTask
from reprobook.sweep.executor.task import run_task


class Worker:
    """Carries out tasks until the driver hangs up.

    Args:
        connection: Gives tasks, and keys of tasks to cancel; takes events.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tasks: queue.SimpleQueue[TrialTask | None] = queue.SimpleQueue()
        self._cancelled: set[TaskKey] = set()
        self._hung_up = False

    def serve(self) -> None:
        """Run tasks."""
        # Ctrl-C is the driver's to handle; SIGTERM only ends a run, and while one goes on the run handles it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: None)
        threading.Thread(target=self._listen, name="reprobook-worker", daemon=True).start()
        while (task := self._tasks.get()) is not None and not self._hung_up:
            self._run(task)

    def _listen(self) -> None:
        """Take what the driver sends, also while a run goes on."""
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                self._hung_up = True
                self._tasks.put(None)
                os.kill(os.getpid(), signal.SIGTERM)
                return
            if isinstance(message, TrialTask):
                self._cancelled.discard(message.key)  # a run that was lost is made once more
                self._tasks.put(message)
            else:
                self._cancelled.add(message)
                os.kill(os.getpid(), signal.SIGTERM)

    def _run(self, task: TrialTask) -> None:
        """Carry out one task, unless it was cancelled before it began."""

        def check(event: RunEvent) -> None:
            # A signal that came before the run could handle it is lost; here the run can.
            if event.kind == "cell" and (self._hung_up or task.key in self._cancelled):
                raise KeyboardInterrupt

        if task.key in self._cancelled:
            self._tell(TrialEvent(kind="ended", key=task.key, status="interrupted"))
            return
        try:
            run_task(task, self._tell, check)
        except KeyboardInterrupt:
            return  # told already

    def _tell(self, event: TrialEvent) -> None:
        """Send an event; where nobody listens any more, the run's own record says the same."""
        try:
            self._connection.send(event)
        except OSError:
            self._hung_up = True


if __name__ == "__main__":
    Worker(Connection(int(sys.argv[1]))).serve()
