"""The server process: imports once, then one fork for each request. It never runs a line of a notebook.

It has one thread, and is gone when it was idle for some time, or when the process that it is private to is gone. A
fork that a requester no longer waits for is ended, with the processes that it started.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import struct
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reprobook.execute.warm.child import Circumstances, become
from reprobook.execute.warm.place import Place
from reprobook.execute.warm.preload import UnfitImportError, preload
from reprobook.execute.warm.safety import refusal, shadowed
from reprobook.execute.warm.shelf import Shelf
from reprobook.execute.warm.wire import Message, receive, send

# For the message of a requester, which is sent at once.
_PATIENCE_S = 10.0
# From SIGTERM to SIGKILL, for a fork whose requester is gone: to record that it was interrupted.
_GRACE_S = 5.0


@dataclass(frozen=True)
class Settings:
    """How a server is started; its environment is the rest.

    Attributes:
        statements: The imports that it does.
        watched: Whether they see the functions that a recorder watches.
        listener: Descriptor of its listening socket.
        path: Where that is bound.
        owner: Descriptor that ends with the process that the server is private to; -1 if it is shared.
        idle_s: How long it waits for a request before it ends.
    """

    statements: tuple[str, ...]
    watched: bool
    listener: int
    path: str
    owner: int
    idle_s: float


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
            for key, _ in self._selector.select(self._wait_s()):
                if key.data == "request":
                    job = self._answer()
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
        return None

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
        requester, _ = self._listener.accept()
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
            self._ending = True
            requester.close()
            return None
        reason = "the server is ending" if self._ending else self._refusal(message)
        if reason:
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
        if name := shadowed(message["cwd"], modules):
            return f"the working folder has a module of its own called {name!r}"
        if "matplotlib" in modules and Path(message["cwd"], "matplotlibrc").exists():
            return "the working folder has a matplotlibrc"
        return refusal(self._shelf.module("torch"))

    def _fork(self, requester: socket.socket, message: Message, body: bytes, descriptors: list[int]) -> Job | None:
        """Fork; returns the job in the fork, None in the server."""
        server = os.getpid()
        self._used = time.monotonic()
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

    def _end(self) -> None:
        """End all forks, and then this process."""
        self._ending = True
        self._selector.unregister(self._settings.owner)
        for fork in self._forks.values():
            if fork.kill_at is None:
                self._leave(fork)

    def _kill_late(self) -> None:
        for fork in self._forks.values():
            if fork.kill_at is not None and time.monotonic() >= fork.kill_at:
                _signal(fork.pid, signal.SIGKILL)

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


def _import_machinery() -> None:
    """Import what every fork needs itself."""
    from reprobook.execute.warm import work  # noqa: PLC0415  # takes a second, and comes after the path is set

    work.load()


def main(argument: str) -> None:
    """Serve, and in each fork do the job."""
    if sys.path[0] == str(Path.cwd()):
        del sys.path[0]  # as ipykernel's launcher does; a kernel gets its working folder back later
    content = json.loads(argument)
    settings = Settings(**content | {"statements": tuple(content["statements"])})
    environment = dict(os.environ)
    _import_machinery()
    defaults = {name: value for name, value in os.environ.items() if environment.get(name) != value}
    shelf = Shelf()
    if settings.watched:
        from reprobook.ambient.watch import install  # noqa: PLC0415  # it replaces functions of the process

        install()
    try:
        shelf.put_aside(preload(settings.statements))
    except UnfitImportError as unfit:
        print(f"not imported beforehand: {settings.statements[unfit.index]}: {unfit.reason}", flush=True)  # noqa: T201  # its log
        rest = {**content, "statements": settings.statements[: unfit.index]}
        command = [sys.executable, "-m", "reprobook.execute.warm.server", json.dumps(rest)]
        os.execve(sys.executable, command, environment)  # noqa: S606  # itself
    for descriptor in (settings.listener, settings.owner):
        if descriptor >= 0:
            os.set_inheritable(descriptor, False)  # noqa: FBT003  # its signature
    gc.collect()
    gc.freeze()
    job = _served(settings, shelf, defaults)
    if job is not None:
        from reprobook.execute.warm import work  # noqa: PLC0415  # imported long ago

        work.do(job)


def _served(settings: Settings, shelf: Shelf, defaults: Mapping[str, str]) -> Job | None:
    """Serve; at its end remove the socket, if it is still this server's."""
    bound = Path(settings.path).stat().st_ino
    job = Server(settings, shelf, defaults).serve()
    if job is None:
        with Place.open().locked(), suppress(OSError):
            if Path(settings.path).stat().st_ino == bound:
                Path(settings.path).unlink()
                Path(settings.path).with_suffix(".log").unlink()
    return job


if __name__ == "__main__":
    main(sys.argv[1])
