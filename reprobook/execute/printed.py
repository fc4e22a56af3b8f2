"""Metrics that a job prints: read from its standard output as it goes by."""

from __future__ import annotations

from typing import Any

from reprobook.execute.sinklog import SinkLog
from reprobook.trace import shown_metrics


class MetricReader:
    """A text stream that passes everything on, and reads metrics from the lines that go by.

    Attributes:
        line: What stands in a line that is not ended yet.
        muted: Whether what goes by is not read.
    """

    def __init__(self, stream: Any, sinks: SinkLog) -> None:
        self._stream = stream
        self._sinks = sinks
        self.line = ""
        self.muted = False

    def write(self, text: str) -> int:
        """Pass text on; lines that are complete are read."""
        if not self.muted:
            *lines, self.line = (self.line + text).split("\n")
            self._read("\n".join(lines))
        return int(self._stream.write(text))

    def end_line(self) -> None:
        """Read what stands in a line that was not ended."""
        rest, self.line = self.line, ""
        self._read(rest)

    def _read(self, text: str) -> None:
        for name, value in shown_metrics(text):
            self._sinks.shown(name, value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
