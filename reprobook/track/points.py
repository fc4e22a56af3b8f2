"""The metrics of a run as trackers want them: every value has a step."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from reprobook.runs.metric_tail import Logged, MetricTail
from reprobook.track.model import Point


class Points:
    """Reads the values that were added since the last time.

    A value without a step counts as the next one of its metric: every tracker draws curves over steps.
    """

    def __init__(self, path: Path) -> None:
        self._tail = MetricTail(path)
        self._counts: Counter[str] = Counter()

    def read(self) -> list[Point]:
        """Return the new values, in order."""
        return [self._point(each) for each in self._tail.new()]

    def _point(self, logged: Logged) -> Point:
        """Give a value its place on the curve."""
        step = self._counts[logged.name] if logged.step is None else logged.step
        self._counts[logged.name] += 1
        return Point(logged.name, logged.value, step, logged.time)
