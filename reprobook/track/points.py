"""The metrics of a run as they are written: ``metrics.jsonl``, read as it grows."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from reprobook.track.model import Point


class Points:
    """Reads the values that were added since the last time; a line that is not whole yet waits for the next.

    A value without a step counts as the next one of its metric: every tracker draws curves over steps.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._counts: Counter[str] = Counter()

    def read(self) -> list[Point]:
        """Return the new values, in order."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [point for line in whole.splitlines() if (point := self._point(line)) is not None]

    def _point(self, line: bytes) -> Point | None:
        """Read a line; another program may have written to the file."""
        try:
            entry = json.loads(line)
            name, value, step = str(entry["name"]), float(entry["value"]), entry.get("step")
            step = self._counts[name] if step is None else int(step)
            time = float(entry.get("time", 0))
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            return None
        self._counts[name] += 1
        return Point(name, value, step, time)
