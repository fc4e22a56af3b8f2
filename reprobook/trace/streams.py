"""Listen to what is written to a stream, without replacing it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

_ABSENT = object()


class StreamTap:
    """Keeps the text written to a stream between ``start`` and ``stop``.

    The stream stays the object it is, since kernels and loggers hold on to it: only its ``write`` is shadowed by an
    attribute of the instance, as IPython itself does.

    What C code writes to file descriptor 1 is left out: ipykernel's own thread copies that into the stream at
    moments of its choosing, so it would differ from run to run.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._chunks: list[str] = []
        self._shadowed: object = _ABSENT
        self._shadow: Callable[..., Any] | None = None
        self.muted = False

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._chunks)

    def start(self) -> None:
        """Begin to listen; a stream that cannot be listened to is left alone."""
        original = self._stream.write
        chunks = self._chunks

        def write(text: str, *args: Any) -> Any:
            if type(text) is str and not self.muted and not self._from_descriptor():
                chunks.append(text)
            return original(text, *args)

        self._shadowed = getattr(self._stream, "__dict__", {}).get("write", _ABSENT)
        try:
            self._stream.write = write
        except (AttributeError, TypeError):
            return
        self._shadow = write

    def stop(self) -> None:
        """Stop listening; if the user has put a ``write`` of his own there meanwhile, it stays."""
        if self._shadow is None or getattr(self._stream, "__dict__", {}).get("write") is not self._shadow:
            return
        if self._shadowed is _ABSENT:
            del self._stream.write
        else:
            self._stream.write = self._shadowed
        self._shadow = None

    def _from_descriptor(self) -> bool:
        """Tell whether ipykernel's watcher of the file descriptor writes."""
        watcher = getattr(self._stream, "watch_fd_thread", None)
        return watcher is not None and threading.current_thread() is watcher
