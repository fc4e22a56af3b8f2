"""Metrics that a job prints: read from its standard output as it goes by."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import CodeType
from typing import Any

from reprobook.execute.sinklog import SinkLog
from reprobook.trace import shown_metrics


class MetricNames:
    """What the metrics of a job are called: in its files, where two sections may show one name for two things.

    The name is what it is for the section, a function that ``main`` calls, which shows it first; for another one, its
    name follows in parentheses, as in ``Test Acc. (reload_model)``.

    Args:
        main: The code that calls the sections.
        in_notebook: What the notebook calls metrics that are logged under a name of the script's own.
    """

    def __init__(self, main: CodeType, in_notebook: Mapping[str, str]) -> None:
        self.in_notebook = in_notebook
        self._main = main
        self._section = ""
        self._first: dict[str, str] = {}

    def note(self) -> None:
        """Note which section shows something now; what another thread shows counts for the last one."""
        frame = sys._getframe(1)  # noqa: SLF001 - the one way to ask who calls
        while (caller := frame.f_back) is not None:
            if caller.f_code is self._main:
                inside = frame.f_code.co_filename == self._main.co_filename
                self._section = frame.f_code.co_name if inside else ""
                return
            frame = caller

    def name(self, metric: str) -> str:
        """Return what a metric is called that is shown now."""
        first = self._first.setdefault(metric, self._section)
        return metric if self._section in {"", first} else f"{metric} ({self._section})"


class MetricReader:
    """A text stream that passes everything on, and reads metrics from the lines that go by.

    Args:
        stream: Takes what is passed on.
        sinks: Take the metrics.
        names: Are told of every text, to know where it comes from.

    Attributes:
        line: What stands in a line that is not ended yet.
        muted: Whether what goes by is not read.
    """

    def __init__(self, stream: Any, sinks: SinkLog, names: MetricNames) -> None:
        self._stream = stream
        self._sinks = sinks
        self._names = names
        self.line = ""
        self.muted = False

    def write(self, text: str) -> int:
        """Pass text on; lines that are complete are read."""
        self._names.note()
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
