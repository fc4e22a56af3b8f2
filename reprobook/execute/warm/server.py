"""The server: one fork for each request, for as long as somebody wants them.

A fork that its requester no longer waits for is ended, with the processes that it started.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reprobook.execute.shadowing import shadowed
from reprobook.execute.warm.child import become
from reprobook.execute.warm.circumstances import Circumstances
from reprobook.execute.warm.pages import huge_pages
from reprobook.execute.warm.safety import refusal
from reprobook.execute.warm.settings import Settings
from reprobook.execute.warm.shelf import Shelf
from reprobook.execute.warm.wire import Message, receive, send

# For the message of a requester, which is sent at once.
_PATIENCE_S = 10.0
# From SIGTERM to SIGKILL, for a fork whose requester is gone: to record that it was interrupted.
_GRACE_S = 5.0
# After so many forks it pays to put the memory together, even beside some that go on.
_MANY = 32


@dataclass
class _Fork:
    """A fork that goes on."""

    pid: int
    requester: socket.socket
    kill_at: float | None = None


@dataclass(frozen=True)
class Job:
    """What a fork is to do: ``message`` and ``body`` of the request, and where it reports to."""

    message: Message
    body: bytes
    reports: int


class _Bound:
    """The file of a socket, and the log beside it, as long as they are this server's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode = path.stat().st_ino

    def remove(self) -> None:
        """Remove them."""
        with suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
                self._path.with_suffix(".log").unlink()


class Server:
    """Answers requests until it was idle for too long.

    Args:
        settings: How it was started.
        shelf: Where the modules are that it imported beforehand.
        defaults: Variables that a kernel's own imports set.
    """

    def __init__(self, settings: Settings, shelf: Shelf, defaults: Mapping[str, str]) -> None:
        self._settings = settings
        self._shelf = shelf
        self._defaults = defaults
        self._listener = socket.socket(fileno=settings.listener)
        self._selector = selectors.DefaultSelector()
        self._forks: dict[int, _Fork] = {}
        self._used = time.monotonic()
        self._ending = False
        self._made = 0
        self._pages: Iterator[int] | None = huge_pages()
        self._bound = _Bound(Path(settings.path))
        self._awake, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(self._awake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self._wake = wake
        self._selector.register(self._listener, selectors.EVENT_READ, "request")
        self._selector.register(self._awake, selectors.EVENT_READ, "child")
        if settings.owner >= 0:
            self._selector.register(settings.owner, selectors.EVENT_READ, "owner")

    def serve(self) -> Job | None:
        """Return the job in the fork that is to do it, and None in the server when it is to end."""
        while not self._is_over():
            at_leisure = self._has_leisure()
            ready = self._selector.select(0.0 if at_leisure else self._wait_s())
            if at_leisure and not ready:
                self._put_together()
            for key, _ in ready:
                if key.data == "request":
                    # It may have been told to end a moment ago.
                    job = None if self._ending else self._answer()
                    if job is not None:
                        return job
                elif key.data == "child":
                    with suppress(BlockingIOError):
                        os.read(self._awake, 1 << 12)
                elif key.data == "owner":
                    self._end()
                else:
                    self._hear(key.data)
            self._reap()
            self._kill_late()
        self._bound.remove()
        return None

    def _has_leisure(self) -> bool:
        """Tell whether there is memory to put together, and time for it."""
        return self._pages is not None and (not self._forks or self._made >= _MANY)

    def _put_together(self) -> None:
        """Put one piece of memory together: a request waits for no more."""
        if self._pages is not None and next(self._pages, None) is None:
            self._pages = None

    def _is_over(self) -> bool:
        if self._forks:
            return False
        return self._ending or time.monotonic() - self._used >= self._settings.idle_s

    def _wait_s(self) -> float | None:
        """Return how long there is nothing to do but to wait."""
        if not self._forks:
            return max(0.0, self._used + self._settings.idle_s - time.monotonic())
        ends = [fork.kill_at for fork in self._forks.values() if fork.kill_at is not None]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _answer(self) -> Job | None:
        """Take one request; returns the job in the fork, None in the server."""
        try:
            requester, _ = self._listener.accept()
        except OSError:
            return None  # it is gone already
        requester.settimeout(_PATIENCE_S)
        try:
            if not _is_own_user(requester):
                requester.close()
                return None
            message, body, descriptors = receive(requester)
        except (OSError, EOFError, ValueError):
            requester.close()
            return None
        if message["kind"] == "end":
            requester.close()
            self._stop_listening()
            return None
        if reason := self._refusal(message):
            with suppress(OSError):
                send(requester, {"refused": reason})
            requester.close()
        else:
            job = self._fork(requester, message, body, descriptors)
            if job is not None:
                return job
        for descriptor in descriptors:
            os.close(descriptor)
        return None

    def _refusal(self, message: Message) -> str:
        """Return why there can be no fork for a request."""
        modules = {**self._shelf.modules(), **sys.modules}
        if name := shadowed(message["folder"], modules):
            return f"the working folder has a module of its own called {name!r}"
        if "matplotlib" in modules and Path(message["folder"], "matplotlibrc").exists():
            return "the working folder has a matplotlibrc"
        return refusal(self._shelf.module("torch"))

    def _fork(self, requester: socket.socket, message: Message, body: bytes, descriptors: list[int]) -> Job | None:
        """Fork; returns the job in the fork, None in the server."""
        server = os.getpid()
        self._used = time.monotonic()
        self._made += 1
        pid = os.fork()
        if pid == 0:
            requester.close()
            self._close()
            message["environment"] = {**self._defaults, **message["environment"]}
            circumstances = Circumstances(**{name: message[name] for name in Circumstances.__dataclass_fields__})
            become(circumstances, descriptors[:2], server, self._shelf)
            return Job(message, body, descriptors[2] if len(descriptors) > 2 else -1)  # noqa: PLR2004  # output, error
        fork = _Fork(pid, requester)
        self._forks[pid] = fork
        self._selector.register(requester, selectors.EVENT_READ, fork)
        with suppress(OSError):
            send(requester, {"pid": pid})
        return None

    def _hear(self, fork: _Fork) -> None:
        """Take what a requester says: a signal to pass on; or that it is gone."""
        if fork.kill_at is not None:
            return
        try:
            message, _, _ = receive(fork.requester)
        except (OSError, EOFError, ValueError):
            self._leave(fork)
            return
        _signal(fork.pid, message["signal"])

    def _leave(self, fork: _Fork) -> None:
        """End a fork that nobody waits for."""
        self._selector.unregister(fork.requester)
        fork.requester.close()
        fork.kill_at = time.monotonic() + _GRACE_S
        _signal(fork.pid, signal.SIGTERM)

    def _stop_listening(self) -> None:
        """Take no more requests: the next one has a server of its own. This one ends with its last fork."""
        if not self._ending:
            self._ending = True
            self._selector.unregister(self._listener)
            self._listener.close()
            self._bound.remove()

    def _end(self) -> None:
        """End all forks, and then this process."""
        self._stop_listening()
        self._selector.unregister(self._settings.owner)
        for fork in self._forks.values():
            if fork.kill_at is None:
                self._leave(fork)

    def _kill_late(self) -> None:
        for fork in self._forks.values():
            if fork.kill_at is not None and time.monotonic() >= fork.kill_at:
                _signal(fork.pid, signal.SIGKILL)
                fork.kill_at = time.monotonic() + _GRACE_S

    def _reap(self) -> None:
        """Take leave of the forks that ended, and of what they left running."""
        while self._forks:
            # Not reaped yet, its id belongs to nobody else.
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None:
                return
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(ended.si_pid, signal.SIGKILL)
            _, status = os.waitpid(ended.si_pid, 0)
            fork = self._forks.pop(ended.si_pid, None)
            self._used = time.monotonic()
            if fork is not None and fork.kill_at is None:
                self._selector.unregister(fork.requester)
                with suppress(OSError):
                    send(fork.requester, {"exit": os.waitstatus_to_exitcode(status)})
                fork.requester.close()

    def _close(self) -> None:
        """Close, in a fork, all that is the server's."""
        self._selector.close()
        self._listener.close()
        for fork in self._forks.values():
            fork.requester.close()
        for descriptor in (self._awake, self._wake, *([self._settings.owner] if self._settings.owner >= 0 else [])):
            os.close(descriptor)


def _signal(pid: int, number: int) -> None:
    """Send a signal to a fork and what it started."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        with suppress(ProcessLookupError):
            os.kill(pid, number)  # it has not come so far as to lead its group


def _is_own_user(connection: socket.socket) -> bool:
    """Tell whether the other side is a process of the same user."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", data)[1] == os.getuid())
