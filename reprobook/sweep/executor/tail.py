"""The metrics of a run that another process writes, as they come."""

from __future__ import annotations

import json
from typing import NamedTuple

from reprobook.runs import RunFolder


class Logged(NamedTuple):
    """One value of a metric; not finite ones are floats too."""

    name: str
    value: float
    step: int | None


class MetricTail:
    """Reads what was appended to ``metrics.jsonl`` since the last look, whole lines only."""

    def __init__(self, run: RunFolder) -> None:
        self._path = run.metrics
        self._offset = 0

    def new(self) -> list[Logged]:
        """Return the new values, in order."""
        try:
            if self._path.stat().st_size <= self._offset:
                return []
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return []  # the run has logged nothing yet
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [found for line in whole.splitlines() if (found := logged(line)) is not None]


def logged(line: bytes) -> Logged | None:
    """Read a line of ``metrics.jsonl``; None if it is no metric: another program may have written to the file."""
    try:
        data = json.loads(line)
        step = data.get("step")
        return Logged(str(data["name"]), float(data["value"]), None if step is None else int(step))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
