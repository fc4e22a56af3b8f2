"""Where runs are forked from: the thin client of shared servers, and private ones for many runs."""

from __future__ import annotations

import os
import pickle
import secrets
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reprobook.ambient import NO_PINS
from reprobook.execute.kernels import run_environment
from reprobook.execute.options import OnEvent, RunEvent, RunOptions, ignore
from reprobook.execute.preparation import Preparation, prepare
from reprobook.execute.signals import sigterm_interrupts
from reprobook.execute.warm.circumstances import Circumstances
from reprobook.execute.warm.connection import Request, fork, listens, start, take_leave
from reprobook.execute.warm.handle import WarmRun
from reprobook.execute.warm.planning import plan_of
from reprobook.execute.warm.refusal import ColdOnlyError
from reprobook.execute.warm.task import RunTask

if TYPE_CHECKING:
    from reprobook.runs import RunFolder, Store

# What is reported within it is taken at once: to be woken for each short cell would slow down whoever runs them.
_MOMENT_S = 0.02
_STARTING = "a warm server starts, and imports what the notebook does; later runs find it done"


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
        self._used = False

    def warm_up(self, prepared: Preparation, options: RunOptions) -> None:
        """Let the process start that a run will be forked from, and return at once.

        Raises:
            ColdOnlyError: If the run cannot be forked.
        """
        plan = plan_of(prepared, options, self._environment(prepared, options), token=self._token)
        start(plan, self._ends[1] if self._ends else None)

    def is_up(self, prepared: Preparation, options: RunOptions) -> bool:
        """Tell whether the process is there that a run will be forked from.

        Raises:
            ColdOnlyError: If the run cannot be forked.
        """
        return listens(plan_of(prepared, options, self._environment(prepared, options), token=self._token))

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
        return self.start_prepared(prepare(path, options, source), store.root, options)

    def start_prepared(
        self, prepared: Preparation, root: Path, options: RunOptions, on_event: OnEvent = ignore
    ) -> WarmRun:
        """Start the run of a prepared notebook, as ``start`` does; ``on_event`` is told if a server has to start."""
        environment = self._environment(prepared, options)
        plan = plan_of(prepared, options, environment, token=self._token)
        # The pins of the environment hold in the fork from its start; there are no others.
        body = _packed(RunTask(prepared, root, replace(options, pins=NO_PINS)))
        reports, end = os.pipe()
        self._used = True
        try:
            request = Request(
                kind="run",
                circumstances=Circumstances.of_this_process(environment, str(Path.cwd())),
                folder=str(prepared.cwd),
                # What C code prints before and after the cells must not be taken for the result.
                descriptors=(_standard_error(), _standard_error(), end),
                body=body,
            )
            told = RunEvent("note", None, len(prepared.notebook.code_cells), _STARTING)
            made = fork(plan, request, self._ends[1] if self._ends else None, lambda: on_event(told))
        except BaseException:
            os.close(reports)
            raise
        finally:
            os.close(end)
        return WarmRun(made, reports, prepared, root)

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
        return self.run_prepared(prepare(path, options, source), store.root, options, on_event)

    def run_prepared(
        self, prepared: Preparation, root: Path, options: RunOptions, on_event: OnEvent = ignore
    ) -> RunFolder:
        """Run a prepared notebook, as ``run`` does."""
        try:
            run = self.start_prepared(prepared, root, options, on_event)
            return _followed(run, on_event)
        except ColdOnlyError as refused:
            from reprobook.execute.run import run_prepared  # noqa: PLC0415  # most runs are forked
            from reprobook.runs import Store  # noqa: PLC0415

            on_event(RunEvent("note", None, len(prepared.notebook.code_cells), f"{refused}; a cold one is started"))
            return run_prepared(prepared, Store(root), replace(options, kernel="cold"), on_event)

    def close(self) -> None:
        """End the servers that are this process's own."""
        if self._ends is None:
            return
        for end in self._ends:
            end.close()
        take_leave(self._ends[1], unused=not self._used)

    def _environment(self, prepared: Preparation, options: RunOptions) -> dict[str, str]:
        """Return the variables of a run."""
        return run_environment(prepared, options, {**os.environ, **self._env})


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
    path: Path, root: Path, options: RunOptions, on_event: OnEvent = ignore, *, source: bytes | None = None
) -> RunFolder:
    """Run a notebook in a fork of a shared warm server, started if there is none; else as ``WarmServer.run``."""
    return WarmServer().run_prepared(prepare(path, options, source), root, options, on_event)


def _followed(run: WarmRun, on_event: OnEvent) -> RunFolder:
    """Follow a run to its end. Ctrl-C or SIGTERM interrupts it, the second time it is killed."""
    interrupted = False
    with sigterm_interrupts():
        while not run.ended:
            try:
                for event in run.events():
                    on_event(event)
                run.rest(_MOMENT_S)
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


def _packed(task: RunTask) -> bytes:
    """Return a task as bytes.

    Raises:
        ColdOnlyError: If a value of a parameter is an object of this process alone.
    """
    try:
        return pickle.dumps(task)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        reason = f"a parameter cannot be handed to another process ({error})"
        raise ColdOnlyError(reason) from error


def _standard_error() -> int:
    """Return the descriptor of standard error, whatever a notebook or test has put in the place of the stream."""
    return sys.__stderr__.fileno() if sys.__stderr__ is not None else 2
