"""What is written to file descriptors 1 and 2, by C code and by other processes, read back as ipykernel does."""

from __future__ import annotations

import codecs
import os
import select
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

DESCRIPTORS = {"stdout": 1, "stderr": 2}
_CHUNK = 1 << 16


class DescriptorTap:
    """Puts pipes in the place of both descriptors until ``close``.

    A thread reads them, so that nobody who writes is ever held up; ``drain`` reads what is there now, so that text
    comes before what is written after it.

    Args:
        take: Called with the name of the stream and text, under no promise as to the thread.

    Attributes:
        original: Copies of what the descriptors were.
    """

    def __init__(self, take: Callable[[str, str], None]) -> None:
        self._take = take
        self._lock = threading.RLock()
        _flush_python()
        self.original = {name: os.dup(descriptor) for name, descriptor in DESCRIPTORS.items()}
        self._ends = {name: _pipe_into(descriptor) for name, descriptor in DESCRIPTORS.items()}
        self._decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in DESCRIPTORS}
        self._stop_reading, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._watch, name="reprobook-output", daemon=True)
        self._thread.start()

    def drain(self) -> None:
        """Take what was written so far."""
        with self._lock:
            for name, end in self._ends.items():
                for data in _readable(end):
                    self._take(name, self._decoders[name].decode(data))

    def close(self) -> None:
        """Put the descriptors back."""
        _flush_python()
        for name, descriptor in DESCRIPTORS.items():
            os.dup2(self.original[name], descriptor)
        os.write(self._stop, b"\0")
        self._thread.join()
        self.drain()
        for end in (*self._ends.values(), *self.original.values(), self._stop, self._stop_reading):
            os.close(end)

    def _watch(self) -> None:
        """Take what comes, until the end."""
        poll = select.poll()
        for end in (*self._ends.values(), self._stop_reading):
            poll.register(end, select.POLLIN)
        while not any(ready == self._stop_reading for ready, _ in poll.poll()):
            self.drain()


def _pipe_into(descriptor: int) -> int:
    """Let a descriptor write into a pipe, and return its other end."""
    end, entrance = os.pipe()
    os.dup2(entrance, descriptor)
    os.close(entrance)
    os.set_blocking(end, False)
    return end


def _readable(end: int) -> Iterator[bytes]:
    """Yield what can be read without waiting."""
    while True:
        try:
            data = os.read(end, _CHUNK)
        except BlockingIOError:
            return
        if not data:
            return
        yield data


def _flush_python() -> None:
    """Write out what Python's own streams on the descriptors still hold."""
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None and not stream.closed:
            stream.flush()


@contextmanager
def tapped_descriptors(take: Callable[[str, str], None]) -> Iterator[DescriptorTap]:
    """Tap the descriptors for a while."""
    tap = DescriptorTap(take)
    try:
        yield tap
    finally:
        tap.close()
