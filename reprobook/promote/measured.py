"""The metrics of a run for people: where several places logged one name, each value with where it comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from reprobook.promote.logged import Logged

_MARKS = str.maketrans("", "", "`\\")  # a label is no Markdown


@dataclass(frozen=True)
class Measured:
    """One metric.

    Attributes:
        name: Its name.
        value: Its last value there.
        place: Where it was logged, in Markdown; empty if that is not known.
        count: How many values it had there.
        shared: Whether other places logged the same name.
        index: Which of the values of its name it is; -1, the last, where nothing tells.
        early: Whether it was logged before the training began: of data, or of another model.
    """

    name: str
    value: float
    place: str = ""
    count: int = 1
    shared: bool = False
    index: int = -1
    early: bool = False

    @property
    def label(self) -> str:
        """The name, with the place where it takes that to tell it from others."""
        place = self.place.translate(_MARKS)
        return f"{self.name} ({place})" if self.shared and place else self.name

    @property
    def origin(self) -> str:
        """Where the value comes from."""
        return f"{self.place}, the last of {self.count}" if self.place and self.count > 1 else self.place


def measured(
    logged: Sequence[Logged], metrics: Mapping[str, float], place: Callable[[int], str], early: Collection[int] = ()
) -> list[Measured]:
    """Return the metrics; ``place`` names a code cell, ``metrics`` are all that is known where ``logged`` is empty.

    ``early`` are the cells before the training.
    """
    if not logged:
        return [Measured(name, value) for name, value in metrics.items()]
    places = Counter(each.name for each in logged)
    values = Counter[str]()
    found: list[Measured] = []
    for each in logged:
        values[each.name] += each.count
        found.append(
            Measured(
                each.name,
                each.value,
                place=place(each.cell) if each.cell is not None else "",
                count=each.count,
                shared=places[each.name] > 1,
                index=values[each.name] - 1,
                early=each.cell in early,
            )
        )
    return found
