"""A promoted script as it runs: ``with rb.job(out, config=..., seed=...)`` keeps what it logs, and its digest."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from typing import Any

from reprobook.execute.active import activate, active_sinks, deactivate
from reprobook.execute.section_values import kept_values
from reprobook.execute.sinklog import SinkLog
from reprobook.runs import JsonLines, NewRun
from reprobook.runs.files import write_atomic
from reprobook.runs.model import json_number
from reprobook.trace import Sink, scalar_metrics, shown_metrics

RESULT = "result.json"


class JobMetrics:
    """The metrics of a job: ``metrics.jsonl`` in its output folder, and the last value of each."""

    def __init__(self, out: Path) -> None:
        path = out / "metrics.jsonl"
        path.unlink(missing_ok=True)
        self.last: dict[str, int | float | str] = {}
        self._lines = JsonLines(path, durable=False)

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Append one value."""
        # An integer stays one: a count of 3 is not 3.0.
        self.last[name] = int(value) if isinstance(value, int) else json_number(float(value))
        self._lines.append({"name": name, "value": self.last[name], "step": step})

    def close(self) -> None:
        """Make what was written durable."""
        self._lines.close()


class MetricReader:
    """A text stream that passes everything on, and reads metrics from the lines that go by."""

    def __init__(self, stream: Any, sinks: SinkLog) -> None:
        self._stream = stream
        self._sinks = sinks
        self._line = ""
        self.muted = False

    def write(self, text: str) -> int:
        """Pass text on; lines that are complete are read."""
        if not self.muted:
            *lines, self._line = (self._line + text).split("\n")
            self._read("\n".join(lines))
        return int(self._stream.write(text))

    def end_line(self) -> None:
        """Read what stands in a line that was not ended."""
        rest, self._line = self._line, ""
        self._read(rest)

    def _read(self, text: str) -> None:
        for name, value in shown_metrics(text):
            self._sinks.shown(name, value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def job(
    out: Path | str,
    *,
    config: Mapping[str, Any],
    seed: int | None = None,
    device: str = "auto",
    printed_metrics: bool = False,
) -> Iterator[None]:
    """Keep what a script logs: ``metrics.jsonl``, ``artifacts/`` and, at the end, ``result.json`` in ``out``.

    ``device`` is what ``rb.device()`` gives. With ``printed_metrics``, values that the script shows count as metrics,
    for notebooks that log nothing.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULT).unlink(missing_ok=True)
    metrics = JobMetrics(folder)

    def keep_shown(sink: Sink, value: float | None) -> None:
        if not sink.explicit and value is not None:
            metrics.log_metric(sink.name, value)

    sinks = SinkLog(metrics, lambda: _artifacts(folder), on_sink=keep_shown)
    activate(sinks, device)
    try:
        with kept_values(folder), _reading(sinks) if printed_metrics else nullcontext():
            yield
    finally:
        deactivate(sinks)
        metrics.close()
    result = {
        "result_digest": sinks.chain.result_digest(),
        "metrics": metrics.last,
        "parameters": NewRun(parameters=dict(config)).model_dump(mode="json")["parameters"],
        "seed": seed,
    }
    write_atomic(folder / RESULT, json.dumps(result, indent=1, allow_nan=False).encode() + b"\n")


@contextmanager
def _reading(sinks: SinkLog) -> Iterator[None]:
    """Read metrics from what is printed."""
    reader = MetricReader(sys.stdout, sinks)
    with redirect_stdout(reader):
        yield
    reader.end_line()


def show(expression: str, value: Any) -> None:
    """Print a value as a notebook shows its last expression; numbers in it are metrics of the job."""
    reader = sys.stdout if isinstance(sys.stdout, MetricReader) else None
    if reader is not None:
        reader.end_line()
        reader.muted = True
    try:
        print(value)  # noqa: T201 - a script's output
    finally:
        if reader is not None:
            reader.muted = False
    if sinks := active_sinks():
        for name, number in scalar_metrics(expression, value):
            sinks.shown(name, number)


def _artifacts(folder: Path) -> Path:
    """Return the folder of a job's artifacts, made if need be."""
    artifacts = folder / "artifacts"
    artifacts.mkdir(exist_ok=True)
    return artifacts
