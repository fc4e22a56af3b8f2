"""What code that has a value in hand can come to: objects and memory that it may change, names that it may use.

Two names are connected where what they reach has something in common: an array and a view of it, a model and its
optimizer, a function and the list that it closes over. A cell that uses one of them may have changed the other.
"""

from __future__ import annotations

from bisect import bisect
from typing import NamedTuple


class Reach(NamedTuple):
    """What a value can come to.

    Attributes:
        objects: Ids of objects that can change.
        memory: Address ranges of array elements: the first byte, and the one past the last.
        names: Names of the notebook's namespace that code found on the way refers to.
    """

    objects: frozenset[int] = frozenset()
    memory: frozenset[tuple[int, int]] = frozenset()
    names: frozenset[str] = frozenset()


NOWHERE = Reach()


class Touched:
    """What a cell may have changed: all that the names it used come to."""

    def __init__(self) -> None:
        self._objects: set[int] = set()
        self._memory: set[tuple[int, int]] = set()
        self._sorted: list[tuple[int, int]] = []

    def add(self, reach: Reach) -> None:
        """Take in what one value comes to."""
        self._objects |= reach.objects
        self._memory |= reach.memory

    def meets(self, reach: Reach) -> bool:
        """Tell whether a value comes to any of it."""
        if not self._objects.isdisjoint(reach.objects) or not self._memory.isdisjoint(reach.memory):
            return True
        if not (self._memory and reach.memory):
            return False
        if len(self._sorted) != len(self._memory):
            self._sorted = sorted(self._memory)
        return any(self._overlaps(start, stop) for start, stop in reach.memory)

    def _overlaps(self, start: int, stop: int) -> bool:
        """Tell whether any range overlaps one; allocations do not overlap partly, so the nearest ones are enough."""
        place = bisect(self._sorted, (start, stop))
        near = self._sorted[max(0, place - 1) : place + 1]
        return any(first < stop and start < last for first, last in near)
