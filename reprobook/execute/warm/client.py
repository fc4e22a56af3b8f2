"""Runs in forks of a warm server: the thin client, and a private server for many runs."""

from __future__ import annotations

import os
import pickle
import secrets
import select
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reprobook.ambient import NO_PINS
from reprobook.errors import ReprobookError
from reprobook.execute.options import OnEvent, RunEvent, RunOptions, ignore
from reprobook.execute.warm.connection import Fork
from reprobook.execute.warm.refusal import ColdOnlyError
from reprobook.execute.warm.wire import Frames, Message
from reprobook.runs import RunFolder, Store

if TYPE_CHECKING:
    from reprobook.execute.preparation import Preparation


class WarmRun:
    """One run that goes on in a fork: what it reports, and how it is ended from here.

    It ends with this process: a fork whose requester is gone is interrupted, and killed if that does not help.

    Attributes:
        run_id: Its id, from the first event on; None before.
    """

    def __init__(self, fork: Fork, reports: int, prepared: Preparation, store: Store) -> None:
        self.run_id: str | None = None
        self._fork = fork
        self._reports = reports
        self._frames = Frames(reports)
        self._prepared = prepared
        self._store = store
        self._end: Message | None = None
        self._cell: int | None = None
        self._killed = False
        self._poll = select.epoll()
        for descriptor in (fork.fileno(), reports):
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
            from reprobook.execute.warm.work import error_of  # noqa: PLC0415  # most runs have none

            raise error_of(self._end)
        return self._store.folder(self._end["done"])

    def _died(self) -> RunFolder:
        """Record the run of a fork that died on the way."""
        if self.run_id is None:
            msg = f"the process of the run ended with {self._fork.exit_code} before the run began"
            raise ReprobookError(msg, hint="Run it in a cold kernel: --kernel cold.")
        from reprobook.execute.run import seal_dead  # noqa: PLC0415  # most runs do not die

        run = self._store.folder(self.run_id)
        seal_dead(run, self._prepared, self._cell, interrupted=self._killed)
        if self._killed:
            raise KeyboardInterrupt
        return run

    def _close(self) -> None:
        self._poll.close()
        os.close(self._reports)

    def abandon(self) -> None:
        """Let go of it: it is interrupted, and killed if that does not help."""
        if not self.ended:
            self._fork.close()
            self._close()


class WarmServer:
    """Where runs are forked from: for each notebook, hash seed and environment one process, started when needed.

    Args:
        env: Variables of the runs, beside those of this process.
        private: Whether its processes serve this one only.
    """

    def __init__(self, env: Mapping[str, str] | None = None, *, private: bool = False) -> None:
        self._env = dict(env or {})
        self._token = secrets.token_hex(8) if private else ""
        # The servers hold the other end, and end when this one is closed.
        self._ends = socket.socketpair() if private else None

    def start(self, path: Path, store: Store, options: RunOptions, *, source: bytes | None = None) -> WarmRun:
        """Start a run and return at once; several may go on at a time.

        Args:
            path: The notebook.
            store: The store of the run.
            options: As for ``run_notebook``.
            source: The bytes of the notebook, where they are not those at ``path``.

        Raises:
            ReprobookError: If nothing could run, or no fork is to be had: ``ColdOnlyError`` says why.
        """
        from reprobook.execute.preparation import prepare  # noqa: PLC0415

        return self.start_prepared(prepare(path, options, source), store, options)

    def start_prepared(self, prepared: Preparation, store: Store, options: RunOptions) -> WarmRun:
        """Start the run of a prepared notebook, as ``start`` does."""
        from reprobook.execute.warm import connection  # noqa: PLC0415
        from reprobook.execute.warm.child import Circumstances  # noqa: PLC0415
        from reprobook.execute.warm.planning import plan_of, run_environment  # noqa: PLC0415
        from reprobook.execute.warm.work import RunTask  # noqa: PLC0415

        environment = run_environment(prepared, options, {**os.environ, **self._env})
        plan = plan_of(prepared, options, environment, token=self._token)
        # The pins of the environment hold in the fork from its start; there are no others.
        task = RunTask(prepared.path, prepared.source, store.root, replace(options, pins=NO_PINS))
        reports, end = os.pipe()
        try:
            request = connection.Request(
                kind="run",
                circumstances=Circumstances.of_this_process(environment, str(Path.cwd())),
                # What C code prints before and after the cells must not be taken for the result.
                descriptors=(_standard_error(), _standard_error(), end),
                body=pickle.dumps(task),
            )
            fork = connection.fork(plan, request, self._ends[1] if self._ends else None)
        except BaseException:
            os.close(reports)
            raise
        finally:
            os.close(end)
        return WarmRun(fork, reports, prepared, store)

    def run(
        self,
        path: Path,
        store: Store,
        options: RunOptions,
        on_event: OnEvent = ignore,
        *,
        source: bytes | None = None,
    ) -> RunFolder:
        """Run a notebook in a fork and return its run; where no fork is to be had, in a cold kernel, with a note.

        Raises:
            ReprobookError: As ``run_notebook`` raises it.
            KeyboardInterrupt: On Ctrl-C, after the run was recorded as interrupted.
        """
        from reprobook.execute.preparation import prepare  # noqa: PLC0415

        return self.run_prepared(prepare(path, options, source), store, options, on_event)

    def run_prepared(
        self, prepared: Preparation, store: Store, options: RunOptions, on_event: OnEvent = ignore
    ) -> RunFolder:
        """Run a prepared notebook, as ``run`` does."""
        try:
            run = self.start_prepared(prepared, store, options)
            return _followed(run, on_event)
        except ColdOnlyError as refused:
            from reprobook.execute.run import run_prepared  # noqa: PLC0415

            on_event(RunEvent("note", None, len(prepared.notebook.code_cells), f"{refused}; a cold one is started"))
            return run_prepared(prepared, store, replace(options, kernel="cold"), on_event)

    def close(self) -> None:
        """End the servers that are this process's own."""
        if self._ends is None:
            return
        from reprobook.execute.warm.connection import end_with_owner  # noqa: PLC0415

        for end in self._ends:
            end.close()
        end_with_owner()


@contextmanager
def warm_server(*, env: Mapping[str, str] | None = None, private: bool = True) -> Iterator[WarmServer]:
    """Give a server for as long as the ``with`` block goes on.

    A private one serves this process only, and ends with the block, or with this process however it ends; otherwise
    servers are shared with other processes of the user, and end when they were idle for some minutes.

    Args:
        env: Variables of the runs, beside those of this process.
        private: Whether the servers are this process's own.
    """
    server = WarmServer(env, private=private)
    try:
        yield server
    finally:
        server.close()


def run_warm(
    path: Path, store: Store, options: RunOptions, on_event: OnEvent = ignore, *, source: bytes | None = None
) -> RunFolder:
    """Run a notebook in a fork of a shared warm server, started if there is none; else as ``WarmServer.run``."""
    return WarmServer().run(path, store, options, on_event, source=source)


def _followed(run: WarmRun, on_event: OnEvent) -> RunFolder:
    """Follow a run to its end. Ctrl-C interrupts it, a second one kills it."""
    interrupted = False
    while not run.ended:
        try:
            for event in run.events():
                on_event(event)
        except KeyboardInterrupt:
            if interrupted:
                run.kill()
            else:
                run.interrupt()
            interrupted = True
        except BaseException:
            run.abandon()
            raise
    return run.result()


def _standard_error() -> int:
    """Return the descriptor of standard error, whatever a notebook or test has put in the place of the stream."""
    return sys.__stderr__.fileno() if sys.__stderr__ is not None else 2
