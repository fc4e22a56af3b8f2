"""What a run is doing, on standard error: one live line on a terminal, one line a cell elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status

from reprobook.cli.messages import plain
from reprobook.execute import RunEvent


class Progress:
    """Shows the events of runs; a context manager, so that the line is cleared however the run ends."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, markup=False, highlight=False, emoji=False, quiet=quiet)
        self._line: Status | None = None
        self._run = ""
        self._cell = ""
        self._metrics = ""

    def __enter__(self) -> Self:
        if self._console.is_terminal:
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
        elif event.kind == "cell":
            self._cell = f"run {self._run}: cell {event.cell} of {event.total}"
        elif event.kind == "metric":
            self._metrics = event.text
        text = plain(self._text(event))
        if self._line and event.kind not in {"note", "ended"}:
            self._line.update(text)
        else:
            self._console.print(text)

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
