"""What a job has logged: its metrics, line by line, and how a resumed job takes them over."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reprobook.errors import IntegrityError
from reprobook.execute.printed import MetricNames, MetricReader
from reprobook.execute.sinklog import SinkLog
from reprobook.runs import JsonLines
from reprobook.runs.model import json_number
from reprobook.trace import Sink

ARTIFACTS = "artifacts"
METRICS = "metrics.jsonl"


class JobMetrics:
    """The metrics of a job: ``metrics.jsonl`` in its output folder, and the last value of each.

    Attributes:
        names: What those are called that the script shows.
        last: The last value of each, by name.
        lines: What was written.
    """

    def __init__(self, out: Path, names: MetricNames) -> None:
        self.names = names
        path = out / METRICS
        path.unlink(missing_ok=True)
        self.last: dict[str, int | float | str] = {}
        self.lines: list[dict[str, Any]] = []
        self._file = JsonLines(path, durable=False)

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Append one value."""
        # An integer stays one: a count of 3 is not 3.0.
        number = int(value) if isinstance(value, int) else json_number(float(value))
        self.append({"name": name, "value": number, "step": step})

    def append(self, line: dict[str, Any]) -> None:
        """Append one line."""
        self.last[line["name"]] = line["value"]
        self.lines.append(line)
        self._file.append(line)

    def close(self) -> None:
        """Make what was written durable."""
        self._file.close()


class JobProgress:
    """What a job logged so far, for its checkpoints."""

    def __init__(self, folder: Path, metrics: JobMetrics, sinks: SinkLog) -> None:
        self._artifacts = folder / ARTIFACTS
        self._metrics = metrics
        self._sinks = sinks

    def captured(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "metrics": self._metrics.lines,
            "sinks": [sink.model_dump(mode="json") for sink in self._sinks.chain.sinks],
            "printed": sys.stdout.line if isinstance(sys.stdout, MetricReader) else "",
            "artifacts": sorted(path.name for path in self._artifacts.glob("*")),
        }

    def go_on_from(self, before: Mapping[str, Any]) -> None:
        """Log what an earlier process had logged by then.

        Raises:
            IntegrityError: If this process logged something else so far, or an artifact is gone.
        """
        sinks = tuple(Sink.model_validate(sink) for sink in before["sinks"])
        known = self._sinks.chain.sinks
        if known != sinks[: len(known)]:
            msg = "what stands before the loop gave other results than when the checkpoint was written"
            raise IntegrityError(msg, hint="Its data or libraries changed: start from the beginning, without --resume.")
        gone = [name for name in before["artifacts"] if not (self._artifacts / name).exists()]
        if gone:
            msg = f"{self._artifacts / gone[0]}: an earlier pass saved it, and it is gone"
            raise IntegrityError(msg, hint="Put it back, or start from the beginning, without --resume.")
        self._sinks.chain.extend(sinks[len(known) :])
        for line in before["metrics"][len(self._metrics.lines) :]:
            self._metrics.append(line)
        if isinstance(sys.stdout, MetricReader):
            sys.stdout.line = before["printed"]
