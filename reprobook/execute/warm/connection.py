"""From a requester to a server: connect to the one that fits, start it where there is none, and hand over a request."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from reprobook.execute.warm.circumstances import Circumstances
from reprobook.execute.warm.key import SHARED, Plan
from reprobook.execute.warm.place import Place
from reprobook.execute.warm.refusal import ColdOnlyError
from reprobook.execute.warm.wire import Message, receive, send

_IDLE = "REPROBOOK_WARM_IDLE"
_IDLE_S = 600.0
# Servers that are shared and idle hold memory; the one that was not used for longest goes first.
_MOST_SHARED = 4
_MOST_PRIVATE = 8  # of one owner: each hash seed has its own, and hundreds of megabytes
_LINES_OF_LOG = 3
_END_S = 10.0
# A server may end, being idle, as a request comes.
_ATTEMPTS = 3


@dataclass(frozen=True)
class _Started:
    """A server that this process started; ``owner`` is the end that a private one was given."""

    process: subprocess.Popen[bytes]
    owner: socket.socket | None
    socket: Path


_started: list[_Started] = []


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes:
        kind: ``run`` or ``kernel``.
        circumstances: Those of the fork.
        folder: Working folder of the notebook.
        arguments: Of a kernel.
        body: Of a run.
        descriptors: Standard output and error of the fork, and where a run reports to.
    """

    kind: str
    circumstances: Circumstances
    folder: str
    descriptors: Sequence[int]
    arguments: Sequence[str] = ()
    body: bytes = b""

    def message(self) -> Message:
        """Return it as it travels."""
        return {
            "kind": self.kind,
            "arguments": list(self.arguments),
            "folder": self.folder,
            **asdict(self.circumstances),
        }


class Fork:
    """A fork, as its requester holds it: the server ends it when this is closed or gone.

    Attributes:
        pid: Its process id, which is that of its group too.
        exit_code: How it ended, as ``subprocess`` tells it; None before.
    """

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self._connection = connection
        self.pid = pid
        self.exit_code: int | None = None

    def fileno(self) -> int:
        """Return the descriptor that is readable when it has ended."""
        return self._connection.fileno()

    def signal(self, number: int) -> None:
        """Send a signal to it, and to what it started."""
        with suppress(OSError):
            send(self._connection, {"signal": int(number)})

    def wait(self, timeout: float | None = None) -> int | None:
        """Return how it ended; None if it has not within these seconds."""
        if self.exit_code is not None:
            return self.exit_code
        self._connection.settimeout(timeout)
        try:
            message, _, _ = receive(self._connection)
            self.exit_code = int(message["exit"])
        except (TimeoutError, BlockingIOError):
            return None
        except (OSError, EOFError):
            # The server is dead, and the fork with it; what the fork started is left to us.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            self.exit_code = -signal.SIGKILL
        self._connection.close()
        return self.exit_code

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()


def fork(
    plan: Plan,
    request: Request,
    owner: socket.socket | None = None,
    on_start: Callable[[], None] = lambda: None,
) -> Fork:
    """Have a fork made by the server of a plan, which is started if need be.

    Args:
        plan: What the server is for.
        request: What the fork is to do.
        owner: The end that a private server is given: it ends when the other end is closed.
        on_start: Called before a server is started.

    Raises:
        ColdOnlyError: If there can be none.
    """
    _check_platform()
    place, name = Place.open(), plan.name
    for _ in range(_ATTEMPTS):
        connection = _connect(plan, place, name, owner, on_start)
        try:
            send(connection, request.message(), request.body, request.descriptors)
            message, _, _ = receive(connection)
        except (OSError, EOFError):
            connection.close()
            continue
        except BaseException:
            connection.close()
            raise
        if reason := message.get("refused"):
            connection.close()
            raise ColdOnlyError(str(reason))
        return Fork(connection, int(message["pid"]))
    reason = f"the server ended: {_last_lines(place.log(name))}"
    raise ColdOnlyError(reason)


def start(plan: Plan, owner: socket.socket | None = None) -> None:
    """Start the server of a plan, if there is none, before a fork is asked for.

    Raises:
        ColdOnlyError: If there can be none.
    """
    _check_platform()
    _connect(plan, Place.open(), plan.name, owner, lambda: None).close()


def listens(plan: Plan) -> bool:
    """Tell whether the server of a plan is there.

    Raises:
        ColdOnlyError: If there can be none.
    """
    _check_platform()
    found = _try(Place.open().socket(plan.name))
    if found is not None:
        found.close()
    return found is not None


def take_leave(owner: socket.socket, *, unused: bool) -> None:
    """Wait for the end of the private servers that were given this end, once the other one is closed.

    Args:
        owner: The end.
        unused: None was asked for a fork: they are not waited for until they are ready.
    """
    for server in [each for each in _started if each.owner is owner and each.process.poll() is None]:
        if unused:
            server.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.process.wait(_END_S)
        if unused:
            _remove(server.socket)


def _check_platform() -> None:
    if sys.platform != "linux":
        reason = f"forks of a process with such libraries are not safe on {sys.platform}"
        raise ColdOnlyError(reason)


def _connect(
    plan: Plan, place: Place, name: str, owner: socket.socket | None, on_start: Callable[[], None]
) -> socket.socket:
    """Connect to the server of a plan."""
    path = place.socket(name)
    found = _try(path)
    if found is None:
        with place.locked():
            found = _try(path)
            if found is None:
                _check_room(owner)
                on_start()
                _clear(place)
                _start(plan, place, name, owner)
                found = _try(path)
    if found is None:
        reason = f"no connection to {path}"
        raise ColdOnlyError(reason)
    with suppress(OSError):
        os.utime(path)
    return found


def _try(path: Path) -> socket.socket | None:
    """Connect to a socket; None if nobody listens."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        return None
    return connection


def _start(plan: Plan, place: Place, name: str, owner: socket.socket | None) -> None:
    """Start a server: it inherits a socket that listens already, so that requests wait until it is ready."""
    path = place.socket(name)
    path.unlink(missing_ok=True)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen()
        settings = {
            "statements": plan.statements,
            "watched": plan.watched,
            "listener": listener.fileno(),
            "path": str(path),
            "owner": owner.fileno() if owner else -1,
            "idle_s": float(os.environ.get(_IDLE, _IDLE_S)),
        }
        descriptor = os.open(place.log(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        with open(descriptor, "wb") as log:  # noqa: PTH123  # a descriptor, made private from the start
            server = subprocess.Popen(  # noqa: S603  # this interpreter
                [sys.executable, "-m", "reprobook.execute.warm.process", json.dumps(settings)],
                cwd=place.folder,
                env=dict(plan.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[listener.fileno(), *([owner.fileno()] if owner else [])],
                start_new_session=True,
            )
    # Those that ended meanwhile are forgotten.
    _started[:] = [*(each for each in _started if each.process.poll() is None), _Started(server, owner, path)]


def _check_room(owner: socket.socket | None) -> None:
    """Refuse one more private server where there are enough: to end another would only let it start again.

    Raises:
        ColdOnlyError: If there are.
    """
    alive = sum(each.owner is owner and each.process.poll() is None for each in _started)
    if owner is not None and alive >= _MOST_PRIVATE:
        reason = f"{_MOST_PRIVATE} servers run already, one for each hash seed"
        raise ColdOnlyError(reason)


def _clear(place: Place) -> None:
    """Remove what dead servers left, and end idle ones that would be too many."""
    alive = []
    for path in place.folder.glob("*.sock"):
        connection = _try(path)
        if connection is None:
            _remove(path)
        else:
            connection.close()
            alive += [path] if path.name.startswith(SHARED) else []
    alive.sort(key=lambda path: path.stat().st_mtime)
    for path in alive[: max(0, len(alive) + 1 - _MOST_SHARED)]:
        connection = _try(path)
        if connection is not None:
            with closing(connection), suppress(OSError):
                send(connection, {"kind": "end"})


def _remove(path: Path) -> None:
    """Remove the socket of a dead server, and its log."""
    path.unlink(missing_ok=True)
    path.with_suffix(".log").unlink(missing_ok=True)


def _last_lines(log: Path) -> str:
    """Return the end of what a server printed."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    return " / ".join(lines[-_LINES_OF_LOG:]) or "it said nothing"
