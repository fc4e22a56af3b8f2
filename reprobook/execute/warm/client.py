"""Runs in forks of a warm server: the thin client, and a private server for many runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reprobook.execute.options import OnEvent, RunEvent, RunOptions, ignore
from reprobook.runs import RunFolder, Store


class WarmRun:
    """One run that goes on in a fork: what it reports, and how it is ended from here.

    It ends with this process: a fork whose requester is gone is interrupted, and killed if that does not help.

    Attributes:
        run_id: Its id, from the first event on; None before.
    """

    run_id: str | None

    def fileno(self) -> int:
        """Return a descriptor that is readable when there is something to report, for ``selectors``."""
        raise NotImplementedError

    def events(self, timeout: float | None = None) -> list[RunEvent]:
        """Return what was reported since the last call; waits up to ``timeout`` seconds for something (None: ever)."""
        raise NotImplementedError

    @property
    def ended(self) -> bool:
        """Whether the fork has ended and all events were read."""
        raise NotImplementedError

    def interrupt(self) -> None:
        """Interrupt it as Ctrl-C does: the run is recorded as interrupted."""
        raise NotImplementedError

    def kill(self) -> None:
        """End it at once, with the processes that it started."""
        raise NotImplementedError

    def result(self) -> RunFolder:
        """Wait for the end and return the run, as ``run_notebook`` does; unread events are dropped.

        Raises:
            ReprobookError: As ``run_notebook`` raises it.
            KeyboardInterrupt: If it was interrupted, after the run was recorded so.
        """
        raise NotImplementedError


class WarmServer:
    """Where runs are forked from: for each notebook, hash seed and environment one process, started when needed."""

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
        raise NotImplementedError

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
        raise NotImplementedError


@contextmanager
def warm_server(*, env: Mapping[str, str] | None = None, private: bool = True) -> Iterator[WarmServer]:
    """Give a server for as long as the ``with`` block goes on.

    A private one serves this process only, and ends with the block, or with this process however it ends; otherwise
    servers are shared with other processes of the user, and end when they were idle for some minutes.

    Args:
        env: Variables of the runs, beside those of this process.
        private: Whether the servers are this process's own.
    """
    raise NotImplementedError


def run_warm(
    path: Path, store: Store, options: RunOptions, on_event: OnEvent = ignore, *, source: bytes | None = None
) -> RunFolder:
    """Run a notebook in a fork of a shared warm server, started if there is none; else as ``WarmServer.run``."""
    with warm_server(private=False) as server:
        return server.run(path, store, options, on_event, source=source)
