"""The metrics of a run as they are written: ``metrics.jsonl``, read as it grows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple


class Logged(NamedTuple):
    """One value of a metric; not finite ones are floats too. ``time`` in seconds since the epoch, 0 if unknown."""

    name: str
    value: float
    step: int | None
    time: float = 0.0


class MetricTail:
    """Reads what was appended since the last look; a line that is not whole yet waits for the next."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def new(self) -> list[Logged]:
        """Return the new values, in order; none while there is no file."""
        try:
            if self._path.stat().st_size <= self._offset:
                return []
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [found for line in whole.splitlines() if (found := logged(line)) is not None]


def logged(line: bytes) -> Logged | None:
    """Read a line of ``metrics.jsonl``; None if it is no metric: another program may have written to the file."""
    try:
        data = json.loads(line)
        step = data.get("step")
        return Logged(
            str(data["name"]), float(data["value"]), None if step is None else int(step), float(data.get("time", 0))
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
