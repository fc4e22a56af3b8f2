"""One run that goes on in a fork, as its requester holds it."""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from reprobook.errors import ReprobookError
from reprobook.execute.options import RunEvent
from reprobook.execute.preparation import Preparation
from reprobook.execute.warm.connection import Fork
from reprobook.execute.warm.task import error_of
from reprobook.execute.warm.wire import Frames, Message

if TYPE_CHECKING:
    from reprobook.runs import RunFolder


class WarmRun:
    """One run that goes on in a fork: what it reports, and how it is ended from here.

    It ends with this process: a fork whose requester is gone is interrupted, and killed if that does not help.

    Attributes:
        run_id: Its id, from the first event on; None before.
    """

    def __init__(self, made: Fork, reports: int, prepared: Preparation, root: Path) -> None:
        self.run_id: str | None = None
        self._fork = made
        self._reports = reports
        self._frames = Frames(reports)
        self._prepared = prepared
        self._root = root
        self._end: Message | None = None
        self._cell: int | None = None
        self._killed = False
        self._poll = select.epoll()
        for descriptor in (made.fileno(), reports):
            self._poll.register(descriptor, select.EPOLLIN)

    def fileno(self) -> int:
        """Return a descriptor that is readable when there is something to report, for ``selectors``."""
        return self._poll.fileno()

    def events(self, timeout: float | None = None) -> list[RunEvent]:
        """Return what was reported since the last call; waits up to ``timeout`` seconds for something (None: ever)."""
        if self.ended:
            return []
        ready = {descriptor for descriptor, _ in self._poll.poll(timeout)}
        if self._fork.fileno() in ready:
            self._fork.wait()
        found = [RunEvent(**message["event"]) for message in self._frames.read() if self._is_event(message)]
        for event in found:
            self.run_id = event.text if event.kind == "started" else self.run_id
            self._cell = event.cell if event.kind == "cell" else self._cell
        if self._frames.ended and self._reports in ready and not self.ended:
            # Its end is still to come; until then there is nothing to read.
            self._poll.unregister(self._reports)
        if self.ended:
            self._close()
        return found

    def rest(self, seconds: float) -> None:
        """Wait, but no longer than it goes on."""
        if not self.ended:
            select.select([self._fork.fileno()], [], [], seconds)

    def _is_event(self, message: Message) -> bool:
        """Tell whether a message is an event; the other kind is the last one."""
        if "event" not in message:
            self._end = message
        return "event" in message

    @property
    def ended(self) -> bool:
        """Whether the fork has ended and all events were read."""
        return self._fork.exit_code is not None

    def interrupt(self) -> None:
        """Interrupt it as Ctrl-C does: the run is recorded as interrupted."""
        if not self.ended:
            self._fork.signal(signal.SIGINT)

    def kill(self) -> None:
        """End it at once, with the processes that it started."""
        if not self.ended:
            self._killed = True
            self._fork.signal(signal.SIGKILL)

    def result(self) -> RunFolder:
        """Wait for the end and return the run, as ``run_notebook`` does; unread events are dropped.

        Raises:
            ReprobookError: As ``run_notebook`` raises it.
            KeyboardInterrupt: If it was interrupted, after the run was recorded so.
        """
        while not self.ended:
            self.events()
        if self._end is None:
            return self._died()
        if "interrupted" in self._end:
            raise KeyboardInterrupt
        if "error" in self._end:
            raise error_of(self._end)
        return self._folder(self._end["done"])

    def _died(self) -> RunFolder:
        """Record the run of a fork that died on the way."""
        if self.run_id is None:
            msg = f"the process of the run ended with {self._fork.exit_code} before the run began"
            raise ReprobookError(msg, hint="Run it in a cold kernel: --kernel cold.")
        from reprobook.execute.run import seal_dead  # noqa: PLC0415  # most runs do not die

        run = self._folder(self.run_id)
        seal_dead(run, self._prepared, self._cell, interrupted=self._killed)
        if self._killed:
            raise KeyboardInterrupt
        return run

    def _folder(self, run_id: str) -> RunFolder:
        from reprobook.runs import Store  # noqa: PLC0415  # whoever asks for a run need not wait for it

        return Store(self._root).folder(run_id)

    def _close(self) -> None:
        self._poll.close()
        os.close(self._reports)

    def abandon(self) -> None:
        """Let go of it: it is interrupted, and killed if that does not help."""
        if not self.ended:
            self._fork.close()
            self._close()
