"""The journal of a run, line by line as cells end, and the trace that it is sealed into."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

from pydantic import ValidationError

from reprobook.errors import IntegrityError
from reprobook.runs import JsonLines, RunFolder
from reprobook.runs.files import RESTORE, naming, read_bytes, write_atomic
from reprobook.trace import CellTrace, Sink, ThreadError, Trace, open_trace, trace_bytes
from reprobook.trace.sinks import counted, result_digest


class Journal:
    """Appends cells and sinks to ``trace.jsonl``: what is written survives the death of the kernel."""

    def __init__(self, run: RunFolder) -> None:
        # Not durable a line: an fsync a cell costs more than most cells; a power loss costs the run anyway.
        self._lines = JsonLines(run.trace_journal, durable=False)
        self._lock = Lock()  # a thread that ends says so itself
        self._closed = False

    def cell(self, cell: CellTrace) -> None:
        """Append a cell that ended."""
        with self._lock:
            self._lines.append({"cell": cell.model_dump(mode="json")})

    def sink(self, sink: Sink, value: float | None) -> None:
        """Append a sink; the value is kept of shown metrics, which no other file has."""
        line = {"sink": sink.model_dump(mode="json")}
        with self._lock:
            self._lines.append(line if sink.explicit else {**line, "value": repr(value)})

    def thread_error(self, error: ThreadError) -> None:
        """Append what ended a thread, as long as the run goes on."""
        with self._lock:
            if not self._closed:
                self._lines.append({"thread": error.model_dump(mode="json")})

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._closed = True
            self._lines.close(durable=False)  # the trace takes its place, and is durable


def cells_done(run: RunFolder) -> int:
    """Return how many cells have ended so far in a run that goes on."""
    try:
        # The beginning of the lines that `Journal.cell` writes; a trace has megabytes, so it is not parsed.
        return sum(line.startswith(b'{"cell":') for line in run.trace_journal.read_bytes().split(b"\n"))
    except OSError:
        return 0


def seal_trace(run: RunFolder) -> Trace:
    """Turn the journal into ``trace.json``; where only shown metrics count, write them to ``metrics.jsonl``."""
    lines = JsonLines(run.trace_journal).read().records
    trace = _trace(lines, run.place(run.trace_journal))
    if not any(sink.explicit for sink in trace.sinks):
        names = {sink.name for sink in trace.sinks}
        for line in lines:
            if "value" in line and line["sink"]["name"] in names:
                run.log_metric(line["sink"]["name"], float(line["value"]), line["sink"]["step"])
    write_atomic(run.trace, trace_bytes(trace), entry=False)
    with naming("remove", run.trace_journal):
        run.trace_journal.unlink(missing_ok=True)
    return trace


def trace_of(run: RunFolder) -> Trace:
    """Return the evidence of a run: its trace, or what its journal holds while it goes on or after it was killed.

    Raises:
        IntegrityError: If it is missing or damaged.
    """
    if run.trace.exists() or not run.trace_journal.exists():
        return read_trace(run)
    return _trace(JsonLines(run.trace_journal).read().records, run.place(run.trace_journal))


def _trace(lines: Sequence[dict[str, Any]], place: str) -> Trace:
    """Put the lines of a journal together.

    Raises:
        IntegrityError: If a whole line is not what a recorder wrote.
    """
    try:
        sinks = tuple(Sink.model_validate(line["sink"]) for line in lines if "sink" in line)
        cells = tuple(CellTrace.model_validate(line["cell"]) for line in lines if "cell" in line)
        threads = tuple(ThreadError.model_validate(line["thread"]) for line in lines if "thread" in line)
    except ValidationError as error:
        msg = f"{place}: not the journal that was written"
        raise IntegrityError(msg, hint=RESTORE) from error
    return Trace(cells=cells, sinks=counted(sinks), result_digest=result_digest(sinks), thread_errors=threads)


def read_trace(run: RunFolder) -> Trace:
    """Return the sealed trace of a run.

    Raises:
        IntegrityError: If it is missing or no trace.
    """
    place = run.place(run.trace)
    if not run.trace.exists():
        msg = f"{place}: the run has no trace"
        raise IntegrityError(msg, hint="It was killed before it could be sealed; run the notebook again.")
    return open_trace(read_bytes(run.trace, place), place)
