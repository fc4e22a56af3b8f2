"""``sys.stdout`` and ``sys.stderr`` of a notebook."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from os import getpid
from time import monotonic
from typing import Any

from ipykernel.iostream import OutStream

from reprobook.execute.inline.descriptors import DESCRIPTORS, DescriptorTap, tapped_descriptors
from reprobook.execute.inline.outputs import NotebookOutputs
from reprobook.execute.inline.wire import Wire

# ipykernel sends what was written after this time at the latest.
_FLUSH_SECONDS = 0.2


class StreamText:
    """Text of both streams that waits to become output of the cell."""

    def __init__(self, outputs: NotebookOutputs) -> None:
        self._outputs = outputs
        self._waiting: dict[str, list[str]] = {name: [] for name in DESCRIPTORS}
        self._since: float | None = None
        self._lock = threading.RLock()

    def write(self, name: str, text: str) -> None:
        """Take text."""
        with self._lock:
            now = monotonic()
            if self._since is not None and now - self._since > _FLUSH_SECONDS:
                self.flush(*self._waiting)
            self._since = self._since or now
            self._waiting[name].append(text)

    def flush(self, *names: str) -> None:
        """Let the text of these streams become output."""
        with self._lock:
            for name in names:
                if text := "".join(self._waiting[name]):
                    self._outputs.take("stream", {"name": name, "text": _sendable(text)})
                self._waiting[name].clear()
            if not any(self._waiting.values()):
                self._since = None


class CellStream(OutStream):  # type: ignore[misc]  # ipykernel is not followed
    """A stream of the notebook, in the place of ipykernel's: without a socket, a thread or an event loop.

    Args:
        name: ``stdout`` or ``stderr``.
        text: Where text goes.
        tap: Taps the descriptors.
        wire: Knows which cell runs.
    """

    def __init__(self, name: str, text: StreamText, tap: DescriptorTap, wire: Wire) -> None:
        self.name = name
        self.session = wire
        # What ipykernel's own methods look at: not closed, no echo, no terminal.
        self.pub_thread = self
        self.echo = None
        self._isatty = False
        self._parent_header: ContextVar[dict[str, Any]] = ContextVar("parent_header")
        self._parent_header_global: dict[str, Any] = {}
        self._local = threading.local()
        self._text = text
        self._tap = tap
        self._owner = getpid()

    def write(self, string: str) -> int:
        """Write text; in a forked child, into the pipe that its parent reads."""
        if not isinstance(string, str):
            msg = f"write() argument must be str, not {type(string)}"
            raise TypeError(msg)
        if getpid() != self._owner:
            _write_all(DESCRIPTORS[self.name], string.encode(errors="replace"))
        elif self.session.is_current(self.parent_header):
            self._tap.drain()
            self._text.write(self.name, string)
        return len(string)

    def flush(self) -> None:
        """Let what was written become output."""
        if getpid() == self._owner:
            self._tap.drain()
            self._text.flush(self.name)

    def fileno(self) -> int:
        """Return a descriptor that is not the notebook's, as ipykernel does: what was standard error before."""
        return self._tap.original["stderr"]

    def close(self) -> None:
        """Stay open: the stream is the process's."""


# Values are told apart by the name of their type; for the notebook this is ipykernel's own.
CellStream.__module__, CellStream.__qualname__, CellStream.__name__ = (
    OutStream.__module__,
    OutStream.__qualname__,
    OutStream.__name__,
)


@contextmanager
def notebook_streams(outputs: NotebookOutputs, wire: Wire) -> Iterator[tuple[CellStream, CellStream]]:
    """Give the notebook the streams of this process."""
    text = StreamText(outputs)
    before = sys.stdout, sys.stderr
    with tapped_descriptors(text.write) as tap:
        out, error = (CellStream(name, text, tap, wire) for name in DESCRIPTORS)
        sys.stdout, sys.stderr = out, error
        try:
            yield out, error
        finally:
            sys.stdout, sys.stderr = before


def _write_all(descriptor: int, data: bytes) -> None:
    """Write to the end."""
    while data:
        data = data[os.write(descriptor, data) :]


def _sendable(text: str) -> str:
    """Return text as it arrives at a client: lone surrogates are no characters."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
