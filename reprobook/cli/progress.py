"""What a run is doing, on standard error: one live line on a terminal, elsewhere its beginning and its end.

Who reads the progress of a process of ours (the panel in JupyterLab) sets ``REPROBOOK_PROGRESS=lines``: a line a cell.
"""

from __future__ import annotations

import os
import sys
import threading
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from reprobook.cli.messages import plain
from reprobook.execute import RunEvent

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

PROGRESS = "REPROBOOK_PROGRESS"


class Progress:
    """Shows the events of runs; a context manager, so that the line is cleared however the run ends."""

    def __init__(self) -> None:
        self._console: Console | None = None
        self._line: Status | None = None
        self._run = ""
        self._cell = ""
        self._metrics = ""
        self._every = os.environ.get(PROGRESS) == "lines"

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415 - takes a while to import

            self._console = Console(stderr=True, markup=False, highlight=False, emoji=False)
            self._line = self._console.status("starting")
            self._line.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._line:
            self._line.stop()

    def __call__(self, event: RunEvent) -> None:
        """Show one event."""
        if event.kind == "started":
            self._run, self._metrics = event.text, ""
            threading.Thread(target=_import_what_shows, daemon=True).start()
        elif event.kind == "cell":
            self._cell = f"run {self._run}: cell {event.cell} of {event.total}"
        elif event.kind == "metric":
            self._metrics = event.text
        if self._line is None and not self._every and event.kind in {"cell", "metric"}:
            return
        text = plain(self._text(event))
        if self._line and event.kind not in {"note", "ended"}:
            self._line.update(text)
        elif self._console:
            self._console.print(text)
        else:
            click.echo(text, err=True)

    def _text(self, event: RunEvent) -> str:
        """Say what happened."""
        match event.kind:
            case "started":
                return f"run {event.text}: starting a kernel for {event.total} cells"
            case "cell" | "metric":
                return f"{self._cell}  {self._metrics}".rstrip()
            case "ended":
                return f"run {self._run}: {event.text}"
            case _:
                return event.text


def _import_what_shows() -> None:
    """Import what reads and shows a run that has ended, while it goes on."""
    for name in ("reprobook.cli.render_run", "reprobook.runs.store"):
        import_module(name)
    from reprobook.runs import RunRecord  # noqa: PLC0415 - see above

    RunRecord.model_rebuild()
